"""The publication's own queries, of which each row is a finding.

A row may have ?focus, ?path, ?value, ?severity and ?message; ?message_it and the like are the
message in other languages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from foedera.check.findings import SEVERITIES
from foedera.errors import CouldNotCheck, FoederaError
from foedera.query import engine
from foedera.query.scan import Bounds, scan

OWN = Bounds(1_000_000, 1_000, 1_000_000)
"""What the text of a query of the publication's own may measure."""

_LONGEST = 1_000


@dataclass(frozen=True)
class Row:
    """What a query found: terms of Oxigraph, or None, and messages by language tag."""

    rule: str
    focus: Any
    path: Any
    value: Any
    severity: str
    messages: dict[str, str]

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two rows the same finding."""
        return (self.rule, self.focus, self.path, self.value, self.severity)


def rows(rule: str, text: str, store: ox.Store) -> Iterator[Row]:
    """What the query of a file finds in a store. Raises CouldNotCheck where it cannot be run."""
    try:
        scan(text, OWN)
        found = engine.parsed(store.query, text)
        if not isinstance(found, ox.QuerySolutions):
            raise ValueError("this is no SELECT query, of which each row would be a finding")
        names = [variable.value for variable in found.variables]
        for row in found:
            yield _row(rule, {name: row[name] for name in names if row[name] is not None})
    except FoederaError as fault:
        raise not_run(rule, 0, fault.detail) from None
    except (ValueError, RuntimeError) as fault:
        raise not_run(rule, 0, str(fault)) from None


def _row(rule: str, cells: dict[str, Any]) -> Row:
    plain = {name: getattr(cell, "value", str(cell)) for name, cell in cells.items()}
    severity = plain.get("severity", "").rpartition("#")[2].lower()
    messages = {
        name.removeprefix("message").strip("_") or "en": words
        for name, words in plain.items()
        if name.startswith("message")
    }
    return Row(
        rule,
        cells.get("focus"),
        cells.get("path"),
        cells.get("value"),
        severity if severity in SEVERITIES else "violation",
        messages or {"en": f"found by {rule}"},
    )


def not_run(file: str, line: int, words: str) -> CouldNotCheck:
    """That a rule could not be run, and where it stands."""
    told = " ".join(words.split())
    told = told if len(told) <= _LONGEST else told[:_LONGEST] + "…"
    return CouldNotCheck(
        f"{file}{f':{line}' if line else ''}: {told}",
        "This is a fault of the rules, not of the data: nothing was checked by them.",
    )
