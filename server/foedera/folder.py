"""A publication on disk: its files, the names of their graphs, their triples, its fingerprint."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote, urlsplit

import pyoxigraph as ox

from foedera import terms
from foedera.errors import CouldNotCheck, NotAPublication

PARTS = ("ontology", "data", "shapes")
"""The folders of a publication; only ``data`` must be there."""

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
        """``ontology``, ``data`` or ``shapes``."""
        return self.path.split("/", 1)[0]

    @property
    def key(self) -> str:
        """The path without its ending: the graph's name within the base."""
        return self.path.rsplit(".", 1)[0]

    @property
    def is_rdf(self) -> bool:
        return self.location.suffix in ENDINGS

    @property
    def _escaped(self) -> str:
        """The key as a piece of an IRI."""
        return quote(self.key, safe="/~-._")

    def graph(self, base: str) -> ox.NamedNode:
        """The IRI of the named graph that holds this file's triples."""
        return ox.NamedNode(f"{base}graph/{self._escaped}")

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
                    base_iri=base + self._escaped,
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

    ``titles``, ``descriptions`` and ``rights`` are texts by language tag ("" where there is none).
    ``stated`` tells whether the base IRI is a triple of the data or our best guess.
    """

    base: str
    stated: bool
    dataset: str
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
    for part in PARTS:
        for location in sorted((root / part).rglob("*")):
            inside = location.relative_to(root)
            if any(piece.startswith(".") for piece in inside.parts) or not location.is_file():
                continue
            if location.suffix in ENDINGS or location.suffix == ".rq":
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
    for part in PARTS:
        for location in sorted((root / part).rglob("*")):
            try:
                status = location.stat()
            except OSError:  # gone meanwhile, or a link that leads to itself
                continue
            seen.append((str(location), status.st_mtime_ns, status.st_size))
    return hash(tuple(seen))


def _self_description(folder: Folder) -> Publication:
    said_of: dict[str, list[tuple[str, Any]]] = {}
    subjects: dict[str, int] = {}
    names: dict[str, str] = {}
    kinds = {terms.VOID + "Dataset", terms.DCAT + "Dataset"}
    found: set[str] = set()
    telling = [file for file in folder.of("data") if b"uriSpace" in file.location.read_bytes()]
    for file in telling or folder.of("data"):
        try:
            triples = file.parse(UNKNOWN_BASE).triples
        except SyntaxFault:
            continue
        for triple in triples:
            subject, predicate, value = triple.subject, triple.predicate, triple.object
            if not isinstance(subject, ox.NamedNode):
                continue
            iri = subject.value
            subjects[iri] = subjects.get(iri, 0) + 1
            if predicate.value == terms.TYPE and getattr(value, "value", "") in kinds:
                found.add(iri)
            if predicate.value in terms.LABELS and isinstance(value, ox.Literal):
                names.setdefault(iri, value.value)
            if predicate.value.startswith((terms.VOID, terms.DCTERMS, terms.OWL)):
                said_of.setdefault(iri, []).append((predicate.value, value))
    best = max(
        sorted(found),
        key=lambda iri: any(p == terms.VOID + "uriSpace" for p, _ in said_of.get(iri, [])),
        default="",
    )
    said = said_of.get(best, [])

    def values(*properties: str) -> list[Any]:
        return [value for predicate, value in said if predicate in properties]

    def texts(*properties: str) -> dict[str, str]:
        return {value.language or "": value.value for value in values(*properties)}

    def one(*properties: str) -> str:
        return next((value.value for value in values(*properties)), "")

    space = one(terms.VOID + "uriSpace")
    base = space or _common_space(subjects)
    publisher = one(terms.DCTERMS + "publisher")
    return Publication(
        base=base,
        stated=bool(space),
        dataset=best,
        titles=texts(terms.DCTERMS + "title") or {"": folder.root.name},
        descriptions=texts(terms.DCTERMS + "description"),
        license=one(terms.DCTERMS + "license"),
        rights=texts(terms.DCTERMS + "rights"),
        publisher=names.get(publisher, publisher),
        version=one(terms.OWL + "versionInfo"),
        examples=tuple(sorted(v.value for v in values(terms.VOID + "exampleResource"))),
    )


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
