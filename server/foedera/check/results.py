"""What an engine found by running shapes over data: one row for each result, engines aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyoxigraph as ox


@dataclass(frozen=True)
class Result:
    """One validation result (SHACL, section 3.6.2), in terms of Oxigraph.

    ``path`` is the path of the result as SPARQL writes it (`<iri>`, `^<iri>`, `<a>/<b>` ...), or
    "". ``shape`` is the source shape and ``constraint`` the source constraint (of SPARQL), as the
    shapes graph names them. ``severity`` is a row of SEVERITIES. ``messages`` are by language tag,
    taken from the shapes graph with the values put in. Two results are the same when all but
    their messages and details are.
    """

    focus: Any
    path: str
    value: Any
    shape: Any
    component: str
    severity: str
    constraint: Any = None
    messages: dict[str, str] = field(default_factory=dict, compare=False)
    details: tuple[Result, ...] = field(default=(), compare=False)


class Engine(Protocol):
    """What runs shapes: pySHACL, or an accelerator."""

    name: str

    @property
    def version(self) -> str: ...

    def refuses(self, shapes: Sequence[ox.Triple], data: Sequence[ox.Triple]) -> str:
        """Why these shapes are not to be trusted to it, as a sentence; "" where they are."""

    def run(self, shapes: Sequence[ox.Triple], data: Sequence[ox.Triple]) -> list[Result]:
        """All results of the data by the shapes. Raises CouldNotCheck."""
