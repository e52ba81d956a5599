"""The command line: what each command prints and where, and the exit status it ends with."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import foedera
from foedera import release
from foedera.cli import main

BOOKS = "SELECT ?b { ?b a :Book } ORDER BY ?b"
CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?o ?p }"

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs the program in an empty folder, with an environment that sets nothing."""
    for name in [name for name in os.environ if name.startswith("FOEDERA_")]:
        monkeypatch.delenv(name)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run(*arguments: object, **environment: str) -> Result:
        return CliRunner().invoke(
            main, [str(one) for one in arguments], env=environment, catch_exceptions=False
        )

    return run


def program(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "foedera", *map(str, arguments)]


def start(*arguments: object, cwd: Path | None = None) -> subprocess.Popen[str]:
    """The program as a process of its own, with pipes."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FOEDERA_")}
    return subprocess.Popen(
        program(*arguments),
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def children(process: int) -> list[int]:
    """The processes below one, at any depth."""
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [below for child in map(int, found) for below in (child, *children(child))]


def lives(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def until(true: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait for something to come true; whether it did."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return true()


# The whole


def test_the_version_is_told(run: Run) -> None:
    assert foedera.__version__ in run("--version").stdout


def test_the_exit_status_is_explained(run: Run) -> None:
    told = " ".join(run("--help").stdout.split())
    assert "0 done, or conforms; 1 does not conform, or failed; 2 wrong use" in told
    assert "3 could not be checked" in told


@pytest.mark.parametrize(
    "command",
    [name if name != "releases" else "releases use" for name in main.commands] + ["releases"],
)
def test_every_command_explains_itself(run: Run, command: str) -> None:
    """Wherever it is asked: no publication is needed for that."""
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: main {command}")


def test_what_is_no_command_is_told(run: Run) -> None:
    result = run("pubish")
    assert result.exit_code == 2
    assert "pubish" in result.stderr


@pytest.mark.parametrize("command", ["serve", "check", "publish"])
def test_a_folder_that_is_not_there_is_told_in_two_lines(run: Run, command: str) -> None:
    result = run(command, "nowhere")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "foedera: There is no folder nowhere",
        "'foedera new FOLDER' makes one to start from.",
    ]


def test_a_folder_that_is_no_publication_is_told(run: Run, tmp_path: Path) -> None:
    result = run("check", tmp_path)
    assert result.exit_code == 2
    assert "has no folder data/" in result.stderr


def test_without_a_folder_the_present_one_is_meant(
    run: Run, books: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(books)
    assert "conforms" in run("check").stderr


def test_settings_come_from_the_environment_and_from_options_before_it(
    run: Run, books: Path, tmp_path: Path
) -> None:
    run("publish", books, FOEDERA_STATE=str(tmp_path / "environment"))
    assert release.current(tmp_path / "environment")
    option = ("--state", tmp_path / "option")
    run("publish", books, *option, FOEDERA_STATE=str(tmp_path / "other"))
    assert release.current(tmp_path / "option")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("FOEDERA_KEEPS", "5", "no such setting"), ("FOEDERA_KEEP", "many", "'many', which is no")],
)
def test_a_setting_that_is_none_is_told(
    run: Run, books: Path, name: str, value: str, words: str
) -> None:
    result = run("publish", books, **{name: value})
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 2


# new


def test_new_makes_a_publication_that_conforms_and_is_published(run: Run) -> None:
    made = run("new", "shelf")
    assert made.exit_code == 0
    assert made.stdout.splitlines()[0] == "shelf/ontology/core.ttl"
    assert all(Path(line).is_file() for line in made.stdout.splitlines())
    assert "foedera serve shelf" in made.stderr
    assert run("check", "shelf").exit_code == 0
    assert run("publish", "shelf").exit_code == 0


def test_new_overwrites_nothing(run: Run, books: Path) -> None:
    before = {path: path.read_bytes() for path in books.rglob("*.ttl")}
    result = run("new", books)
    assert result.exit_code == 2
    assert "already" in result.stderr
    assert {path: path.read_bytes() for path in books.rglob("*.ttl")} == before


# check


def test_check_tells_what_conforms(run: Run, books: Path) -> None:
    result = run("check", books)
    assert result.exit_code == 0
    assert result.stdout == ""
    last = result.stderr.splitlines()[-1]
    assert last.endswith(
        f"{books} conforms: 4 files, 49 triples, 3 shapes; 0 violations, 0 warnings, 0 infos"
    )
    assert not (books / ".foedera").exists()


def test_check_prints_findings_where_a_program_reads_them(run: Run, books: Path) -> None:
    (books / "data" / "x.ttl").write_text("<urn:x> a <https://example.org/ns#Book> .\n")
    result = run("check", books)
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 2
    for line in result.stdout.splitlines():
        assert re.match(r"data/x\.ttl:1:1: violation: A book needs .*\(<urn:x> <.*>\)$", line)
    assert "does not conform" in result.stderr


def test_a_person_at_a_terminal_sees_the_step_under_way(books: Path) -> None:
    """Without the time of day, which a log has, and on a line that counts the seconds."""
    person, terminal = os.openpty()
    process = subprocess.Popen(program("check", books), stdout=terminal, stderr=terminal)
    os.close(terminal)
    assert process.wait(timeout=30) == 0
    told = os.read(person, 10_000).decode()
    os.close(person)
    assert told.startswith("\rchecking 4 files")
    assert f"\n{books} conforms: " in told


def test_check_that_finds_only_warnings_conforms(run: Run, books: Path) -> None:
    shapes = books / "shapes" / "book.ttl"
    shapes.write_text(shapes.read_text().replace("minCount 1", "minCount 9 ; sh:severity sh:Info"))
    result = run("check", books)
    assert result.exit_code == 0
    assert ": info: " in result.stdout


def test_check_that_cannot_be_done_is_neither(run: Run, books: Path) -> None:
    (books / "shapes" / "x.rq").write_text("SELECT oops")
    result = run("check", books)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr.splitlines()[-2].startswith("foedera: shapes/x.rq: line 1, column 8: oops")


def test_check_says_what_it_could_not_look_at(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.nt").write_text("<urn:a> <urn:b> <urn:c> .\n")
    result = run("check", tmp_path)
    assert result.exit_code == 0
    assert "there is no ontology" in result.stderr
    assert "there are no shapes" in result.stderr


# publish and releases


def test_publish_prints_the_release_and_logs_each_step_with_the_time(run: Run, books: Path) -> None:
    result = run("publish", books)
    found = release.current(books / ".foedera")
    assert found is not None
    assert result.exit_code == 0
    assert result.stdout == f"{found.id} 51 triples\n"
    steps = result.stderr.splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d \w", step) for step in steps)
    assert [step.split()[1] for step in steps] == [
        "checking",
        "inferring",
        "loading",
        "built",
        "release",
    ]


def test_publish_of_what_has_not_changed_builds_nothing(run: Run, books: Path) -> None:
    first = run("publish", books)
    again = run("publish", books)
    assert again.stdout == first.stdout
    assert "built" not in again.stderr


def test_publish_of_what_does_not_conform_says_why_and_leaves_the_old_release(
    run: Run, books: Path
) -> None:
    run("publish", books)
    before = release.current(books / ".foedera")
    (books / "data" / "books.ttl").write_text("<urn:x>\n  a oops .\n")
    result = run("publish", books)
    assert result.exit_code == 1
    assert result.stdout == ""
    finding, *said = result.stderr.splitlines()[-3:]
    assert finding.startswith("data/books.ttl:2:5: violation: A word alone means nothing: write ")
    assert said == [
        "foedera: 1 thing must be mended before this is published",
        "Nothing was published; what was published before stays.",
    ]
    assert release.current(books / ".foedera") == before


def test_releases_are_listed_and_made_current_again(run: Run, books: Path) -> None:
    assert "nothing has been published" in run("releases", "--folder", books).stderr
    old = run("publish", books).stdout.split()[0]
    (books / "data" / "x.ttl").write_text("<urn:a> <urn:b> <urn:c> .\n")
    new = run("publish", books).stdout.split()[0]
    listed = run("releases", "--folder", books)
    assert listed.exit_code == 0
    lines = {line[2:].split()[0]: line for line in listed.stdout.splitlines()}
    assert set(lines) == {old, new}
    assert lines[new].startswith("* ")
    assert lines[old].startswith("  ")
    assert re.search(r" \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ +51 triples$", lines[old])
    used = run("releases", "--folder", books, "use", old[:6])
    assert (used.exit_code, used.stdout) == (0, f"{old} is current\n")
    found = release.current(books / ".foedera")
    assert found is not None
    assert found.id == old


def test_a_release_that_is_not_kept_cannot_be_used(run: Run, books: Path) -> None:
    kept = run("publish", books).stdout.split()[0]
    result = run("releases", "--folder", books, "use", "zzz")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "foedera: No release of this publication begins with 'zzz'",
        f"Kept are: {kept}",
    ]


# query


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The books, published."""
    folder = tmp_path_factory.mktemp("cli") / "books"
    CliRunner().invoke(main, ["new", str(folder)])
    CliRunner().invoke(main, ["publish", str(folder)])
    return folder


def test_a_query_is_answered_in_csv(run: Run, shelf: Path) -> None:
    result = run("query", "--folder", shelf, BOOKS)
    assert result.exit_code == 0
    assert result.stdout_bytes == (
        b"b\r\nhttps://example.org/id/book/kokoro\r\nhttps://example.org/id/book/the-leopard\r\n"
    )


def test_a_graph_is_answered_in_turtle(run: Run, shelf: Path) -> None:
    result = run("query", "--folder", shelf, "CONSTRUCT WHERE { ?b :writtenBy ?a }")
    assert "book:kokoro :writtenBy person:natsume-soseki ." in result.stdout


def test_a_query_sees_what_was_inferred(run: Run, shelf: Path) -> None:
    assert run("query", "--folder", shelf, "ASK { ?a :wrote ?b }").stdout == "true"


def test_a_folder_that_is_not_published_yet_is_published_first(run: Run, books: Path) -> None:
    result = run("query", "--folder", books, BOOKS)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 3
    assert "built release" in result.stderr


def test_a_query_comes_from_a_file_or_from_standard_input(run: Run, shelf: Path) -> None:
    expected = run("query", "--folder", shelf, BOOKS).stdout
    Path("books.rq").write_text(f"# 本\n{BOOKS}\n", encoding="utf-8")
    assert run("query", "--folder", shelf, "@books.rq").stdout == expected
    read = CliRunner().invoke(main, ["query", "--folder", str(shelf), "-"], input=BOOKS)
    assert read.stdout == expected


@pytest.mark.parametrize("given", ["@nowhere.rq", "@latin.rq"])
def test_a_file_that_holds_no_text_is_told(run: Run, shelf: Path, given: str) -> None:
    Path("latin.rq").write_bytes("ASK { ?s ?p 'é' }".encode("latin-1"))
    result = run("query", "--folder", shelf, given)
    assert result.exit_code == 2
    assert given[1:] in result.stderr


@pytest.mark.parametrize(
    ("fmt", "query", "begins"),
    [
        ("csv", BOOKS, "b\r\n"),
        ("tsv", BOOKS, "?b\n<https://"),
        ("json", BOOKS, '{"head":{"vars":["b"]}'),
        ("xml", BOOKS, '<?xml version="1.0"?><sparql'),
        ("ttl", "DESCRIBE book:kokoro", "@prefix"),
        ("nt", "DESCRIBE book:kokoro", "<https://example.org/id/book/kokoro>"),
        ("rdf", "DESCRIBE book:kokoro", "<?xml"),
        ("jsonld", "DESCRIBE book:kokoro", '[{"@id"'),
        ("text/turtle", "DESCRIBE book:kokoro", "@prefix"),
    ],
)
def test_an_answer_comes_in_the_format_named(
    run: Run, shelf: Path, fmt: str, query: str, begins: str
) -> None:
    result = run("query", "--folder", shelf, "--format", fmt, query)
    assert result.exit_code == 0
    assert result.stdout_bytes.decode().startswith(begins)


@pytest.mark.parametrize(
    ("fmt", "query", "words"),
    [
        ("docx", BOOKS, "no format 'docx'"),
        ("ttl", BOOKS, "can be json, xml, csv, tsv, not ttl"),
        ("csv", "DESCRIBE book:kokoro", "can be ttl, nt, rdf, trig, nq, jsonld, not csv"),
    ],
)
def test_a_format_that_cannot_be_is_told(
    run: Run, shelf: Path, fmt: str, query: str, words: str
) -> None:
    result = run("query", "--folder", shelf, "--format", fmt, query)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in " ".join(result.stderr.split())


def test_a_broken_query_is_told_with_line_and_column(run: Run, shelf: Path) -> None:
    result = run("query", "--folder", shelf, "SELECT ?b {\n  ?b a oops }")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "foedera: line 2, column 8: oops is not expected here",
        "See the SPARQL 1.1 Query Language.",
    ]


def test_a_query_that_is_refused_is_told(run: Run, shelf: Path) -> None:
    result = run("query", "--folder", shelf, "SELECT * { SERVICE <urn:x> { ?s ?p ?o } }")
    assert result.exit_code == 1
    assert "SERVICE is refused" in result.stderr


def test_a_query_past_its_time_ends(run: Run, shelf: Path) -> None:
    result = run("query", "--folder", shelf, "--query-seconds", "0.3", CROSS)
    assert result.exit_code == 1
    assert "longer than 0.3 seconds" in result.stderr


def test_a_reader_that_leaves_is_no_error_to_talk_about(shelf: Path) -> None:
    """As in `foedera query ... | head -1`."""
    process = start("query", "--folder", shelf, "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    assert process.stdout is not None
    assert process.stdout.readline() == "a,b,c,d,e,f,g,h,i\n"
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=10) == 1


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this system has no /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_query_that_is_stopped_leaves_nothing_behind(shelf: Path, number: signal.Signals) -> None:
    process = start("query", "--folder", shelf, "--query-seconds", "60", CROSS)
    assert until(lambda: len(children(process.pid)) == 2)  # the nursery and its worker
    below = children(process.pid)
    process.send_signal(number)
    _, said = process.communicate(timeout=10)
    assert "Traceback" not in said
    assert until(lambda: not any(map(lives, below)))


# query --at


@pytest.fixture(scope="module")
def endpoint(shelf: Path) -> Iterator[str]:
    """The address of a SPARQL endpoint that is served for the occasion, by the program itself."""
    process = start("serve", shelf, "--port", "0", "--fronts", "1")
    assert process.stdout is not None
    found = re.search(r"http://\S+/", process.stdout.readline())
    assert found, process.communicate(timeout=10)[1]
    yield f"{found[0]}sparql"
    process.terminate()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said


def test_serve_answers_at_the_address_that_it_prints(run: Run, shelf: Path, endpoint: str) -> None:
    here = run("query", "--folder", shelf, BOOKS)
    there = run("query", "--at", endpoint, BOOKS)
    assert there.exit_code == 0
    assert there.stdout_bytes == here.stdout_bytes


@pytest.mark.parametrize(
    ("fmt", "query"),
    [("json", BOOKS), ("", "CONSTRUCT WHERE { ?b :writtenBy ?a }"), ("nt", "DESCRIBE book:kokoro")],
)
def test_an_endpoint_answers_in_the_format_named(
    run: Run, shelf: Path, endpoint: str, fmt: str, query: str
) -> None:
    here = run("query", "--folder", shelf, "--format", fmt, query)
    there = run("query", "--at", endpoint, "--format", fmt, query)
    assert there.exit_code == 0
    assert there.stdout_bytes == here.stdout_bytes


def test_a_long_query_reaches_an_endpoint(run: Run, endpoint: str) -> None:
    """In an address it would take half a megabyte."""
    query = BOOKS + "\n# " + "本" * 60_000
    assert len(run("query", "--at", endpoint, query).stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("query", "fmt", "status", "words"),
    [
        ("SELECT ?b {\n  ?b a oops }", "", 1, "line 2, column 8: oops"),
        ("oops", "", 1, "line 1, column 1: oops"),
        (BOOKS, "ttl", 2, "not ttl"),
        (BOOKS, "docx", 2, "no format 'docx'"),
    ],
)
def test_what_an_endpoint_does_not_answer_is_told(
    run: Run, endpoint: str, query: str, fmt: str, status: int, words: str
) -> None:
    result = run("query", "--at", endpoint, "--format", fmt, query)
    assert result.exit_code == status
    assert result.stdout == ""
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("address", "status"), [("http://127.0.0.1:9/sparql", 1), ("file:///etc/hostname", 2)]
)
def test_an_endpoint_that_is_none_is_told(run: Run, address: str, status: int) -> None:
    result = run("query", "--at", address, BOOKS)
    assert result.exit_code == status
    assert address in result.stderr


# Publications from elsewhere


FOREIGN = {
    "several hosts": {
        "data/x.nt": "<http://a.example/x/1> <urn:p> 'a' .\n<http://b.example/y> <urn:p> 'b' .\n"
        "<http://a.example/x/2> <urn:p> 'c' .\n".replace("'", '"'),
    },
    "urn only": {"data/x.ttl": "<urn:a> <urn:p> <urn:b> ."},
    "unnamed only": {"data/x.ttl": "[] <urn:p> [] ."},
    "no triples": {"data/x.ttl": ""},
    "RDF-XML": {
        "data/x.rdf": '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:d="http://purl.org/dc/terms/"><r:Description r:about="http://a.example/1">'
        "<d:title>x</d:title></r:Description></r:RDF>",
    },
    "JSON-LD": {"data/x.jsonld": json.dumps({"@id": "http://a.example/1", "urn:p": "x"})},
    "Japanese": {
        "data/漱石/こころ.ttl": "<https://本.example/こころ> <https://本.example/著者> 'x'@ja .",
    },
}
"""Folders with nothing but data, that say nothing of themselves."""


@pytest.mark.parametrize("name", FOREIGN)
def test_a_folder_with_only_data_is_checked_published_and_queried(
    run: Run, tmp_path: Path, name: str
) -> None:
    root = tmp_path / name
    for path, text in FOREIGN[name].items():
        (root / path).parent.mkdir(parents=True)
        (root / path).write_text(text, encoding="utf-8")
    checked = run("check", root)
    assert (checked.exit_code, checked.stdout) == (0, "")
    assert "no ontology" in checked.stderr
    assert "no shapes" in checked.stderr
    published = run("publish", root)
    assert published.exit_code == 0
    count = run("query", "--folder", root, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    triples = count.stdout.splitlines()[1]
    assert published.stdout.endswith(f" {triples} triples\n")
    found = release.current(root / ".foedera")
    assert found is not None
    assert found.manifest["publication"]["titles"] == {"": name}
    assert found.manifest["inferences"] == 0
