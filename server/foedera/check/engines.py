"""What runs shapes: pySHACL, the engine of record, and an accelerator where it may be trusted.

Each runs in a child that may be killed, since a pattern or a query of the shapes may run on.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import logging
import re
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from foedera import terms
from foedera.check import distrust, sparql, why
from foedera.check.hygiene import OWN
from foedera.check.results import Engine, Result
from foedera.check.shapes import Shapes, dangling
from foedera.errors import CouldNotCheck, EngineFailed, FoederaError, QuerySyntax, TimedOut
from foedera.query import apart, engine
from foedera.query.scan import scan

if TYPE_CHECKING:
    import rdflib

_SH = terms.SH
_SEVERITIES = {
    _SH + "Violation": "violation",
    _SH + "Warning": "warning",
    _SH + "Info": "info",
}


class PySHACL:
    """The engine of record, over rdflib's graph in memory; its queries are Oxigraph's."""

    name = "pySHACL"

    @property
    def version(self) -> str:
        return importlib.metadata.version("pyshacl")

    def refuses(self, shapes: Sequence[ox.Triple], data: Sequence[ox.Triple]) -> str:
        return ""

    def run(self, shapes: Sequence[ox.Triple], data: Sequence[ox.Triple]) -> list[Result]:
        """All results. Raises CouldNotCheck with the shape at which it stopped."""
        import pyshacl
        import rdflib

        from foedera import bridge

        refuse_services(shapes)
        shapes = [*filter(_meant, _described(shapes)), *_imported(shapes)]
        known = Shapes(shapes)
        store = ox.Store()
        store.bulk_extend(ox.Quad(one.subject, one.predicate, one.object) for one in data)
        with _quiet(), _comparing():
            rules = bridge.add(rdflib.Graph(), shapes)
            graph = bridge.Queried(
                lambda text, terms: engine.parsed(
                    lambda q: store.query(q, substitutions=terms), text
                )
            )
            bridge.add(graph, data)
            try:
                _, found, _ = pyshacl.validate(
                    graph, shacl_graph=rules, inference="none", advanced=False
                )
                if isinstance(found, Exception):
                    raise found
            except Exception as fault:  # pySHACL raises several families of its own and rdflib's
                shape = _at_work(fault)
                # Of a query the line is not told: it counts the prefixes put before it.
                words = (
                    f"its query does not parse: {fault.detail.partition(': ')[2]}"
                    if isinstance(fault, QuerySyntax)
                    else f"{type(fault).__name__}: {' '.join(str(fault).split())[:1000]}"
                )
                raise CouldNotCheck(
                    f"{known.owner(shape) or 'The shapes'}: {words}",
                    "This is a fault of the rules, not of the data: nothing was checked by them.",
                    shape="" if shape is None else str(shape),
                ) from fault
        templates = [one.object for one in shapes if one.predicate.value == _SH + "message"]
        sh = rdflib.Namespace(_SH)
        return [
            self._result(found, one, known, templates) for one in found.objects(None, sh.result)
        ]

    def _result(
        self, found: rdflib.Graph, result: Any, known: Shapes, templates: Sequence[Any]
    ) -> Result:
        import rdflib

        from foedera import bridge

        sh = rdflib.Namespace(_SH)

        def value(predicate: Any) -> Any:
            one = found.value(result, predicate)
            return None if one is None else bridge.to_oxigraph(one)

        shape, path = value(sh.sourceShape), value(sh.resultPath)
        told = str(path) if isinstance(path, ox.NamedNode) else known.path_of(shape)
        return Result(
            focus=value(sh.focusNode),
            path=told if path is not None else "",
            value=value(sh.value),
            shape=shape,
            component=value(sh.sourceConstraintComponent).value,
            severity=_severity(value(sh.resultSeverity)),
            constraint=value(sh.sourceConstraint),
            messages={
                message.language or _language(str(message), templates): str(message)
                for message in found.objects(result, sh.resultMessage)
                if isinstance(message, rdflib.Literal)
            },
            details=tuple(
                self._result(found, one, known, templates)
                for one in found.objects(result, sh.detail)
            ),
        )


def _meant(triple: ox.Triple) -> bool:
    """Not what pySHACL takes for true and SHACL does not (section 4.4.5)."""
    return triple.predicate.value != _SH + "uniqueLang" or (
        getattr(triple.object, "value", "") == "true"
    )


def _described(triples: Sequence[ox.Triple]) -> list[ox.Triple]:
    """Shapes without what makes shapes of nothing: on such pySHACL gives up the whole check."""
    nowhere = set(dangling(triples))
    return [one for one in triples if one not in nowhere]


def _imported(shapes: Sequence[ox.Triple]) -> Iterator[ox.Triple]:
    """The declarations of prefixes that others import (SHACL, section 5.2.1), said of these."""
    declare = ox.NamedNode(_SH + "declare")
    declared: dict[Any, list[Any]] = {}
    imports: dict[Any, list[Any]] = {}
    for one in shapes:
        if one.predicate == declare:
            declared.setdefault(one.subject, []).append(one.object)
        elif one.predicate.value == terms.OWL + "imports":
            imports.setdefault(one.subject, []).append(one.object)
    for start in imports:
        ahead, seen = [start], {start}
        while ahead:
            for other in imports.get(ahead.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    ahead.append(other)
                    for one in declared.get(other, ()):
                        yield ox.Triple(start, declare, one)


class ShaclRust:
    """An accelerator in Rust; installed with the extra ``fast``.

    Of SPARQL constraints it loses values, so that they are answered beside it; on shapes that lead
    back to themselves it may end its process, and it reads literals of some datatypes in another
    form: with such shapes it is not trusted. Its threads do not outlive a fork, so that only a
    child ever runs it (`run`).
    """

    name = "shacl-rust"

    @property
    def version(self) -> str:
        return importlib.metadata.version("shacl-rust")

    def refuses(self, shapes: Sequence[ox.Triple], data: Sequence[ox.Triple]) -> str:
        known, cause = _judged(tuple(shapes))
        if cause:
            return cause
        cause = distrust.why(known, data)
        if cause:
            return cause
        kinds = {
            one.object.datatype.value.removeprefix(terms.XSD)
            for triples in (known.triples, data)
            for one in triples
            if isinstance(one.object, ox.Literal)
        }
        kinds |= {
            one.object.value.removeprefix(terms.XSD)
            for one in known.triples
            if one.predicate.value == _SH + "datatype" and isinstance(one.object, ox.NamedNode)
        }
        odd = sorted(kinds & _REWRITTEN)
        return f"it reads xsd:{odd[0]} in another form" if odd else ""

    def run(self, shapes: Sequence[ox.Triple], data: Sequence[ox.Triple]) -> list[Result]:
        """All results. Raises CouldNotCheck."""
        import shacl_rust

        refuse_services(shapes)
        shapes = _described(shapes)
        known = Shapes([*shapes, *_imported(shapes)])
        beside = {_SH + name for name in ("sparql", "select", "ask")}
        plain = [one for one in shapes if one.predicate.value not in beside]
        texts = [ox.serialize(graph, format=ox.RdfFormat.N_TRIPLES) for graph in (data, plain)]
        try:
            report = shacl_rust.validate(
                *(text.decode() for text in texts if text is not None),
                data_format="nt",
                shapes_format="nt",
                experimental_index=True,
            )
        except Exception as fault:
            raise CouldNotCheck(
                f"shacl-rust: {' '.join(str(fault).split())[:1000]}",
                "Check with --engine pyshacl, which says where the shapes are at fault.",
            ) from fault
        spelled = {
            one[name]
            for one in report["results"]
            for name in ("focusNode", "value", "sourceShape")
            if one.get(name)
        }
        terms_ = terms_of(spelled)
        written = _as_written(terms_.values(), data)
        found = [
            Result(
                focus=terms_[one["focusNode"]],
                path=known.path_of(terms_[one["sourceShape"]]) or one.get("resultPath") or "",
                value=written.get(value := terms_.get(one.get("value")), value),
                shape=terms_[one["sourceShape"]],
                component=one["sourceConstraintComponent"][1:-1],
                severity=_severity(ox.NamedNode(one["severity"][1:-1])),
            )
            for one in report["results"]
        ]
        return found + sparql.run(known, data)


@lru_cache(maxsize=4)
def _judged(triples: tuple[ox.Triple, ...]) -> tuple[Shapes, str]:
    """Shapes as shacl-rust is given them, and why whatever data it would be wrong with them; kept,
    since the same shapes judge one contribution after the other."""
    shapes = _described(triples)
    known = Shapes([*shapes, *_imported(shapes)])
    used = {one.predicate.value.removeprefix(_SH) for one in shapes}
    for name in ("target", "js", "validator", "nodeValidator", "parameter"):
        if name in used:
            return known, f"the shapes use sh:{name}"
    constraints = sparql.constraints(known)
    if isinstance(constraints, str):
        return known, constraints
    return known, "a shape leads back to itself" if _leads_back(shapes) else ""


_REWRITTEN = frozenset(
    [
        "int",
        "long",
        "short",
        "byte",
        "nonNegativeInteger",
        "positiveInteger",
        "nonPositiveInteger",
        "negativeInteger",
        "unsignedInt",
        "unsignedLong",
        "unsignedShort",
        "unsignedByte",
        "normalizedString",
        "token",
    ]
)
"""Datatypes whose literals engines built on Oxigraph make literals of others."""


def _as_written(values: Iterable[Any], data: Iterable[ox.Triple]) -> dict[Any, Any]:
    """Literals in the form that Oxigraph gives them, each with the one that stands in the data."""
    kinds = {
        one.datatype
        for one in values
        if isinstance(one, ox.Literal) and one.datatype.value != terms.XSD + "string"
    }
    store = ox.Store()
    forms: dict[Any, Any] = {}
    if kinds:
        written = {one.object for one in data if isinstance(one.object, ox.Literal)}
        for literal in (one for one in written if one.datatype in kinds):
            if literal.language == (literal.language or "").lower():
                continue  # it has but one form
            quad = ox.Quad(_NODE, _NODE, literal)
            store.add(quad)
            form = next(iter(store)).object
            if form not in written:  # else it may be told of itself
                forms.setdefault(form, literal)
            store.remove(quad)
    return forms


_NODE = ox.NamedNode("urn:node")


def terms_of(spelled: Iterable[str]) -> dict[str | None, Any]:
    """Terms that are written as N-Triples has them."""
    found: dict[str | None, Any] = {}
    for text in spelled:
        line = f"<urn:s> <urn:p> {text} ."
        found[text] = next(iter(ox.parse(line, format=ox.RdfFormat.N_TRIPLES))).object
    return found


def _leads_back(shapes: Sequence[ox.Triple]) -> bool:
    """Whether a shape refers to itself, through others or at once."""
    leads: dict[Any, list[Any]] = {}
    names = ("node", "property", "and", "or", "not", "xone", "qualifiedValueShape")
    referring = {terms.FIRST, terms.REST, *(_SH + name for name in names)}
    for one in shapes:
        if one.predicate.value in referring:
            leads.setdefault(one.subject, []).append(one.object)
    done: set[Any] = set()
    for start in leads:
        path: list[tuple[Any, Iterator[Any]]] = [(start, iter(leads[start]))]
        open_ = {start}
        while path:
            node, rest = path[-1]
            following = next(rest, None)
            if following is None:
                path.pop()
                open_.discard(node)
                done.add(node)
            elif following in open_:
                return True
            elif following not in done and following in leads:
                path.append((following, iter(leads[following])))
                open_.add(following)
    return False


ENGINES: tuple[Engine, ...] = (ShaclRust(), PySHACL())
"""The fastest first."""


def installed() -> list[Engine]:
    """The engines that are here."""
    return [
        one
        for one in ENGINES
        if isinstance(one, PySHACL) or importlib.util.find_spec("shacl_rust") is not None
    ]


def best(
    shapes: Sequence[ox.Triple], data: Sequence[ox.Triple], wanted: str = ""
) -> tuple[Engine, list[str]]:
    """The engine to run some shapes, and in sentences why a faster or the wanted one is not it.

    Raises CouldNotCheck where the wanted one is not installed.
    """
    here = installed()
    if wanted and not any(one.name.lower() == wanted.lower() for one in here):
        raise CouldNotCheck(
            f"There is no engine {wanted} here", "pip install 'foedera[fast]' brings the fast ones."
        )
    notes: list[str] = []
    for one in here:
        if wanted and one.name.lower() != wanted.lower():
            continue
        cause = one.refuses(shapes, data)
        if not cause:
            return one, notes
        notes.append(f"{one.name} was not used, since {cause}")
    return PySHACL(), notes


def run(
    engine: Engine,
    shapes: Sequence[ox.Triple],
    data: Sequence[ox.Triple],
    *,
    seconds: float,
    memory: int,
    notes: list[str] | None = None,
) -> list[Result]:
    """The results of an engine that runs in a child.

    Where an accelerator is not trusted with them, ends its process or cannot read something,
    pySHACL does its work, and ``notes`` is told. Raises CouldNotCheck, TimedOut and EngineFailed:
    never is what could not be checked taken for conforming.
    """

    def instead(cause: str) -> list[Result]:
        if notes is not None:
            notes.append(f"{_INSTEAD} {engine.name}, which {cause}")
        return run(PySHACL(), shapes, data, seconds=seconds, memory=memory)

    # What is run may have more in it than what the engine was chosen by.
    cause = engine.refuses(shapes, data)
    if cause:
        return instead(f"is not trusted with them, since {cause}")
    try:
        told = apart.apart(
            lambda: {"results": [packed(one) for one in _explained(engine, shapes, data)]},
            apart.Bounds(seconds, memory),
        )
    except TimeoutError:
        raise TimedOut(
            f"The shapes ran for longer than {seconds:,.0f} seconds",
            "Nothing is known of the data. Check less at once.",
        ) from None
    except CouldNotCheck:
        if isinstance(engine, PySHACL):
            raise
        return instead("could not read the shapes or the data")
    except EngineFailed:
        if isinstance(engine, PySHACL):
            raise
        return instead("failed")
    except EOFError:
        if not isinstance(engine, PySHACL):
            return instead("ended its process")
        raise EngineFailed(
            f"The shapes need more than the {memory // 1_000_000:,} MB that they may take",
            "Nothing is known of the data. Check less at once.",
        ) from None
    return unpacked(told["results"])


def _explained(
    engine: Engine, shapes: Sequence[ox.Triple], data: Sequence[ox.Triple]
) -> list[Result]:
    """In a child: the results, with details."""

    def run(rules: Sequence[ox.Triple], data: Sequence[ox.Triple]) -> list[Result]:
        trusted = PySHACL() if engine.refuses(rules, data) else engine
        return trusted.run(rules, data)

    results = engine.run(shapes, data)
    try:
        return why.explained(run, shapes, data, results)
    except CouldNotCheck:  # it is a help, and no more: the results stand
        return results


_INSTEAD = "pySHACL ran the shapes in the place of"


def named(engine: Engine, notes: Iterable[str]) -> str:
    """What ran, with its version, as far as the notes of `run` tell."""
    helped = any(note.startswith(_INSTEAD) for note in notes)
    ran = [engine, PySHACL()] if helped else [engine]
    return ", ".join(f"{one.name} {one.version}" for one in ran)


def packed(result: Result) -> list[Any]:
    """A result as JSON can hold it."""
    spelled = [
        None if one is None else str(one)
        for one in (result.focus, result.value, result.shape, result.constraint)
    ]
    return [
        *spelled,
        result.path,
        result.component,
        result.severity,
        result.messages,
        [packed(one) for one in result.details],
    ]


def unpacked(packed: list[list[Any]]) -> list[Result]:
    """What `packed` made of results, as these."""
    spelled = {term for row in packed for term in _spelled(row)}
    known = terms_of(spelled)
    known[None] = None

    def result(row: list[Any]) -> Result:
        focus, value, shape, constraint, path, component, severity, messages, details = row
        return Result(
            known[focus],
            path,
            known[value],
            known[shape],
            component,
            severity,
            known[constraint],
            messages,
            tuple(map(result, details)),
        )

    return [result(row) for row in packed]


def _spelled(row: list[Any]) -> Iterator[str]:
    yield from (term for term in row[:4] if term is not None)
    for detail in row[8]:
        yield from _spelled(detail)


def refuse_services(shapes: Iterable[ox.Triple]) -> None:
    """Checking asks nobody: raises CouldNotCheck for a SPARQL constraint that would."""
    for one in shapes:
        if one.predicate.value in (_SH + "select", _SH + "ask"):
            try:
                scan(getattr(one.object, "value", ""), OWN)
            except FoederaError as fault:
                raise CouldNotCheck(
                    f"{one.subject}: {fault.detail}",
                    "This is a fault of the rules, not of the data: nothing was checked by them.",
                    shape=str(one.subject),
                ) from None


def _severity(node: Any) -> str:
    return _SEVERITIES.get(getattr(node, "value", ""), "violation")


def _language(message: str, templates: Iterable[Any]) -> str:
    """The language of a message that lost its tag when pySHACL put the values in."""
    for template in templates:
        if not isinstance(template, ox.Literal) or not template.language:
            continue
        pieces = re.split(r"\{[?$]\w+\}", template.value)
        if re.fullmatch(".*".join(map(re.escape, pieces)), message, re.DOTALL):
            return template.language
    return "en"


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


@contextlib.contextmanager
def _comparing() -> Iterator[None]:
    """Make what cannot be compared a result (SHACL, section 4.5.3): pySHACL 0.40 gives up the whole
    check over a blank node, a date that there is not, or a gYear."""
    from pyshacl.constraints.core import property_pair_constraints as pairs
    from rdflib import Literal, URIRef

    def text(node: Any) -> str | None:
        if isinstance(node, URIRef):
            return str(node)
        value = node.value if isinstance(node, Literal) else None
        return value if isinstance(value, str) else None

    def fits(one: Any, other: Any, equal: bool) -> bool:
        texts = text(one), text(other)
        if (texts[0] is None) != (texts[1] is None):
            return False
        if texts[0] is not None:
            one, other = texts
        elif not (isinstance(one, Literal) and isinstance(other, Literal)):
            return False
        try:
            return bool(one <= other if equal else one < other)
        except (TypeError, ArithmeticError):
            return False

    def compare(equal: bool) -> Callable[..., tuple[bool, list[Any]]]:
        def compared(self: Any, values: Any, others: Any, graph: Any, focus: Any) -> Any:
            others = list(others)
            told = [
                self.make_v_result(graph, focus, value_node=value)
                for value in values
                for other in others
                if not fits(value, other, equal)
            ]
            return bool(told), told

        return compared

    less, most = pairs.LessThanConstraintComponent, pairs.LessThanOrEqualsConstraintComponent
    before = less._compare_lt, most._compare_ltoe
    less._compare_lt, most._compare_ltoe = compare(False), compare(True)  # type: ignore[method-assign]
    try:
        yield
    finally:
        less._compare_lt, most._compare_ltoe = before  # type: ignore[method-assign]


def _at_work(fault: BaseException) -> Any:
    """The shape that pySHACL was at when it failed, or None: its errors seldom name it."""
    from rdflib.term import IdentifiedNode

    from foedera import bridge

    found = None
    for frame, _ in traceback.walk_tb(fault.__traceback__):
        names = frame.f_locals
        actor = names.get("self")
        for shape in (names.get("s"), names.get("node"), getattr(actor, "shape", actor)):
            node = getattr(shape, "node", shape)
            found = node if isinstance(node, IdentifiedNode) else found
    return None if found is None else bridge.to_oxigraph(found)
