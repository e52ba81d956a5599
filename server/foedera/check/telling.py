"""What engines and queries found, as findings that a person can act upon: where, named, mended."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyoxigraph as ox

from foedera.check import codes, fixes
from foedera.check.findings import Finding, Spot
from foedera.check.hygiene import Row
from foedera.check.reading import Document
from foedera.check.results import Result
from foedera.check.shapes import Shapes

Names = Callable[[Iterable[str]], Mapping[str, dict[str, str]]]
"""The names of things by language tag, for many IRIs at once."""


class Places(Protocol):
    """Where in files something stands."""

    def spot(self, focus: Any, path: str, value: Any) -> tuple[str, Spot]:
        """The file and the stretch of text that a finding is about; ``path`` as SPARQL has it."""


@dataclass(frozen=True)
class InDocuments:
    """The places in some documents, to the column."""

    documents: Sequence[Document]

    def spot(self, focus: Any, path: str, value: Any) -> tuple[str, Spot]:
        """The file and the stretch of text that a finding is about.

        The triple itself, where it is there; failing that another of the same property, the thing,
        or what leads to it: a thing that is published already fails for a triple that came.
        """
        steps = [ox.NamedNode(iri) for iri in re.findall("<([^<>]*)>", path)]
        for document in self.documents:
            for step in steps:
                for subject, object_ in ((focus, value), (value, focus)):
                    if object_ is None or not _names(subject):
                        continue
                    found = document.find(subject, step, object_)
                    if found and found.triple.object == object_:
                        return document.name, found.object
        for document in self.documents:
            for step in steps:
                found = document.find(focus, step) if _names(focus) else None
                if found and found.triple.predicate == step:
                    return document.name, found.predicate
        for document in self.documents:
            for node in (focus, value):
                found = document.find(node) if _names(node) else None
                if found:
                    return document.name, found.subject
        return self._led_to(focus, value, steps)

    def _led_to(self, focus: Any, value: Any, steps: Sequence[ox.NamedNode]) -> tuple[str, Spot]:
        """The first triple that leads to a thing, or else has a property that is on the path."""
        for wanted in ({focus, value} - {None}, set[Any](steps)):
            for document in self.documents:
                for one in document.statements:
                    if one.triple.object in wanted:
                        return document.name, one.object
                    if one.triple.predicate in wanted:
                        return document.name, one.predicate
        return (self.documents[0].name if self.documents else ""), Spot()


@dataclass(frozen=True)
class Telling:
    """All that is needed to tell of what was found in some files."""

    places: Places
    shapes: Shapes
    names: Names
    prefixes: Mapping[str, str]

    def results(self, results: Iterable[Result], standing: str) -> list[Finding]:
        """Findings of what an engine found."""
        results = list(results)
        names = self.names(_iris(results))
        return [self._result(one, standing, names) for one in results]

    def rows(self, rows: Iterable[Row], standing: str) -> list[Finding]:
        """Findings of what the publication's queries found."""
        rows = list(rows)
        names = self.names(_iris(rows))
        found = []
        for row in rows:
            path = f"<{row.path.value}>" if isinstance(row.path, ox.NamedNode) else ""
            file, spot = self.places.spot(row.focus, path, row.value)
            found.append(
                Finding(
                    "hygiene",
                    row.severity,
                    file,
                    spot.line,
                    spot.column,
                    row.messages,
                    focus=_plain(row.focus),
                    path=_plain(row.path),
                    value=_plain(row.value),
                    rule=row.rule,
                    code="rule",
                    end_line=spot.end_line,
                    end_column=spot.end_column,
                    labels=dict(names.get(_plain(row.focus), {})),
                    path_labels=self.shapes.path_words(path, _of(names)) if path else {},
                    term="" if row.value is None else str(row.value),
                    standing=standing,
                )
            )
        return found

    def _result(
        self, result: Result, standing: str, names: Mapping[str, dict[str, str]]
    ) -> Finding:
        file, spot = self.places.spot(result.focus, result.path, result.value)
        owner = self.shapes.owner(result.shape)
        path = re.fullmatch("<([^<>]*)>", result.path)
        return Finding(
            "shape",
            result.severity,
            file,
            spot.line,
            spot.column,
            self.shapes.messages(result),
            focus=_plain(result.focus),
            path=path[1] if path else result.path,
            value=_plain(result.value),
            rule=_plain(owner),
            code=codes.of_component(result.component),
            end_line=spot.end_line,
            end_column=spot.end_column,
            labels=dict(names.get(_plain(result.focus), {})),
            path_labels=self.shapes.path_words(result.path, _of(names)) if result.path else {},
            term="" if result.value is None else str(result.value),
            component=result.component,
            fix=self._fix(result, names),
            standing=standing,
        )

    def _fix(self, result: Result, names: Mapping[str, dict[str, str]]) -> str:
        """What to write; not that something known is of a class that it is not said to be of."""
        if result.component.endswith("#ClassConstraintComponent") and names.get(
            _plain(result.value)
        ):
            return ""
        return fixes.fix(result, self.shapes, self.prefixes)


def _names(node: Any) -> bool:
    return isinstance(node, ox.NamedNode | ox.BlankNode)


def _plain(node: Any) -> str:
    return "" if node is None else str(getattr(node, "value", node))


def _of(names: Mapping[str, dict[str, str]]) -> Callable[[str], dict[str, str]]:
    return lambda iri: names.get(iri, {})


def _iris(found: Iterable[Result | Row]) -> set[str]:
    """The IRIs that will be named."""
    iris = set()
    for one in found:
        iris |= {node.value for node in (one.focus, one.value) if isinstance(node, ox.NamedNode)}
        path = one.path if isinstance(one.path, str) else str(one.path or "")
        iris |= set(re.findall("<([^<>]*)>", path))
    return iris
