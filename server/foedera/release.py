"""Folder, checked, inferred, loaded, swapped in one step; kept, listed, rolled back.

A release is a directory that never changes. It is built beside the others, synced to disk, and
renamed into place whole; publishing is the atomic replacement of one symbolic link. So at every
moment, a power cut's included, the link names one whole release.

    STATE/current              -> releases/ID
    STATE/releases/ID/store/   the Oxigraph store
                     /dump.nq  the same quads as text
                     /manifest.json, report.json, numbers.json, documents.json, mentioned.json
                     /rules/    what contributions are judged by
    STATE/held.json            a rollback that a restart must not undo
    STATE/problem.json         why the last attempt published nothing
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyoxigraph as ox

import foedera
from foedera import check, folder, infer, patch, terms
from foedera.check import rules
from foedera.errors import Conflict, DoesNotConform, FoederaError, NotAPublication, NotKept
from foedera.settings import Settings
from foedera.stores.embedded import dumped

LAYOUT = 7
"""Raised when a release is built differently, so that old ones are not taken for new."""

MANY = 200
"""Of what has more triples, or is led to by more, these are counted by property."""

_PIECES = ("store", "dump.nq", "manifest.json", "report.json", "numbers.json", "documents.json")
"""What a release consists of; one that lacks a piece is none."""

Say = Callable[[str], None]

Carry = Callable[[Path, Sequence[Path], Say], None]
"""Brings the release in a directory to an engine elsewhere, which may hold one of others now."""


def carry(settings: Settings) -> Carry | None:
    """What brings a release to the engine that is to hold it; None where it stays here.

    Raises NotAPublication where the address of the engine is none.
    """
    if not settings.store:
        return None
    from foedera.stores import endpoint, load  # and with it a client that few need

    return functools.partial(load.load, endpoint.of(settings))


@dataclass(frozen=True)
class Release:
    """One published state of a folder."""

    path: Path
    manifest: dict[str, Any]

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def created(self) -> str:
        """When it was built, as xsd:dateTime."""
        return str(self.manifest["created"])

    @property
    def rules(self) -> rules.Rules:
        """What contributions to it are judged by. Raises OSError: older releases have none."""
        return rules.kept(self.path / "rules")

    @property
    def quads(self) -> int:
        return int(self.manifest["quads"])

    @property
    def triples(self) -> int:
        return int(self.manifest["triples"])


class Findings(DoesNotConform):
    """Publishing stopped: the report says why."""

    def __init__(self, report: check.Report) -> None:
        count = report.count("violation")
        super().__init__(
            f"{count} thing{'s' if count > 1 else ''} must be mended before this is published",
            "Nothing was published; what was published before stays.",
        )
        self.report = report


def identifier(source: folder.Folder) -> str:
    """The name that a folder's release has: a fingerprint of its files and of this program."""
    text = f"{LAYOUT}\0{foedera.__version__}\0{source.fingerprint}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def current(state: Path) -> Release | None:
    """The release that is published now, or None."""
    try:
        target = os.readlink(state / "current")
    except OSError:
        return None
    return read(state / target)


def mark(state: Path) -> tuple[str, int] | None:
    """What changes when another release becomes current, or the same one is built anew.

    Two looks at the disk, and nothing read: for those who watch.
    """
    try:
        target = os.readlink(state / "current")
        return target, (state / target / "manifest.json").stat().st_mtime_ns
    except OSError:
        return None


def read(path: Path) -> Release | None:
    """The release in a directory, or None where there is none, or less than a whole one."""
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = all((path / piece).exists() for piece in _PIECES)
    return Release(path, manifest) if whole and isinstance(manifest, dict) else None


def listed(state: Path) -> list[Release]:
    """All releases kept, newest first."""
    found = [read(path) for path in (state / "releases").glob("*")]
    return sorted((one for one in found if one), key=lambda one: one.created, reverse=True)


def use(
    state: Path, wanted: str, source: folder.Folder | None = None, carry: Carry | None = None
) -> Release:
    """Make a kept release current again (its identifier, or a beginning that only it has).

    The state of the folder is noted, so that a restart does not publish it over the rollback.
    ``carry`` brings it before that to where it is served from.
    Raises NotAPublication when no kept release, or more than one, is meant.
    """
    with _locked(state, lambda _: None):
        fitting = [one for one in listed(state) if one.id.startswith(wanted)]
        if len(fitting) != 1 or not wanted:
            have = ", ".join(one.id for one in listed(state)) or "none"
            raise NotAPublication(
                f"{len(fitting) or 'No'} release{'s' if len(fitting) > 1 else ''} of this "
                f"publication begin{'s' if len(fitting) < 2 else ''} with {wanted!r}",
                f"Kept are: {have}",
            )
        chosen = fitting[0]
        _carried(chosen, state, carry, lambda _: None)
        with _writing(state):
            if source is not None and identifier(source) != chosen.id:
                held = {"release": chosen.id, "folder": identifier(source)}
                _write(state / "held.json", held)
            else:
                (state / "held.json").unlink(missing_ok=True)
            _point(state, chosen.id)
        return chosen


def problem(state: Path) -> dict[str, Any] | None:
    """Why the last attempt published nothing, or None when it did."""
    try:
        found: dict[str, Any] = json.loads((state / "problem.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def publish(
    root: Path,
    state: Path,
    keep: int,
    say: Say,
    again: bool = False,
    carry: Carry | None = None,
) -> Release:
    """Make the folder's present state the current release, building it if it is not there.

    ``again`` is what a start-up says: leave a rollback alone while the folder has not changed.
    ``carry`` brings the release to where it is served from, before it becomes current.
    Raises NotAPublication, CouldNotCheck, or Findings; the old release then stays, and `problem`
    tells why.
    """
    if not os.path.exists(state):
        folder.read(root)  # raises here, before anything is made beside what is no publication
    with _locked(state, say):
        try:
            return _publish(folder.read(root), state, keep, say, again, carry)
        except FoederaError as stopped:
            with contextlib.suppress(OSError):
                _write(state / "problem.json", _told(stopped))
            raise


def _publish(
    source: folder.Folder,
    state: Path,
    keep: int,
    say: Say,
    again: bool,
    carry: Carry | None = None,
) -> Release:
    name = identifier(source)
    present = current(state)
    if again and present and _held(state) == {"release": present.id, "folder": name}:
        say(f"keeping release {present.id}, to which this publication was rolled back")
        _carried(present, state, carry, say)
        return present
    _tidy(state)
    built = state / "releases" / name
    if read(built) is None:
        _build(source, state, name, say)
    return _show(state, keep, name, say, carry)


def _carried(what: Release, state: Path, carry: Carry | None, say: Say) -> None:
    if carry:
        carry(what.path, [one.path for one in listed(state)], say)


def _show(state: Path, keep: int, name: str, say: Say, carry: Carry | None = None) -> Release:
    """Make a release that is built the current one."""
    found, present = read(state / "releases" / name), current(state)
    assert found is not None
    _carried(found, state, carry, say)
    with _writing(state):
        (state / "held.json").unlink(missing_ok=True)
        (state / "problem.json").unlink(missing_ok=True)
        if present is None or present.id != name:
            _point(state, name)
            say(f"release {name} is current")
    _prune(state, keep, name)
    return found


@dataclass(frozen=True)
class Draft:
    """What a folder is to have more: a file, or a directory of files that belong together.

    ``path`` is where in the folder it goes. ``files`` are its contents by their names below that;
    that of a file by the name "".
    """

    path: str
    files: Mapping[str, bytes]

    def at(self, place: Path) -> Iterator[folder.File]:
        """The files that it becomes, as long as it is elsewhere."""
        for name, content in self.files.items():
            path = f"{self.path}/{name}" if name else self.path
            digest = hashlib.sha256(content).hexdigest()
            yield folder.File(place / name, path, digest, len(content))


Revision = Callable[[folder.Folder, Release], Draft | None]


def revise(
    root: Path, state: Path, keep: int, say: Say, revision: Revision, carry: Carry | None = None
) -> Release:
    """Make a release of the folder with one draft more, which is then a part of the folder.

    ``revision`` is given the folder and its release, and makes the draft, or None where there is
    nothing to change. What it raises goes on to the caller.

    Whenever this process, or the machine, is killed: either the draft is in the folder, whole, and
    what publishes the folder next publishes it, or it is nowhere. The pointer names no release with
    a draft that is not in the folder; on return, draft, release and pointer are on the disk.

    Raises Findings when the change does not conform, Conflict when the folder as it is cannot be
    published, or was rolled back, or with the draft would have another base; NotKept when the
    folder cannot be written, NotAPublication when the state folder cannot; and what ``carry``
    raises, when the change is kept and not served.
    """
    if Path(foedera.__file__).resolve().parent in root.resolve().parents:
        raise NotKept(
            "The dataset that ships with the program is not written to",
            "Serve a folder of your own: a copy of it, or a clone of its repository.",
        )
    with _locked(state, say):
        _tidy(state)
        source, present = _at_rest(root, state, keep, say, carry)
        draft = revision(source, present)
        if draft is None:
            return present
        target = root / draft.path
        with _keeping(root, target.parent) as place:
            for file in draft.at(place):
                with _kept(root, place):
                    file.location.parent.mkdir(exist_ok=True)
                    write_down(file.location, draft.files[file.path[len(draft.path) + 1 :]])
            files = sorted((*source.files, *draft.at(place)), key=lambda file: file.path)
            whole = folder.Folder(source.root, tuple(files))
            ours = draft.path.startswith("data/")  # a patch has no say in the base
            if ours and whole.publication.base != source.publication.base:
                raise Conflict(
                    f"With this, the publication would have the base {whole.publication.base}",
                    "It must be left as it is: leave out void:uriSpace. Where the folder does not "
                    "say its base, it should.",
                )

            def keep_it() -> None:
                with _kept(root, place):
                    if place.is_dir():
                        sync_directory(place)
                    place.rename(target)
                    for changed in target.parents:
                        sync_directory(changed)
                        if changed == root:
                            break

            built = identifier(whole)
            _build(whole, state, built, say, keep_it)
        return _show(state, keep, built, say, carry)


def next_change(source: folder.Folder) -> str:
    """Where the next patch of a folder goes."""
    numbers = [int(number[0]) for file in source.changes() if (number := _NUMBER(file.path))]
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    return f"{folder.CHANGES}/{max(numbers, default=0) + 1:06}-{moment}{patch.ENDING}"


_NUMBER = re.compile(r"(?<=/)\d+").search


def _at_rest(
    root: Path, state: Path, keep: int, say: Say, carry: Carry | None
) -> tuple[folder.Folder, Release]:
    """The folder and the release of it that is current; published first where it is not."""
    source = folder.read(root)
    name = identifier(source)
    present = current(state)
    if present and _held(state) == {"release": present.id, "folder": name}:
        raise Conflict(
            f"The site was rolled back to release {present.id}, which the folder is not",
            "Whoever runs it must publish the folder, or mend it, first.",
        )
    if present is None or present.id != name:
        try:
            present = _publish(source, state, keep, say, False, carry)
        except FoederaError as stopped:
            raise Conflict(
                f"The folder has changed, and cannot be published: {stopped.title}",
                "Whoever runs the site must mend it first; 'foedera check' says what is wrong.",
            ) from stopped
    return source, present


@contextlib.contextmanager
def _keeping(root: Path, parent: Path) -> Iterator[Path]:
    """Where a draft is written until it is kept; it goes when that comes to nothing."""
    place = parent / ".draft"
    with _kept(root, parent):
        parent.mkdir(parents=True, exist_ok=True)
        _remove(place)  # of a writer that was killed: the lock is ours
    try:
        yield place
    finally:
        with contextlib.suppress(OSError):
            _remove(place)


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


@contextlib.contextmanager
def _kept(root: Path, place: Path) -> Iterator[None]:
    """Tell in words that the folder cannot be written, or that its disk is full."""
    try:
        yield
    except OSError as fault:
        inside = place.relative_to(root).parts[0]
        raise NotKept(
            f"{inside}/ of the publication cannot be written: {fault.strerror or fault}",
            "Nothing was changed. Make room, or let the site write there.",
        ) from None


def write_down(path: Path, content: bytes) -> None:
    """Write a file whose content is on the disk on return. Raises OSError."""
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _told(stopped: FoederaError) -> dict[str, Any]:
    """What a site tells the world of a failed attempt; paths of this machine are not for it."""
    private = isinstance(stopped, NotAPublication)
    findings = stopped.report.violations if isinstance(stopped, Findings) else ()
    return {
        "when": _now(),
        "detail": stopped.title if private else stopped.detail,
        "hint": "The log of the server says why." if private else stopped.hint,
        "findings": [str(finding) for finding in findings[:20]],
    }


def _held(state: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((state / "held.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


@contextlib.contextmanager
def _locked(state: Path, say: Say) -> Iterator[None]:
    """Hold the publication's lock: one publisher at a time; the lock goes with its process."""
    with _writing(state):
        state.mkdir(parents=True, exist_ok=True)
        handle = (state / "lock").open("w")
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another publish of this folder to end")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(
    source: folder.Folder,
    state: Path,
    name: str,
    say: Say,
    before: Callable[[], None] = lambda: None,
) -> None:
    """Build a release; ``before`` is called when it is whole, and not yet in its place."""
    started = time.monotonic()
    say(f"checking {len(source.of(*folder.PARTS))} files")
    report, parsed = check.check(source)
    if not report.conforms:
        raise Findings(report)
    for note in report.skipped:
        say(note)
    publication = source.publication
    base = publication.base
    things = [one for one in parsed if one.file.part != "shapes"]
    say(f"inferring from {sum(len(one.triples) for one in things):,} triples")
    inferred = infer.closure(things)
    graph = ox.NamedNode(f"{base}graph/inferred")
    say(f"loading {report.triples + len(inferred):,} triples")
    with _building(state, name, before) as building:
        ox.serialize(
            _quads(parsed, base, inferred, graph),
            str(building / "dump.nq"),
            format=ox.RdfFormat.N_QUADS,
        )
        store = ox.Store(str(building / "store"))
        store.bulk_extend(dumped(building))
        store.optimize()
        store.flush()
        numbers = _numbers(store)
        iris = _Iris(parsed, base)
        manifest = {
            "release": name,
            "created": _now(),
            "program": foedera.__version__,
            "layout": LAYOUT,
            "fingerprint": source.fingerprint,
            "publication": asdict(publication),
            "prefixes": _prefixes(parsed, base),
            "inferred": graph.value,
            "shadowed": iris.shadowed(),
            "triples": numbers["triples"],
            "quads": len(store),
            "inferences": len(inferred),
            "findings": {severity: report.count(severity) for severity in check.SEVERITIES},
            "files": [
                {
                    "path": one.file.path,
                    "graph": one.file.graph(base).value,
                    "sha256": one.file.sha256,
                    "bytes": one.file.size,
                    "triples": len(set(zip(one.triples, one.graphs, strict=True))),
                }
                for one in parsed
            ],
        }
        del store  # closes it: Oxigraph lets go of its files with its last reference
        _write(building / "numbers.json", numbers)
        _write(building / "documents.json", iris.described())
        _write(building / "mentioned.json", iris.mentioned())
        graphs = [one.file.graph(base).value for one in parsed if one.file.part == "shapes"]
        asked = rules.of(source, parsed, manifest["prefixes"], (*graphs, graph.value), name)
        asked.keep(building / "rules")
        (building / "report.json").write_text(report.to_json(), encoding="utf-8")
        _write(building / "manifest.json", manifest)
    say(f"built release {name} in {time.monotonic() - started:.1f} s")


@contextlib.contextmanager
def _building(state: Path, name: str, before: Callable[[], None]) -> Iterator[Path]:
    """A directory to build a release in; once it is whole and on the disk, it is put in its place.

    When something goes wrong it is removed at once, since the disk may be full.
    """
    with _writing(state):
        (state / "releases").mkdir(exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f"building-{name}-", dir=state))
        try:
            building.chmod(0o755)
            yield building
            _sync(building)
            before()
            building.rename(state / "releases" / name)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
        sync_directory(state / "releases")


@contextlib.contextmanager
def _writing(state: Path) -> Iterator[None]:
    """Tell in words that the state folder cannot be written, or that its disk is full."""
    try:
        yield
    except OSError as fault:
        raise NotAPublication(
            f"Releases cannot be written to {state}: {fault.strerror or fault}",
            "Make room there, or set another folder with --state or FOEDERA_STATE.",
        ) from None


def _quads(
    parsed: Iterable[folder.Parsed],
    base: str,
    inferred: Iterable[ox.Triple],
    inferred_graph: ox.NamedNode,
) -> Iterator[ox.Quad]:
    """Each triple in its graph and in the default graph, which is the union; no quad twice."""
    placed = [
        (triple, named or one.file.graph(base))
        for one in parsed
        for triple, named in zip(one.triples, one.graphs, strict=True)
    ]
    seen: set[tuple[ox.Triple, ox.NamedNode | None]] = set()
    for t, graph in (*placed, *((triple, inferred_graph) for triple in inferred)):
        for place in (graph, None):
            if (t, place) not in seen:
                seen.add((t, place))
                yield ox.Quad(t.subject, t.predicate, t.object, place or ox.DefaultGraph())


def _numbers(store: ox.Store) -> dict[str, Any]:
    """The counts that pages and the catalogue show (VoID, section 4)."""

    def rows(text: str) -> ox.QuerySolutions:
        found = store.query(text)
        assert isinstance(found, ox.QuerySolutions)
        return found

    def count(text: str) -> int:
        return int(_text(next(rows(text))["n"]))

    classes = rows(
        "SELECT ?c (COUNT(?s) AS ?n) { ?s a ?c FILTER(isIRI(?c)) } GROUP BY ?c ORDER BY DESC(?n) ?c"
    )
    unnamed = rows(
        "SELECT ?c (COUNT(?s) AS ?n) { ?s a ?c FILTER(isIRI(?c) && isBlank(?s)) } GROUP BY ?c"
    )
    properties = rows("SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p ORDER BY DESC(?n) ?p")
    graphs = rows("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g")
    return {
        "triples": count("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"),
        "subjects": count("SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o }"),
        "classes": {_text(row["c"]): int(_text(row["n"])) for row in classes},
        "unnamed": {_text(row["c"]): int(_text(row["n"])) for row in unnamed},
        "properties": {_text(row["p"]): int(_text(row["n"])) for row in properties},
        "graphs": {_text(row["g"]): int(_text(row["n"])) for row in graphs},
        "linked": {"from": _linked(store, "?node ?p ?x"), "to": _linked(store, "?x ?p ?node")},
    }


def _linked(store: ox.Store, pattern: str) -> dict[str, dict[str, int]]:
    """How many triples there are of each thing that is in many, by property: a page then reads
    no more of them than it shows."""
    many = f"""
        SELECT ?node ?p (COUNT(*) AS ?n) {{
          {{ SELECT ?node {{ {pattern} FILTER(isIRI(?node)) }}
            GROUP BY ?node HAVING(COUNT(*) > {MANY}) }}
          {pattern}
        }} GROUP BY ?node ?p ORDER BY ?node ?p
    """
    rows = store.query(many)
    assert isinstance(rows, ox.QuerySolutions)
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(_text(row["node"]), {})[_text(row["p"])] = int(_text(row["n"]))
    return found


def _text(term: Any) -> str:
    return str(term.value)


class _Iris:
    """The IRIs below the base in some files: those that are described, and those that are only
    mentioned."""

    def __init__(self, parsed: Iterable[folder.Parsed], base: str) -> None:
        self._base = base
        described: dict[Any, None] = {}
        others: dict[Any, None] = {}
        for one in parsed:
            for triple in one.triples:
                described.setdefault(triple.subject)
                others.setdefault(triple.predicate)
                others.setdefault(triple.object)
        self._described = self._below(described)
        self._mentioned = [iri for iri in self._below(others) if iri not in self._described]

    def _below(self, nodes: Iterable[Any]) -> dict[str, None]:
        iris = (node.value for node in nodes if isinstance(node, ox.NamedNode))
        return dict.fromkeys(iri for iri in iris if iri.startswith(self._base))

    def described(self) -> dict[str, list[str]]:
        """The things with a hash IRI, by the document before the hash."""
        return self._hashed(self._described)

    def mentioned(self) -> dict[str, list[str]]:
        """The hash IRIs of which nothing is said, the same way."""
        return self._hashed(self._mentioned)

    @staticmethod
    def _hashed(iris: Iterable[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for iri in iris:
            document, hash_, _ = iri.partition("#")
            if hash_:
                found.setdefault(document, []).append(iri)
        return dict(sorted(found.items()))

    def shadowed(self) -> list[str]:
        """The pages ``BASE/x`` of things, where there is a ``BASE/id/x`` as well: both cannot be
        shown at ``BASE/doc/x``."""
        pages = {iri.partition("#")[0] for iri in (*self._described, *self._mentioned)}
        start = len(self._base)
        return sorted(one for one in pages if f"{self._base}id/{one[start:]}" in pages)


def _prefixes(parsed: Iterable[folder.Parsed], base: str) -> dict[str, str]:
    """The prefixes that the files declare, and the usual ones; the first meaning of each wins."""
    found: dict[str, str] = {}
    for one in parsed:
        for prefix, iri in one.prefixes.items():
            if iri not in found.values():
                found.setdefault(prefix, iri)
    for prefix, iri in terms.PREFIXES.items():
        if iri not in found.values():
            found.setdefault(prefix, iri)
    return dict(sorted(found.items()))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _point(state: Path, name: str) -> None:
    """Make ``current`` name a release: one atomic rename, then synced."""
    fresh = state / f"current.{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path("releases") / name)
    fresh.replace(state / "current")
    sync_directory(state)


def _prune(state: Path, keep: int, name: str) -> None:
    """Let go of the oldest releases; the current one always stays.

    So does one that a site still answers from, which holds a lock on it: it goes the next time.
    """
    for old in [one for one in listed(state) if one.id != name][max(keep, 1) - 1 :]:
        handle = os.open(old.path, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            trash = state / f"trash-{old.id}-{os.getpid()}"
            old.path.rename(trash)
            shutil.rmtree(trash, ignore_errors=True)
        except OSError:
            continue
        finally:
            os.close(handle)


def _tidy(state: Path) -> None:
    """Remove what a publisher that was killed left behind, and releases that are not whole.

    The lock is held, so that nobody is at work on them.
    """
    broken = [path for path in (state / "releases").glob("*") if read(path) is None]
    for left in (*state.glob("building-*"), *state.glob("trash-*"), *broken):
        shutil.rmtree(left, ignore_errors=True)
    for left in (*state.glob("current.*"), *state.glob("*.json.*")):
        left.unlink(missing_ok=True)


def _write(path: Path, content: Any) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    fresh.replace(path)


def _sync(root: Path) -> None:
    """Force a tree to disk, files first: a rename must never be durable before its content."""
    for directory, _, names in os.walk(root, topdown=False):
        for name in names:
            with (Path(directory) / name).open("rb") as stream:
                os.fsync(stream.fileno())
        sync_directory(Path(directory))


def sync_directory(path: Path) -> None:
    """Force the names in a directory to the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
