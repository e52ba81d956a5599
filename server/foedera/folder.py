"""A publication on disk: its files, the names of their graphs, their triples, its fingerprint."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, TypeAlias, cast
from urllib.parse import quote, urlsplit

import pyoxigraph as ox

from foedera import patch, terms
from foedera.errors import CouldNotCheck, NotAPublication

PARTS = ("ontology", "data", "shapes")
"""The folders of a publication; only ``data`` must be there."""

CHANGES = "changes"
"""The folder of what was written over HTTP since: a patch for each change, applied in order."""

ENDINGS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".trig": ox.RdfFormat.TRIG,
    ".nq": ox.RdfFormat.N_QUADS,
}
"""The files that are read as RDF, by ending. ``.owl`` is RDF/XML, as Protégé writes it."""

UNKNOWN_BASE = "https://publication.invalid/"


class SyntaxFault(Exception):
    """A file that does not parse: where, and what the parser says."""

    def __init__(self, file: File, line: int, column: int, message: str) -> None:
        super().__init__(f"{file.path}:{line}:{column}: {message}")
        self.file = file
        self.line = line
        self.column = column
        self.message = message


@dataclass(frozen=True)
class File:
    """One file of a publication: where it is, its path inside, and the SHA-256 of its bytes."""

    location: Path
    path: str
    sha256: str
    size: int

    @property
    def part(self) -> str:
        """``ontology``, ``data``, ``shapes`` or ``changes``."""
        return self.path.split("/", 1)[0]

    @property
    def key(self) -> str:
        """The path without its ending: the graph's name within the base."""
        return self.path.rsplit(".", 1)[0]

    @property
    def is_rdf(self) -> bool:
        return self.location.suffix in ENDINGS

    @property
    def escaped(self) -> str:
        """The key as a piece of an IRI."""
        return quote(self.key, safe="/~-._")

    def graph(self, base: str) -> ox.NamedNode:
        """The IRI of the named graph that holds this file's triples; all changes have one."""
        if self.part == CHANGES:
            return ox.NamedNode(f"{base}graph/{CHANGES}")
        return ox.NamedNode(f"{base}graph/{self.escaped}")

    def parse(self, base: str) -> Parsed:
        """Read the file's triples, each with its line and, where the file names one, its graph.

        Raises SyntaxFault, also for a graph whose name may not be (`_named`), and CouldNotCheck
        when the file is not what it was when the folder was read: its triples would be published
        under the name of others.

        Blank nodes get names that depend on the file and their order of appearance alone, so
        that the same folder always gives the same triples.
        """
        names: dict[str, ox.BlankNode] = {}
        stem = "f" + hashlib.sha256(self.path.encode()).hexdigest()[:10]

        def renamed(node: Any) -> Any:
            if isinstance(node, ox.BlankNode):
                return names.setdefault(node.value, ox.BlankNode(f"{stem}n{len(names)}"))
            if isinstance(node, ox.Triple):
                return ox.Triple(renamed(node.subject), node.predicate, renamed(node.object))
            return node

        triples: list[ox.Triple] = []
        numbers: list[int] = []
        graphs: list[ox.NamedNode | None] = []
        with self._opened() as stream:
            lines = _Lines(stream)
            try:
                parser = ox.parse(
                    input=cast(IO[bytes], lines),
                    format=ENDINGS[self.location.suffix],
                    base_iri=base + self.escaped,
                )
                for quad in parser:
                    triples.append(
                        ox.Triple(renamed(quad.subject), quad.predicate, renamed(quad.object))
                    )
                    numbers.append(lines.number)
                    graphs.append(self._named(quad.graph_name, base))
            except SyntaxError as fault:
                raise SyntaxFault(
                    self, fault.lineno or lines.number, fault.offset or 1, fault.msg
                ) from None
            except (OSError, ValueError) as fault:
                raise SyntaxFault(self, lines.number or 1, 1, str(fault)) from None
            if lines.digest.hexdigest() != self.sha256:
                raise self._changed()
        return Parsed(self, triples, numbers, graphs, dict(parser.prefixes))

    def _named(self, graph: Any, base: str) -> ox.NamedNode | None:
        """The graph that the file names for a triple; None is the file's own.

        Raises ValueError, in words, for a graph that would mislead. What ontology/ and shapes/
        say holds for the whole dataset, and is found under the name of the file that says it. A
        graph without an IRI could not be asked for. And a graph below BASE/graph/ is named after
        a file, or after inference: who reads it must find there what that file says, and no more.
        """
        if isinstance(graph, ox.DefaultGraph) or graph == self.graph(base):
            return None
        if self.part != "data":
            raise ValueError(f"it names a graph, {graph}, which only a file in data/ may do")
        if not isinstance(graph, ox.NamedNode):
            raise ValueError(f"it names a graph {graph}; a graph needs an IRI, to be asked for")
        if graph.value.startswith(f"{base}graph/"):
            raise ValueError(f"it names the graph {graph}, but {base}graph/ is for graphs of files")
        return graph

    def _opened(self) -> IO[bytes]:
        try:
            return self.location.open("rb")
        except OSError:
            raise self._changed() from None

    def _changed(self) -> CouldNotCheck:
        return CouldNotCheck(
            f"{self.path} changed while the folder was read", "Do it again when it is at rest."
        )


@dataclass(frozen=True)
class Parsed:
    """The triples of one file in order, and its prefixes.

    For each triple, ``lines`` has the line on which it ended (from 1), and ``graphs`` the graph
    that the file names for it, or None for the file's own.
    """

    file: File
    triples: list[ox.Triple]
    lines: list[int]
    graphs: list[ox.NamedNode | None]
    prefixes: dict[str, str]


class _Lines:
    """A stream that gives the parser one line at a time, and so knows where a triple ended."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._ended = True
        self.number = 0
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next line, or as much of it as fits: the parser breaks on more than it asked for."""
        line: bytes = self._stream.readline(size)
        if line:
            self.digest.update(line)
            self.number += self._ended
            self._ended = line.endswith(b"\n")
        return line


@dataclass(frozen=True)
class Publication:
    """What a folder says of itself, in its own triples.

    ``names``, ``titles``, ``descriptions`` and ``rights`` are texts by language tag ("" where there
    is none). A name is what the dataset is called for short, where it says so; a title says more.
    ``stated`` tells whether the base IRI is a triple of the data or our best guess.
    """

    base: str
    stated: bool
    dataset: str
    names: dict[str, str]
    titles: dict[str, str]
    descriptions: dict[str, str]
    license: str
    rights: dict[str, str]
    publisher: str
    version: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Folder:
    """A publication's folder as it was when it was read; use `read` to make one."""

    root: Path
    files: tuple[File, ...]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the paths and checksums of all files: the same folder, the same name."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(f"{file.path}\0{file.sha256}\n".encode())
        return digest.hexdigest()

    def of(self, *parts: str) -> tuple[File, ...]:
        """The RDF files of some parts."""
        return tuple(file for file in self.files if file.is_rdf and file.part in parts)

    def changes(self) -> tuple[File, ...]:
        """The patches, in the order in which they apply."""
        return tuple(file for file in self.files if file.part == CHANGES)

    def hygiene(self) -> tuple[File, ...]:
        """The queries of which each row is a finding."""
        return tuple(
            file for file in self.files if file.path.endswith(".rq") and file.part == "shapes"
        )

    @cached_property
    def publication(self) -> Publication:
        """What the data says of itself; what it does not say is derived or left empty.

        Files that do not parse are passed over: `check` is what tells of them.
        """
        return _self_description(self)


def read(root: Path) -> Folder:
    """Find the files of a publication. Raises NotAPublication where there is no ``data`` folder."""
    root = root.resolve()
    if not (root / "data").is_dir():
        raise NotAPublication(
            f"{root} has no folder data/",
            "A publication is a folder with data/ (Turtle files) and, if you like, ontology/ and "
            "shapes/. 'foedera new FOLDER' makes one to start from.",
        )
    files = []
    for part in (*PARTS, CHANGES):
        for location in sorted((root / part).rglob("*")):
            inside = location.relative_to(root)
            if any(piece.startswith(".") for piece in inside.parts) or not location.is_file():
                continue
            if location.suffix in ((patch.ENDING,) if part == CHANGES else (*ENDINGS, ".rq")):
                content = _content(location)
                files.append(
                    File(
                        location,
                        inside.as_posix(),
                        hashlib.sha256(content).hexdigest(),
                        len(content),
                    )
                )
    if not any(file.part == "data" and file.is_rdf for file in files):
        raise NotAPublication(
            f"{root}/data holds no file that can be read",
            "Read are " + ", ".join(sorted(ENDINGS)),
        )
    return Folder(root, tuple(sorted(files, key=lambda file: file.path)))


@dataclass(frozen=True)
class Stray:
    """A line of a patch that removes what is not there: the data have gone another way since."""

    file: File
    line: int


def changed(
    changes: Sequence[File], parsed: Iterable[Parsed], base: str
) -> tuple[list[Parsed], list[Stray]]:
    """The files as patches make them, one after the other, and what each patch adds.

    A line that names no graph removes a triple from every file in data/ and every patch that
    states it in no named graph. Raises SyntaxFault.
    """
    steps = [(file, _steps(file)) for file in changes]
    parsed = list(parsed)
    wanted = {one.triple for _, of_file in steps for one in of_file if not one.adds}
    own = {one.file.graph(base) for one in parsed if one.file.part == "data"}
    if changes:
        own.add(changes[0].graph(base))
    places: dict[ox.Triple, set[tuple[int, int]]] = {}
    made = [(one, list(zip(one.triples, one.lines, one.graphs, strict=True))) for one in parsed]
    for number, (_, rows) in enumerate(made):
        for at, (triple, _, _) in enumerate(rows):
            if triple in wanted:
                places.setdefault(triple, set()).add((number, at))
    removed: set[tuple[int, int]] = set()
    strays = []

    def graph_at(place: tuple[int, int]) -> ox.NamedNode:
        one, rows = made[place[0]]
        return rows[place[1]][2] or one.file.graph(base)

    for file, of_file in steps:
        fresh = (Parsed(file, [], [], [], {}), list[_Row]())
        made.append(fresh)
        for step in of_file:
            _allow(file, step, own, base)
            if step.adds:
                fresh[1].append((step.triple, step.line, step.graph))
                if step.triple in wanted:
                    place = (len(made) - 1, len(fresh[1]) - 1)
                    places.setdefault(step.triple, set()).add(place)
                continue
            graphs = own if step.graph is None else {step.graph}
            found = {at for at in places.get(step.triple, ()) if graph_at(at) in graphs}
            if not found:
                strays.append(Stray(file, step.line))
            removed |= found
            places.get(step.triple, set()).difference_update(found)
    return [
        _rows(one, [row for at, row in enumerate(rows) if (number, at) not in removed])
        for number, (one, rows) in enumerate(made)
    ], strays


_Row: TypeAlias = tuple[ox.Triple, int, ox.NamedNode | None]


def _rows(one: Parsed, rows: list[_Row]) -> Parsed:
    triples, lines, graphs = ([row[column] for row in rows] for column in range(3))
    return Parsed(one.file, triples, lines, graphs, one.prefixes)  # type: ignore[arg-type]


def _steps(file: File) -> list[patch.Step]:
    try:
        return patch.steps(file.location.read_bytes())
    except patch.Fault as fault:
        raise SyntaxFault(file, fault.line, 1, str(fault)) from None
    except OSError as fault:
        raise SyntaxFault(file, 1, 1, str(fault)) from None


def _allow(file: File, step: patch.Step, own: Collection[ox.NamedNode], base: str) -> None:
    """Raises SyntaxFault for a graph that misleads, as `File._named` has it."""
    graph = step.graph
    if graph is not None and graph.value.startswith(f"{base}graph/") and graph not in own:
        words = f"it names the graph {graph}, and no file in data/ has that name"
        raise SyntaxFault(file, step.line, 1, words)


def _content(location: Path) -> bytes:
    try:
        return location.read_bytes()
    except OSError as fault:
        raise CouldNotCheck(
            f"{location} cannot be read: {fault.strerror}", "Change who may read it, or move it."
        ) from None


def stamp(root: Path) -> int:
    """A number that changes when a file of the folder is written, added or removed.

    Costs a walk, not a read: what ``--reload`` looks at twice a second.
    """
    seen = []
    for part in (*PARTS, CHANGES):
        for location in sorted((root / part).rglob("*")):
            try:
                status = location.stat()
            except OSError:  # gone meanwhile, or a link that leads to itself
                continue
            seen.append((str(location), status.st_mtime_ns, status.st_size))
    return hash(tuple(seen))


def _self_description(folder: Folder) -> Publication:
    telling = [file for file in folder.of("data") if b"uriSpace" in file.location.read_bytes()]
    files = telling or folder.of("data")
    told = _told(_readable(files, UNKNOWN_BASE))
    space = told.one(terms.VOID + "uriSpace")
    base = space or _common_space(told.subjects)
    if folder.changes():  # they have no say in the base, by which their graphs are named
        with contextlib.suppress(SyntaxFault):
            told = _told(changed(folder.changes(), _readable(files, base), base)[0])
    publisher = told.one(terms.DCTERMS + "publisher")
    examples = told.values(terms.VOID + "exampleResource")
    titles = told.texts(terms.DCTERMS + "title") or {"": folder.root.name}
    return Publication(
        base=base,
        stated=bool(space),
        dataset=told.dataset,
        names=told.texts(terms.PREF_LABEL) or told.texts(terms.LABEL) or titles,
        titles=titles,
        descriptions=told.texts(terms.DCTERMS + "description"),
        license=told.one(terms.DCTERMS + "license"),
        rights=told.texts(terms.DCTERMS + "rights"),
        publisher=told.names.get(publisher, publisher),
        version=told.one(terms.OWL + "versionInfo"),
        examples=tuple(sorted(value.value for value in examples)),
    )


def _readable(files: Iterable[File], base: str) -> Iterator[Parsed]:
    for file in files:
        with contextlib.suppress(SyntaxFault):
            yield file.parse(base)


_TELLING = (terms.VOID, terms.DCTERMS, terms.OWL, terms.PREF_LABEL, terms.LABEL)
"""How the properties begin by which a dataset says what it is."""


@dataclass(frozen=True)
class _Told:
    """What some files say: how often of which thing, names, and all of the dataset itself."""

    subjects: dict[str, int]
    names: dict[str, str]
    dataset: str
    said: list[tuple[str, Any]]

    def values(self, *properties: str) -> list[Any]:
        return [value for predicate, value in self.said if predicate in properties]

    def texts(self, *properties: str) -> dict[str, str]:
        return {value.language or "": value.value for value in self.values(*properties)}

    def one(self, *properties: str) -> str:
        return next((value.value for value in self.values(*properties)), "")


def _told(parsed: Iterable[Parsed]) -> _Told:
    said_of: dict[str, list[tuple[str, Any]]] = {}
    subjects: dict[str, int] = {}
    names: dict[str, str] = {}
    kinds = {terms.VOID + "Dataset", terms.DCAT + "Dataset"}
    found: set[str] = set()
    for triple in (triple for one in parsed for triple in one.triples):
        subject, predicate, value = triple.subject, triple.predicate, triple.object
        if not isinstance(subject, ox.NamedNode):
            continue
        iri = subject.value
        subjects[iri] = subjects.get(iri, 0) + 1
        if predicate.value == terms.TYPE and getattr(value, "value", "") in kinds:
            found.add(iri)
        if predicate.value in terms.LABELS and isinstance(value, ox.Literal):
            names.setdefault(iri, value.value)
        if predicate.value.startswith(_TELLING):
            said_of.setdefault(iri, []).append((predicate.value, value))
    best = max(
        sorted(found),
        key=lambda iri: any(p == terms.VOID + "uriSpace" for p, _ in said_of.get(iri, [])),
        default="",
    )
    return _Told(subjects, names, best, said_of.get(best, []))


def _relative(iri: str) -> bool:
    """Whether an IRI was written relative to a base that is not known yet."""
    return iri.startswith(UNKNOWN_BASE)


def _common_space(subjects: dict[str, int]) -> str:
    """The longest path that the IRIs of the most used host share: the best guess at a base."""
    hosts: dict[str, list[str]] = {}
    for iri in subjects:
        parts = urlsplit(iri)
        if parts.scheme in ("http", "https") and parts.netloc and not _relative(iri):
            hosts.setdefault(f"{parts.scheme}://{parts.netloc}/", []).append(iri)
    if not hosts:
        return UNKNOWN_BASE
    host, iris = max(hosts.items(), key=lambda item: (len(item[1]), item[0]))
    shared = min(iris)
    last = max(iris)
    while not last.startswith(shared):
        shared = shared[:-1]
    cut = max(shared.rfind("/"), len(host) - 1) + 1
    return shared[:cut] if cut >= len(host) else host
