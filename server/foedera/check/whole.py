"""A folder against its shapes: a report of findings, each with file, line and what to do."""

from __future__ import annotations

import contextlib
import logging
import re
import traceback
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from foedera import folder, panels, terms
from foedera.check import hygiene
from foedera.check.findings import Finding, Report, ordered
from foedera.errors import FoederaError, QuerySyntax
from foedera.query import engine
from foedera.query.scan import scan

if TYPE_CHECKING:
    import rdflib


def parse(source: folder.Folder, base: str) -> tuple[list[folder.Parsed], list[Finding]]:
    """Parse every RDF file; each file that does not parse becomes a finding."""
    parsed, findings = [], []
    for file in source.of(*folder.PARTS):
        try:
            parsed.append(file.parse(base))
        except folder.SyntaxFault as fault:
            findings.append(_does_not_parse(fault))
    try:
        whole, strays = folder.changed(source.changes(), parsed, base)
    except folder.SyntaxFault as fault:
        return parsed, [*findings, _does_not_parse(fault)]
    if not findings:  # what a broken file states might be what is missed
        findings += [_stray(one) for one in strays]
    return whole, findings


def _does_not_parse(fault: folder.SyntaxFault) -> Finding:
    words = _POSITION.sub("", fault.message)
    words = next((cure for sign, cure in _CURES.items() if words.startswith(sign)), words)
    said = {"en": f"does not parse: {words}"}
    return Finding("syntax", "violation", fault.file.path, fault.line, fault.column, said)


def _stray(one: folder.Stray) -> Finding:
    words = "it removes what is not there: the files have changed since; take the line out"
    return Finding("change", "warning", one.file.path, one.line, 0, {"en": words})


_POSITION = re.compile(r"^Parser error at line \d+ (between columns \d+ and|column) \d+: ")
_CURES = {
    "\ufeff": "it begins with a byte order mark; save it as UTF-8 without one",
    "No LoadDocumentCallback": "its @context is elsewhere, and nothing is fetched; write it here",
}
"""What to say instead of what the parser says, by the beginning of that."""


def check(source: folder.Folder) -> tuple[Report, list[folder.Parsed]]:
    """Check a publication whole: syntax, then shapes, then hygiene queries.

    Shapes are run when every file parses: half a publication breaks rules that the whole keeps.
    Raises CouldNotCheck when a shapes graph or a query cannot be run.
    """
    parsed, findings = parse(source, source.publication.base)
    shapes = [one for one in parsed if one.file.part == "shapes"]
    things = [one for one in parsed if one.file.part != "shapes"]
    skipped = [
        f"{one.file.path} holds shapes, which are run only from shapes/"
        for one in things
        if shapes_in(one.triples)
    ]
    if not source.of("ontology"):
        skipped.append("there is no ontology, so that nothing is inferred by it")
    if not source.of("shapes"):
        skipped.append("there are no shapes to check against")
    if any(one.kind == "syntax" for one in findings):
        skipped.append("shapes and hygiene queries were not run, since a file does not parse")
    else:
        store = ox.Store()
        store.bulk_extend(
            ox.Quad(triple.subject, triple.predicate, triple.object)
            for one in things
            for triple in one.triples
        )
        where = _Places(things)
        findings += _validate(things, shapes, store, where) if shapes else []
        findings += _panels(shapes)
        findings += _hygiene(source.hygiene(), store, where)
    report = Report(
        ordered(findings),
        files=len(source.of(*folder.PARTS)) + len(source.changes()),
        triples=sum(len(one.triples) for one in parsed),
        shapes=len(shapes_in(triple for one in shapes for triple in one.triples)),
        skipped=tuple(skipped),
    )
    return report, parsed


class _Places:
    """Where in the files a triple, or a thing, stands; built on the first question."""

    def __init__(self, parsed: Sequence[folder.Parsed]) -> None:
        self._parsed = parsed
        self._exact: dict[tuple[str, str, str], tuple[str, int]] = {}
        self._property: dict[tuple[str, str], tuple[str, int]] = {}
        self._subject: dict[str, tuple[str, int]] = {}

    def of(self, focus: str, path: str = "", value: str = "") -> tuple[str, int] | None:
        """File and line of the triple; failing that of the property, of the thing; or None.

        Terms are in N-Triples; a path may be the inverse of a property.
        """
        if not self._subject:
            self._index()
        return (
            self._exact.get((focus, path, value))
            or self._exact.get((value, path.removeprefix("^"), focus))
            or self._property.get((focus, path))
            or self._subject.get(focus)
        )

    def _index(self) -> None:
        for one in self._parsed:
            for triple, line in zip(one.triples, one.lines, strict=True):
                subject, predicate = str(triple.subject), str(triple.predicate)
                here = (one.file.path, line)
                self._exact.setdefault((subject, predicate, str(triple.object)), here)
                self._property.setdefault((subject, predicate), here)
                self._subject.setdefault(subject, here)


def shapes_in(triples: Iterable[ox.Triple]) -> set[Any]:
    """The shapes among some triples: what says so, has a target, or a path."""
    kinds = {terms.SH + "NodeShape", terms.SH + "PropertyShape"}
    return {
        triple.subject
        for triple in triples
        if triple.predicate.value.startswith((terms.SH + "target", terms.SH + "path"))
        or (triple.predicate.value == terms.TYPE and getattr(triple.object, "value", "") in kinds)
    }


def _validate(
    things: Sequence[folder.Parsed],
    shapes: Sequence[folder.Parsed],
    store: ox.Store,
    where: _Places,
) -> list[Finding]:
    """What pySHACL finds; the store holds the things too, and answers its queries."""
    import pyshacl
    import rdflib

    from foedera import bridge

    rules_where = _Places(shapes)
    _refuse_services(shapes)
    with _quiet():
        rules = bridge.add(rdflib.Graph(), (t for one in shapes for t in one.triples))
        data = bridge.Queried(
            lambda text, terms: engine.parsed(lambda q: store.query(q, substitutions=terms), text)
        )
        bridge.add(data, (t for one in things for t in one.triples))
        try:
            _, results, _ = pyshacl.validate(
                data, shacl_graph=rules, inference="none", advanced=False
            )
            if isinstance(results, Exception):
                raise results
        except Exception as fault:  # pySHACL raises several families of its own and rdflib's
            shape = _at_work(fault)
            file, line = rules_where.of(_spelled(shape)) or ("shapes/", 0)
            # Of a query the line is not told: it counts the prefixes that pySHACL put before it.
            words = (
                f"its query does not parse: {fault.detail.partition(': ')[2]}"
                if isinstance(fault, QuerySyntax)
                else f"{type(fault).__name__}: {fault}"
            )
            raise hygiene.not_run(file, line, words) from fault
    sh = rdflib.Namespace(terms.SH)
    severities: dict[Any, str] = {sh.Warning: "warning", sh.Info: "info"}
    templates = [one for one in rules.objects(None, sh.message) if isinstance(one, rdflib.Literal)]
    findings = []
    for result in results.objects(None, sh.result):
        focus = results.value(result, sh.focusNode)
        value = results.value(result, sh.value)
        shape = results.value(result, sh.sourceShape)
        told = results.value(result, sh.resultPath)
        # A path that is no property is described in the shapes; here it is only named.
        path = told if isinstance(told, rdflib.URIRef) else rules.value(shape, sh.path)
        spelled = (_spelled(focus), _path(rules, path), _spelled(value))
        file, line = where.of(*spelled) or rules_where.of(_spelled(shape)) or ("shapes/", 0)
        messages = {
            message.language or _language(message, templates): str(message)
            for message in results.objects(result, sh.resultMessage)
            if isinstance(message, rdflib.Literal)
        }
        while isinstance(shape, rdflib.BNode):  # an unnamed shape goes by the name of its owner
            shape = next(rules.subjects(None, shape), None)
        findings.append(
            Finding(
                "shape",
                severities.get(results.value(result, sh.resultSeverity), "violation"),
                file,
                line,
                0,
                {language: _about(spelled, words) for language, words in messages.items()},
                focus=str(focus),
                path=str(path) if isinstance(path, rdflib.URIRef) else spelled[1],
                value=str(value) if value is not None else "",
                rule=str(shape) if shape is not None else "",
            )
        )
    return findings


def _panels(shapes: Sequence[folder.Parsed]) -> Iterator[Finding]:
    """The panels that could not be shown."""
    store, where = ox.Store(), _Places(shapes)
    store.bulk_extend(
        ox.Quad(triple.subject, triple.predicate, triple.object)
        for one in shapes
        for triple in one.triples
    )
    for quad, words in panels.faults(store.quads_for_pattern):
        spelled = (str(quad.subject), str(quad.predicate))
        file, line = where.of(*spelled, str(quad.object)) or ("shapes/", 0)
        said = {"en": _about((*spelled, ""), words)}
        rule = getattr(quad.subject, "value", "")
        path = quad.predicate.value
        yield Finding("shape", "violation", file, line, 0, said, rule, path, rule=rule)


def _language(message: str, templates: Iterable[rdflib.Literal]) -> str:
    """The language of a message that lost its tag when pySHACL put the values in."""
    for template in templates:
        pieces = re.split(r"\{[?$]\w+\}", template)
        if template.language and re.fullmatch(
            ".*".join(map(re.escape, pieces)), message, re.DOTALL
        ):
            return template.language
    return "en"


def _refuse_services(shapes: Iterable[folder.Parsed]) -> None:
    """Checking asks nobody: raises CouldNotCheck for a SPARQL constraint that would."""
    for one in shapes:
        for triple, line in zip(one.triples, one.lines, strict=True):
            if triple.predicate.value in (terms.SH + "select", terms.SH + "ask"):
                try:
                    scan(getattr(triple.object, "value", ""), hygiene.OWN)
                except FoederaError as fault:
                    raise hygiene.not_run(one.file.path, line, fault.detail) from None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep pySHACL and rdflib from printing what the report tells, with line and cure."""
    loggers = [logging.getLogger(name) for name in ("pyshacl-validate", "rdflib.term")]
    before = [logger.disabled for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.disabled = True
        try:
            yield
        finally:
            for logger, disabled in zip(loggers, before, strict=True):
                logger.disabled = disabled


def _at_work(fault: BaseException) -> Any:
    """The shape that pySHACL was at when it failed, or None: its errors seldom name it."""
    from rdflib.term import IdentifiedNode

    found = None
    for frame, _ in traceback.walk_tb(fault.__traceback__):
        names = frame.f_locals
        actor = names.get("self")
        for shape in (names.get("s"), names.get("node"), getattr(actor, "shape", actor)):
            node = getattr(shape, "node", shape)
            found = node if isinstance(node, IdentifiedNode) else found
    return found


def _spelled(node: Any) -> str:
    """A term of rdflib in N-Triples, on one line, as `_Places` knows it."""
    from foedera import bridge

    return "" if node is None else str(bridge.to_oxigraph(node))


def _path(rules: rdflib.Graph, node: Any) -> str:
    """A path of a shape as SPARQL writes it (SHACL, section 2.3.1)."""
    import rdflib

    sh = rdflib.Namespace(terms.SH)
    if not isinstance(node, rdflib.BNode):
        return _spelled(node)
    for step, before, after in (
        (sh.inversePath, "^", ""),
        (sh.zeroOrMorePath, "", "*"),
        (sh.oneOrMorePath, "", "+"),
        (sh.zeroOrOnePath, "", "?"),
    ):
        inner = rules.value(node, step)
        if inner is not None:
            return f"{before}{_path(rules, inner)}{after}"
    choice = rules.value(node, sh.alternativePath)
    pieces = [_path(rules, one) for one in rules.items(node if choice is None else choice)]
    return f"({('/' if choice is None else '|').join(pieces)})"


_LONGEST = 200


def _about(spelled: Sequence[str], words: str) -> str:
    """A rule's message with the thing it is about, and the value where there is one."""
    focus, path, value = ("[]" if term.startswith("_:") else _short(term) for term in spelled)
    about = " ".join(piece for piece in (focus, path) if piece)
    if value and value != focus:
        about += f" is {value}"
    return f"{_short(words, 5 * _LONGEST)} ({about})" if about else words


def _short(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else text[:longest] + "…"


def _hygiene(queries: Sequence[folder.File], store: ox.Store, where: _Places) -> Iterator[Finding]:
    """What the queries find. Raises CouldNotCheck where one cannot be run."""
    for file in queries:
        try:
            text = file.location.read_text(encoding="utf-8")
        except (OSError, ValueError) as fault:
            raise hygiene.not_run(file.path, 0, str(fault)) from None
        for row in hygiene.rows(file.path, text, store):
            spelled = ["" if one is None else str(one) for one in (row.focus, row.path, row.value)]
            plain = [getattr(one, "value", one and str(one)) for one in (row.focus, row.path)]
            place, line = where.of(*spelled) or (file.path, 0)
            yield Finding(
                "hygiene",
                row.severity,
                place,
                line,
                0,
                {language: _about(spelled, words) for language, words in row.messages.items()},
                focus=plain[0] or "",
                path=plain[1] or "",
                value=getattr(row.value, "value", "") if row.value is not None else "",
                rule=file.path,
                code="rule",
                term=spelled[2],
            )
