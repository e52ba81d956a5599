"""The answer to a SELECT query as columns and rows of terms, and what kind each column is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from foedera import terms

Term: TypeAlias = Mapping[str, Any]
"""A term as SPARQL 1.1 Query Results JSON has it (section 3.2.2)."""

THING, NUMBER, DATE, POINT, TEXT = "thing", "number", "date", "point", "text"
"""The kinds of columns."""

_NUMBERS = frozenset(
    terms.XSD + name
    for name in (
        *("integer", "decimal", "double", "float", "int", "long", "short", "byte"),
        *("nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
        *("unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte"),
    )
)
_DATES = frozenset(
    [terms.XSD + name for name in ("date", "dateTime", "dateTimeStamp", "gYear", "gYearMonth")]
)
_WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"

_LOOKED_AT = 1000
"""How many rows say of what kind a column is."""


@dataclass(frozen=True)
class Table:
    """Columns, rows, and whether these are all."""

    columns: Sequence[str]
    rows: Sequence[Mapping[str, Term]]
    whole: bool

    @cached_property
    def kinds(self) -> dict[str, str]:
        """The kind of each column that holds anything."""
        found = {}
        for column in self.columns:
            held = {_kind(row[column]) for row in self.rows[:_LOOKED_AT] if column in row}
            if held:
                found[column] = held.pop() if len(held) == 1 else TEXT
        return found

    def of(self, *kinds: str) -> list[str]:
        """The columns of some kinds, in order."""
        return [column for column, kind in self.kinds.items() if kind in kinds]


def _kind(term: Term) -> str:
    if term["type"] == "uri":
        return THING
    datatype = term.get("datatype", "")
    if datatype in _NUMBERS:
        return NUMBER
    if datatype in _DATES or datatype.startswith(terms.EDTF):
        return DATE
    return POINT if datatype == _WKT else TEXT


def read(body: bytes, whole: bool) -> Table | bool:
    """What a SPARQL JSON answer holds: a table, or the verdict of an ASK.

    An answer that was cut (not ``whole``) gives the rows that are there in full.
    """
    if whole:
        content = json.loads(body)
        if "boolean" in content:
            return bool(content["boolean"])
        return Table(content["head"]["vars"], content["results"]["bindings"], whole=True)
    text = body.decode("utf-8", "ignore")
    head = re.match(r'\{"head":(\{[^}]*\}),"results":\{"bindings":\[', text)
    if head is None:
        return Table((), (), whole=False)
    decoder = json.JSONDecoder()
    rows, position = [], head.end()
    while position < len(text):
        try:
            row, position = decoder.raw_decode(text, position)
        except ValueError:  # the one that was cut
            break
        rows.append(row)
        position += 1  # the comma
    return Table(json.loads(head[1])["vars"], rows, whole=False)
