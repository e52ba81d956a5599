"""A release is whole or not there: what is built, what stays, what a kill or a full disk leaves."""

from __future__ import annotations

import fcntl
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from conftest import Publish
from foedera import folder, release, starter, terms
from foedera.errors import CouldNotCheck, NotAPublication

BASE = "https://example.org/"
VERSION = ox.NamedNode(terms.OWL + "versionInfo")

BROKEN = "book:silence a :Book .\n"
"""A book without a name and without an author, at the end of data/books.ttl."""

KILLS = 50


def version(books: Path, number: int) -> None:
    """Change the books: the data says which version it is."""
    (books / "data" / "version.ttl").write_text(
        f'<{BASE}id/dataset/books> <{VERSION.value}> "{number}" .\n', encoding="utf-8"
    )


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def content(found: release.Release | None) -> set[ox.Quad]:
    """All quads of a release, in which store, dump and manifest agree."""
    assert found is not None
    store = ox.Store.read_only(str(found.path / "store"))
    quads = list(store)
    dump = list(ox.parse(path=str(found.path / "dump.nq"), format=ox.RdfFormat.N_QUADS))
    assert Counter(quads) == Counter(dump)
    assert found.quads == len(store) == len(set(quads))
    return set(quads)


def versions(found: release.Release | None) -> set[str]:
    """The versions that a release says it is."""
    return {quad.object.value for quad in content(found) if quad.predicate == VERSION}


def triples(quads: set[ox.Quad], graph: ox.NamedNode | ox.DefaultGraph) -> set[ox.Triple]:
    return {quad.triple for quad in quads if quad.graph_name == graph}


def names(state: Path) -> set[str]:
    """What stands in the state folder."""
    return {path.name for path in state.iterdir()}


@pytest.fixture
def said(books: Path, state: Path) -> Callable[[], list[str]]:
    """Publishes the books, and gives what is said meanwhile."""

    def said() -> list[str]:
        lines: list[str] = []
        release.publish(books, state, 5, lines.append)
        return lines

    return said


# What is built


def test_the_same_folder_gives_the_same_release_wherever_it_is(
    books: Path, tmp_path: Path, published: release.Release
) -> None:
    shutil.copytree(books, tmp_path / "copy")
    again = release.publish(tmp_path / "copy", tmp_path / "other", 5, lambda _: None)
    assert again.id == published.id
    assert content(again) == content(published)


def test_a_second_publish_builds_nothing(said: Callable[[], list[str]], state: Path) -> None:
    said()
    before = {path: path.stat().st_mtime_ns for path in (state / "releases").rglob("*")}
    assert said() == []
    assert {path: path.stat().st_mtime_ns for path in (state / "releases").rglob("*")} == before


def test_a_changed_byte_gives_another_release(
    published: release.Release, publish: Publish, books: Path, state: Path
) -> None:
    append(books / "data" / "books.ttl", "#")
    changed = publish()
    assert changed.id != published.id
    assert release.current(state) == changed


def test_the_manifest_and_the_numbers_count_what_the_store_holds(
    published: release.Release,
) -> None:
    quads = content(published)
    union = triples(quads, ox.DefaultGraph())
    numbers = json.loads((published.path / "numbers.json").read_text(encoding="utf-8"))
    assert published.triples == numbers["triples"] == len(union)
    assert numbers["subjects"] == len({triple.subject for triple in union})
    assert numbers["properties"] == Counter(triple.predicate.value for triple in union)
    assert numbers["classes"] == Counter(
        triple.object.value for triple in union if triple.predicate.value == terms.TYPE
    )


def test_every_file_is_a_named_graph_and_the_default_graph_holds_each_triple_once(
    publish: Publish, books: Path
) -> None:
    """The same triple in two files, and twice in one of them."""
    title = "book:kokoro rdfs:label 'Kokoro'@en .\n"
    prefixes = (books / "data" / "books.ttl").read_text(encoding="utf-8").partition("book:the")[0]
    (books / "data" / "again.ttl").write_text(prefixes + title + title, encoding="utf-8")
    published = publish()
    quads = content(published)
    graphs = {ox.NamedNode(row["graph"]): row for row in published.manifest["files"]}
    assert {row["path"] for row in graphs.values()} == {
        "data/again.ttl",
        "data/books.ttl",
        "data/dataset.ttl",
        "ontology/core.ttl",
        "shapes/book.ttl",
    }
    inferred = ox.NamedNode(published.manifest["inferred"])
    assert {quad.graph_name for quad in quads} == {*graphs, inferred, ox.DefaultGraph()}
    for graph, row in graphs.items():
        assert row["triples"] == len(triples(quads, graph)), row["path"]
    named = {quad.triple for quad in quads if quad.graph_name != ox.DefaultGraph()}
    assert triples(quads, ox.DefaultGraph()) == named


def test_what_is_inferred_stands_in_a_graph_of_its_own(published: release.Release) -> None:
    quads = content(published)
    inferred = triples(quads, ox.NamedNode(published.manifest["inferred"]))
    said = {
        triple
        for row in published.manifest["files"]
        for triple in triples(quads, ox.NamedNode(row["graph"]))
    }
    wrote = ox.Triple(
        ox.NamedNode(f"{BASE}id/person/natsume-soseki"),
        ox.NamedNode(f"{BASE}ns#wrote"),
        ox.NamedNode(f"{BASE}id/book/kokoro"),
    )
    assert wrote in inferred
    assert inferred & said == set()
    assert published.manifest["inferences"] == len(inferred)


def test_the_report_and_the_documents_are_kept_with_the_release(
    published: release.Release,
) -> None:
    report = json.loads((published.path / "report.json").read_text(encoding="utf-8"))
    assert (report["conforms"], report["files"], report["findings"]) == (True, 4, [])
    documents = json.loads((published.path / "documents.json").read_text(encoding="utf-8"))
    assert documents == {
        f"{BASE}ns": [f"{BASE}ns#{name}" for name in ("Book", "Author", "writtenBy", "wrote")]
    }


# What is not published


def test_what_breaks_a_shape_is_not_published_and_the_old_release_stays(
    published: release.Release, publish: Publish, books: Path, state: Path
) -> None:
    append(books / "data" / "books.ttl", BROKEN)
    line = (books / "data" / "books.ttl").read_text(encoding="utf-8").count("\n")
    with pytest.raises(release.Findings) as stopped:
        publish()
    findings = stopped.value.report.findings
    assert {finding.place() for finding in findings} == {f"data/books.ttl:{line}:1"}
    assert release.current(state) == published
    problem = release.problem(state)
    assert problem is not None
    assert problem["findings"] == [str(finding) for finding in findings]
    assert release.listed(state) == [published]


def test_what_does_not_parse_is_not_published_and_the_old_release_stays(
    published: release.Release, publish: Publish, books: Path, state: Path
) -> None:
    append(books / "data" / "books.ttl", "book:silence a ;\n")
    line = (books / "data" / "books.ttl").read_text(encoding="utf-8").count("\n")
    with pytest.raises(release.Findings) as stopped:
        publish()
    (finding,) = stopped.value.report.findings
    assert (finding.kind, finding.file, finding.line) == ("syntax", "data/books.ttl", line)
    assert finding.column > 0
    assert release.current(state) == published
    problem = release.problem(state)
    assert problem is not None
    assert problem["findings"] == [str(finding)]


def test_what_cannot_be_checked_is_not_published_and_the_problem_is_noted(
    published: release.Release, publish: Publish, books: Path, state: Path
) -> None:
    (books / "shapes" / "hygiene.rq").write_text("SELECT nothing", encoding="utf-8")
    with pytest.raises(CouldNotCheck) as stopped:
        publish()
    assert release.current(state) == published
    problem = release.problem(state)
    assert problem is not None
    assert problem["detail"] == stopped.value.detail


def test_a_folder_that_went_away_is_noted_without_its_place_on_this_machine(
    published: release.Release, publish: Publish, books: Path, state: Path
) -> None:
    shutil.rmtree(books / "data")
    with pytest.raises(NotAPublication):
        publish()
    assert release.current(state) == published
    problem = release.problem(state)
    assert problem is not None
    assert str(books) not in json.dumps(problem)


def test_a_problem_is_over_with_the_next_publish_even_of_what_was_built_before(
    published: release.Release, publish: Publish, books: Path, state: Path
) -> None:
    good = (books / "data" / "books.ttl").read_text(encoding="utf-8")
    append(books / "data" / "books.ttl", BROKEN)
    with pytest.raises(release.Findings):
        publish()
    (books / "data" / "books.ttl").write_text(good, encoding="utf-8")
    assert publish() == published
    assert release.problem(state) is None


def test_nothing_is_made_for_a_folder_that_is_no_publication(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotAPublication, match="has no folder data/"):
        release.publish(tmp_path / "empty", tmp_path / "empty" / ".foedera", 5, print)
    assert names(tmp_path / "empty") == set()


# What is kept


@pytest.fixture
def plain(books: Path) -> Path:
    """The books without shapes, which take most of the time of a publish."""
    shutil.rmtree(books / "shapes")
    return books


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with three releases of the books, versions 0, 1 and 2."""
    books, state = (tmp_path_factory.mktemp("history") / name for name in ("books", "state"))
    starter.new(books)
    shutil.rmtree(books / "shapes")
    for number in range(3):
        version(books, number)
        release.publish(books, state, 5, lambda _: None)
    return state


@pytest.fixture
def three(history: Path, plain: Path, state: Path) -> list[release.Release]:
    """The same three releases, oldest first, for a folder that is at version 2."""
    shutil.copytree(history, state, symlinks=True)
    version(plain, 2)
    return release.listed(state)[::-1]


def test_the_releases_kept_are_listed_newest_first(
    three: list[release.Release], state: Path
) -> None:
    assert [versions(one) for one in release.listed(state)] == [{"2"}, {"1"}, {"0"}]
    assert release.current(state) == three[2]


def test_the_oldest_releases_go(
    three: list[release.Release], plain: Path, publish: Publish, state: Path
) -> None:
    version(plain, 3)
    fourth = publish(keep=3)
    assert release.listed(state) == [fourth, three[2], three[1]]
    version(plain, 4)
    fifth = publish(keep=1)
    assert release.listed(state) == [fifth]
    assert release.current(state) == fifth


def test_the_current_release_stays_though_it_is_the_oldest(
    three: list[release.Release], plain: Path, publish: Publish, state: Path
) -> None:
    version(plain, 0)
    assert publish(keep=2) == three[0]
    assert release.current(state) == three[0]
    assert release.listed(state) == [three[2], three[0]]


def test_a_release_in_use_is_not_pruned_before_it_is_left(
    three: list[release.Release], plain: Path, publish: Publish, state: Path
) -> None:
    handle = os.open(three[0].path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    assert publish(keep=1) == three[2]
    assert release.listed(state) == [three[2], three[0]]
    os.close(handle)
    assert publish(keep=1) == three[2]
    assert release.listed(state) == [three[2]]


def test_a_release_can_be_made_current_again_by_the_beginning_of_its_name(
    three: list[release.Release], state: Path
) -> None:
    assert release.use(state, three[0].id[:10]) == three[0]
    assert release.current(state) == three[0]


@pytest.mark.parametrize("wanted", ["nothing", ""])
def test_a_beginning_that_no_release_has_is_told(
    published: release.Release, state: Path, wanted: str
) -> None:
    with pytest.raises(NotAPublication) as stopped:
        release.use(state, wanted)
    assert repr(wanted) in stopped.value.detail
    assert published.id in stopped.value.hint
    assert release.current(state) == published


def test_a_beginning_that_two_releases_have_is_told(
    published: release.Release, state: Path
) -> None:
    shutil.copytree(published.path, published.path.with_name(published.id[:8] + "00000000"))
    with pytest.raises(NotAPublication, match=r"2 releases .* begin with"):
        release.use(state, published.id[:8])
    assert release.current(state) == published


def test_a_rollback_holds_across_a_restart_while_the_folder_does_not_change(
    three: list[release.Release], plain: Path, publish: Publish, state: Path
) -> None:
    release.use(state, three[0].id, folder.read(plain))
    assert publish(again=True) == three[0]
    assert release.current(state) == three[0]


def test_a_rollback_ends_at_a_restart_when_the_folder_has_changed(
    three: list[release.Release], plain: Path, publish: Publish, state: Path
) -> None:
    release.use(state, three[0].id, folder.read(plain))
    version(plain, 3)
    fresh = publish(again=True)
    assert versions(release.current(state)) == {"3"}
    assert release.current(state) == fresh


def test_a_publish_ends_a_rollback_for_good(
    three: list[release.Release], plain: Path, publish: Publish, state: Path
) -> None:
    release.use(state, three[0].id, folder.read(plain))
    assert publish() == three[2]
    assert publish(again=True) == three[2]
    assert release.current(state) == three[2]


# What goes wrong


@pytest.mark.parametrize("piece", ["manifest.json", "store", "dump.nq"])
def test_a_release_that_is_not_whole_is_built_again(
    plain: Path, publish: Publish, state: Path, piece: str
) -> None:
    published = publish()
    damaged = published.path / piece
    shutil.rmtree(damaged) if damaged.is_dir() else damaged.unlink()
    assert release.current(state) is None
    assert publish().id == published.id
    assert content(release.current(state)) != set()


def test_a_manifest_cut_short_makes_a_release_be_built_again(
    plain: Path, publish: Publish, state: Path
) -> None:
    published = publish()
    manifest = published.path / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-20])
    assert publish().id == published.id
    assert content(release.current(state)) != set()


def test_what_killed_publishers_left_is_removed(plain: Path, publish: Publish, state: Path) -> None:
    publish()
    (state / "building-0123-abc" / "store").mkdir(parents=True)
    (state / "trash-0123-7" / "store").mkdir(parents=True)
    (state / "releases" / "0123").mkdir()
    (state / "current.7").symlink_to("releases/0123")
    (state / "held.json.7").touch()
    publish()
    assert names(state) == {"current", "lock", "releases"}
    assert len(list((state / "releases").iterdir())) == 1


def test_a_state_folder_that_cannot_be_made_is_told_in_words(books: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotAPublication, match="Releases cannot be written to") as stopped:
        release.publish(books, tmp_path / "file" / "state", 5, lambda _: None)
    assert "--state" in stopped.value.hint


def publish_in_a_process(books: Path, state: Path, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "foedera", "publish", str(books), "--state", str(state)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )


def test_a_full_disk_is_told_in_words_and_leaves_the_old_release_and_no_litter(
    plain: Path, publish: Publish, state: Path
) -> None:
    """Writing a file fails at its 20th kilobyte, as on a disk that is full."""
    old = publish()
    version(plain, 1)

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    process = publish_in_a_process(plain, state, preexec_fn=fill)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2, errors
    assert "Traceback" not in errors
    assert f"Releases cannot be written to {state}" in errors
    assert release.current(state) == old
    assert names(state) == {"current", "lock", "problem.json", "releases"}
    publish()
    assert versions(release.current(state)) == {"1"}


def test_one_publisher_builds_while_another_waits_and_finds_it_built(
    plain: Path, state: Path
) -> None:
    """And each publishes the folder as it is when its turn comes."""
    state.mkdir()
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        processes = [publish_in_a_process(plain, state) for _ in range(2)]
        for process in processes:
            assert process.stderr is not None
            assert "waiting for another publish" in process.stderr.readline()
        version(plain, 7)
    ended = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert "".join(errors for _, errors in ended).count("built release") == 1
    assert len({output for output, _ in ended}) == 1
    assert versions(release.current(state)) == {"7"}


def test_a_release_is_on_the_disk_before_it_has_its_name_and_its_name_before_it_is_current(
    plain: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut there is what was synced, and perhaps any of what was not."""
    happened: list[tuple[str, int | str]] = []
    fsync, rename, replace = os.fsync, os.rename, os.replace

    def noted_fsync(handle: int) -> None:
        happened.append(("synced", os.fstat(handle).st_ino))
        fsync(handle)

    def noted(move: Callable[[str, str], None]) -> Callable[[str, str], None]:
        def noted_move(source: str, target: str) -> None:
            happened.append(("named", os.path.basename(target)))
            move(source, target)

        return noted_move

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "rename", noted(rename))
    monkeypatch.setattr(os, "replace", noted(replace))
    published = release.publish(plain, state, 5, lambda _: None)
    named = happened.index(("named", published.id))
    current = happened.index(("named", "current"))
    parts = [published.path, *published.path.rglob("*")]
    assert len(parts) > 10
    for part in parts:
        assert ("synced", part.stat().st_ino) in happened[:named], part
    assert ("synced", published.path.parent.stat().st_ino) in happened[named:current]
    assert ("synced", state.stat().st_ino) in happened[current:]


# A kill at any moment


class Publishers:
    """Publishes in processes that can be killed, forked from one that has everything loaded."""

    _PROGRAM = """
import os, sys
from pathlib import Path
import owlrl, pyshacl, rdflib, reasonable
from foedera import bridge, release

books, state = map(Path, sys.argv[1:])
child = 0
for _ in sys.stdin:
    if child:
        os.waitpid(child, 0)
    child = os.fork()
    if not child:
        print(os.getpid(), flush=True)
        release.publish(books, state, 2, lambda text: print(text, flush=True))
        print("done", flush=True)
        os._exit(0)
"""

    def __init__(self, books: Path, state: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", self._PROGRAM, str(books), str(state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._child = 0

    def start(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        line = ""
        while not line.strip().isdigit():  # what the one before it, killed, had still to say
            line = self._line()
        self._child = int(line)

    def lines(self) -> Iterator[str]:
        """What the publisher says until it is done."""
        line = ""
        while line != "done\n":
            line = self._line()
            yield line

    def kill(self) -> None:
        os.kill(self._child, 9)

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the publisher ended"
        return line

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def publishers(books: Path, state: Path) -> Iterator[Publishers]:
    found = Publishers(books, state)
    yield found
    found.close()


def test_a_kill_at_any_moment_of_a_publish_leaves_one_whole_release(
    publishers: Publishers, books: Path, state: Path
) -> None:
    """Each kill falls at a random moment of one of the steps that a publish tells of, in turn:
    the swap takes far less time than the check, and would hardly be hit otherwise."""
    version(books, 0)
    publishers.start()
    steps: list[tuple[str, float]] = []
    before = time.monotonic()
    for line in publishers.lines():
        now = time.monotonic()
        steps.append((line.split()[0], now - before))
        before = now
    assert [step for step, _ in steps] == [
        *("checking", "inferring", "loading", "built", "release", "done")
    ]
    spans = [("", steps[0][1]), *((steps[n][0], steps[n + 1][1]) for n in range(len(steps) - 1))]
    chance = random.Random(1)
    good, torn = "0", 0
    for number in range(1, KILLS + 1):
        version(books, number)
        step, span = spans[number % len(spans)]
        publishers.start()
        if step:
            next(line for line in publishers.lines() if line.split()[0] == step)
        time.sleep(chance.uniform(0, span))
        publishers.kill()
        found = versions(release.current(state))
        assert found in ({good}, {str(number)}), (step, span)
        torn += found == {good}
        (good,) = found
        if number % 10 == 0:
            publishers.start()
            assert list(publishers.lines())[-1] == "done\n"
            assert versions(release.current(state)) == {str(number)}
            good = str(number)
    assert 10 < torn < KILLS, "the kills fall before the swap, and after it"
    assert names(state) == {"current", "lock", "releases"}
    assert len(release.listed(state)) == 2
