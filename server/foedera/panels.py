"""Panels: what a publication wants seen of a thing at one look, before all that is known of it.

A panel is a node among the shapes. ``:panelFor`` names the classes of things that it is for,
``:panelKind`` how it looks (`KINDS`), ``sh:name`` is its heading, ``sh:order`` its place, and
``sh:select`` a query of ``$this``, with the prefixes that ``sh:prefixes`` declares (SHACL, section
5.2.1). The query selects ``$this`` and uses it in a triple of each group, so that every engine
starts there. What its other variables are for is told by their names:

``?group``        a ``sh:PropertyGroup``, under the label of which the row stands
``?details``      the thing that the row is about, where its evidence stands; one row for each
``?evidence``     what the row rests on; it is counted
``?date``         when it was; or ``?begins``, ``?ends`` and, in between, ``?seen``
``?confidence``   how sure it is, where it is not; ``?status`` how far it has come
``?before``       in a chain: what comes before
``?wkt``          on a map: where it is; or ``?lat`` and ``?long``

All others are columns, the first of which names the row. The heading of one is the ``sh:name`` of
the ``:PanelColumn`` of that ``:variable``. Solutions for one thing (or one name) are one row.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias

import pyoxigraph as ox

from foedera import terms
from foedera.dates import Days, days
from foedera.points import on_earth
from foedera.stores.base import Store
from foedera.words import NUMBERS, Namesakes, Words, local_name

TABLE, PEOPLE, TIMELINE, CHAIN, NETWORK, MAP = KINDS = (
    *("table", "people", "timeline", "chain", "network", "map"),
)
"""How a panel looks. People are a table of whom it was, for whom and in which role; a chain puts
in order what comes before and after; a network is whom a thing shares others with."""

MOST = 60
"""How many rows a panel shows."""

_READ = 300
"""How many solutions are read: a panel never costs more than that, whatever leads to a thing."""

_VALUES = 8
"""How many values stand in one cell."""

_TIMES = ("date", "begins", "ends", "seen")
_APART = frozenset(
    (
        *("this", "group", "details", "evidence", *_TIMES, "confidence", "status", "before"),
        *("wkt", "lat", "long"),
    )
)
"""Variables that are no column of their own."""

_LAST = 1e9
"""Where what has no sh:order stands."""


_log = logging.getLogger(__name__)

About: TypeAlias = Callable[[Any, Any, Any], Iterable[ox.Quad]]
"""The triples that match a pattern."""


def _ours(name: str) -> ox.NamedNode:
    return ox.NamedNode(terms.FOEDERA + name)


def _sh(name: str) -> ox.NamedNode:
    return ox.NamedNode(terms.SH + name)


_TYPE = ox.NamedNode(terms.TYPE)
_PANEL, _COLUMN = _ours("Panel"), _ours("PanelColumn")
_FOR, _KIND, _VARIABLE = _ours("panelFor"), _ours("panelKind"), _ours("variable")
_SELECT, _NAME, _ORDER = _sh("select"), _sh("name"), _sh("order")


@dataclass(frozen=True)
class Panel:
    """A panel as it is declared; ``query`` has its prefixes."""

    node: Any
    classes: frozenset[Any]
    kind: str
    names: tuple[ox.Literal, ...]
    order: float
    query: str


def _values(about: About, node: Any, predicate: ox.NamedNode) -> list[Any]:
    return [quad.object for quad in about(node, predicate, None)]


def _texts(about: About, node: Any, predicate: ox.NamedNode) -> list[str]:
    return [one.value for one in _values(about, node, predicate) if isinstance(one, ox.Literal)]


def _names(about: About, node: Any) -> tuple[ox.Literal, ...]:
    return tuple(one for one in _values(about, node, _NAME) if isinstance(one, ox.Literal))


def _order(about: About, node: Any) -> float:
    try:
        return min(map(float, _texts(about, node, _ORDER)), default=_LAST)
    except ValueError:
        return _LAST


def _prefixes(about: About, node: Any) -> str:
    """What ``sh:prefixes`` of a node declares, as SPARQL has it."""
    found = {
        (prefix, space)
        for owner in _values(about, node, _sh("prefixes"))
        for one in _values(about, owner, _sh("declare"))
        for prefix in _texts(about, one, _sh("prefix"))
        for space in _texts(about, one, _sh("namespace"))
    }
    return "".join(f"PREFIX {prefix}: <{space}>\n" for prefix, space in sorted(found))


def declared(about: About) -> list[Panel]:
    """The panels of classes, in their order. Those of the whole dataset name no class."""
    found = []
    for node in {quad.subject for quad in about(None, _TYPE, _PANEL)}:
        classes = frozenset(_values(about, node, _FOR))
        texts = _texts(about, node, _SELECT)
        if classes and texts:
            kind = next(iter(_texts(about, node, _KIND)), "")
            query = _prefixes(about, node) + texts[0]
            names = _names(about, node)
            found.append(Panel(node, classes, kind, names, _order(about, node), query))
    return sorted(found, key=lambda panel: (panel.order, str(panel.node)))


def fault(panel: Panel) -> str | None:
    """What keeps a panel from being shown, in words; None where nothing does."""
    if panel.kind not in KINDS:
        return f"a panel of a class is one of {', '.join(KINDS)}: say which by :panelKind"
    try:
        answer = ox.Store().query(
            panel.query, substitutions={ox.Variable("this"): _PANEL}, base_iri=terms.FOEDERA
        )
    except SyntaxError as problem:
        return f"its query does not parse: {problem}"
    except RuntimeError:
        return "its query does not select $this, the thing that the panel is of"
    if not isinstance(answer, ox.QuerySolutions):
        return "its query is no SELECT query"
    if not any(one.value not in _APART for one in answer.variables) and panel.kind != CHAIN:
        return "its query selects nothing that could name a row"
    return None


def faults(about: About) -> Iterator[tuple[ox.Quad, str]]:
    """What is wrong with panels, each with the triple to look at."""
    for panel in declared(about):
        words = fault(panel)
        if words:
            unknown = panel.kind not in KINDS
            place = [*about(panel.node, _KIND, None)] if unknown else []
            yield (place or [*about(panel.node, _SELECT, None)])[0], words


@dataclass(frozen=True)
class _Plan:
    """What a release declares: panels that can be shown, headings of columns, order of groups."""

    panels: Sequence[Panel]
    columns: Mapping[str, tuple[ox.Literal, ...]]
    groups: Mapping[Any, float]


def _plan(store: Store) -> _Plan:
    panels = []
    for panel in declared(store.about):
        words = fault(panel)
        if words:
            _log.warning("the panel %s is left out: %s", panel.node, words)
        else:
            panels.append(panel)
    columns = {
        variable: _names(store.about, quad.subject)
        for quad in store.about(None, _TYPE, _COLUMN)
        for variable in _texts(store.about, quad.subject, _VARIABLE)
    }
    groups = {
        quad.subject: _order(store.about, quad.subject)
        for quad in store.about(None, _TYPE, _sh("PropertyGroup"))
    }
    return _Plan(panels, columns, groups)


@dataclass
class _Row:
    """What the solutions say of one row: the values of each variable, each once."""

    key: Any
    group: Any
    held: dict[str, dict[Any, None]] = field(default_factory=dict)

    def add(self, name: str, value: Any) -> None:
        self.held.setdefault(name, {})[value] = None

    def of(self, name: str) -> list[Any]:
        return list(self.held.get(name, ()))

    def one(self, name: str) -> Any:
        return next(iter(self.held.get(name, ())), None)


@dataclass(frozen=True)
class _Answer:
    """The rows of a panel, and whether there were more solutions than are read."""

    variables: Sequence[str]
    rows: Sequence[_Row]
    cut: bool

    @property
    def columns(self) -> list[str]:
        """The variables that are columns, where a row has anything for them."""
        return [
            name
            for name in self.variables
            if name not in _APART and any(name in row.held for row in self.rows)
        ]


def _answer(store: Store, panel: Panel, thing: ox.NamedNode) -> _Answer:
    found = store.query(panel.query, values={"this": thing})
    assert isinstance(found, ox.QuerySolutions)
    variables = [variable.value for variable in found.variables]
    column = next((name for name in variables if name not in _APART), None)
    grouped, detailed = "group" in variables, "details" in variables
    rows: dict[tuple[Any, Any], _Row] = {}
    count = 0
    for solution in islice(found, _READ):
        count += 1
        group = solution["group"] if grouped else None
        key = (solution["details"] if detailed else None) or (solution[column] if column else None)
        if key is None:
            continue
        row = rows.setdefault((group, key), _Row(key, group))
        for name, value in zip(variables, solution, strict=True):
            if value is not None and not isinstance(value, ox.Triple):
                row.add(name, value)
    return _Answer(variables, list(rows.values()), count == _READ)


def of(
    store: Store,
    words: Words,
    thing: ox.NamedNode,
    types: Iterable[Any],
    namesakes: Namesakes | None = None,
) -> list[dict[str, Any]]:
    """The panels of a thing of some classes that have anything to show, in their order, as JSON.

    A panel has its ``name``, ``kind``, the names of its ``columns`` and its ``groups``: each a
    ``name`` (None where the rows are in none) and ``rows``. A row has its ``cells``, each the
    ``values`` and how many ``more`` there are, and may have ``when``, ``confidence``, ``status``,
    ``evidence`` (a count) and ``details`` (where that stands), its ``point`` on a map, its ``step``
    in a chain and whether it is the thing itself (``here``), how much it has in common with the
    thing of a network (``count``). ``more`` counts the rows that are not shown; there are others,
    not counted, where it is ``cut``.

    One query a panel, and the names of all that they show together. The links are added to the
    ``namesakes`` of the page.
    """
    namesakes = namesakes or Namesakes(store, words)
    plan, mine = store.once(_plan), frozenset(types)
    answers = [
        (panel, answer)
        for panel in plan.panels
        if panel.classes & mine and (answer := _answer(store, panel, thing)).rows
    ]
    store.expect(
        {
            value: None
            for _, answer in answers
            for row in answer.rows
            for values in row.held.values()
            for value in values
            if isinstance(value, ox.NamedNode)
        }
    )
    return [
        _Shown(store, words, plan, panel, thing, namesakes).content(answer)
        for panel, answer in answers
    ]


def classes(store: Store) -> frozenset[Any]:
    """The classes that have panels: those of which the publication wants most seen."""
    return frozenset().union(*(panel.classes for panel in store.once(_plan).panels))


class _Shown:
    """The making of one panel."""

    def __init__(
        self,
        store: Store,
        words: Words,
        plan: _Plan,
        panel: Panel,
        thing: ox.NamedNode,
        namesakes: Namesakes,
    ) -> None:
        self._store = store
        self._words = words
        self._plan = plan
        self._panel = panel
        self._thing = thing
        self._namesakes = namesakes

    def content(self, answer: _Answer) -> dict[str, Any]:
        columns = answer.columns
        rows = answer.rows
        steps: dict[Any, int] = {}
        if self._panel.kind == CHAIN:
            rows, steps = self._chained(answer)
        shared = columns[1] if self._panel.kind == NETWORK and len(columns) > 1 else ""
        times = {id(row): _time(row) for row in rows}

        def place(row: _Row) -> Any:
            count = len(row.of(shared))
            step = steps.get(row.key, 0)
            order = self._plan.groups.get(row.group, _LAST)
            day = times[id(row)].day
            name = self._name(row, columns).lower()
            return order, str(row.group), step, -count, day is None, day, name, str(row.key)

        rows = sorted(rows, key=place)
        shown = rows[:MOST]
        groups: dict[Any, list[dict[str, Any]]] = {}
        for row in shown:
            made = self._row(row, columns, times[id(row)])
            if steps:
                made |= {"step": steps[row.key], "here": row.key == self._thing}
            if shared:
                made["count"] = len(row.of(shared))
            groups.setdefault(row.group, []).append(made)
        return {
            "name": self._words.best(self._panel.names) or self._words.label(self._panel.node),
            "kind": self._panel.kind,
            "columns": [self._column(name, rows) for name in columns],
            "timed": any(row["when"] for rows in groups.values() for row in rows),
            "weighed": any(row["evidence"] for rows in groups.values() for row in rows),
            "groups": [
                {"name": self._words.label(group) if group is not None else None, "rows": held}
                for group, held in groups.items()
            ],
            "more": len(rows) - len(shown),
            "cut": answer.cut,
        }

    def _chained(self, answer: _Answer) -> tuple[list[_Row], dict[Any, int]]:
        """The rows, with those for what is only told to come before others; and the step of each:
        one after the last of what comes before it."""
        rows = {row.key: row for row in answer.rows}
        column = next(name for name in answer.variables if name not in _APART)
        for row in answer.rows:
            for one in row.of("before"):
                if one not in rows:
                    rows[one] = _Row(one, row.group)
                    rows[one].add(column, one)
        before = {key: [one for one in row.of("before") if one != key] for key, row in rows.items()}
        steps = dict.fromkeys(rows, 0)
        for _ in range(len(rows)):  # at most: a circle would never end
            longer = {
                key: max((steps[one] + 1 for one in ones), default=0)
                for key, ones in before.items()
            }
            if longer == steps:
                break
            steps = longer
        return list(rows.values()), steps

    def _name(self, row: _Row, columns: Sequence[str]) -> str:
        first = row.one(columns[0]) if columns else row.key
        if isinstance(first, ox.NamedNode):
            return self._words.label(first)["text"]
        return str(getattr(first, "value", ""))

    def _column(self, name: str, rows: Sequence[_Row]) -> dict[str, Any]:
        values = [value for row in rows for value in row.of(name)]
        return {
            "name": self._words.best(self._plan.columns.get(name, ()))
            or {"text": local_name(name), "language": ""},
            "number": all(_is_number(value) for value in values),
        }

    def _row(self, row: _Row, columns: Sequence[str], time: _Time) -> dict[str, Any]:
        details = row.one("details")
        point = _point(row)
        return {
            "cells": [self._cell(row.of(name)) for name in columns],
            "when": self._when(row, time),
            "confidence": self._marks(row.of("confidence")),
            "status": self._marks(row.of("status")),
            "evidence": len(row.of("evidence")),
            "details": details.value if isinstance(details, ox.NamedNode) else None,
            "point": point,
        }

    def _cell(self, values: Sequence[Any]) -> dict[str, Any]:
        texts = [one for one in values if isinstance(one, ox.Literal) and one.language]
        if len(texts) > 1:  # one text in several languages
            best = self._words.best(texts)
            read = [one for one in texts if best and one.language == best["language"]]
            values = [one for one in values if one not in texts or one in read]
        shown = [made for one in values[:_VALUES] if (made := self._value(one))]
        shown.sort(key=lambda one: str(one["label"]["text"] if "label" in one else one["text"]))
        return {"values": shown, "more": max(0, len(values) - _VALUES)}

    def _value(self, node: Any) -> dict[str, Any] | None:
        if isinstance(node, ox.Literal):
            return {"kind": "text", **self._words.literal(node)}
        if isinstance(node, ox.NamedNode):
            label = self._words.label(node)
            link = {"kind": "link", "iri": node.value, "label": label, "summary": None}
            return self._namesakes.add(link)
        return None

    def _marks(self, values: Sequence[Any]) -> list[dict[str, Any]]:
        """What stands beside a row in a word: a thing with what it means, or a text."""
        found = []
        for one in values:
            if isinstance(one, ox.NamedNode):
                found.append({"text": self._words.label(one), "means": self._words.summary(one)})
            elif isinstance(one, ox.Literal):
                text = {"text": one.value, "language": one.language or ""}
                found.append({"text": text, "means": None})
        return found

    def _when(self, row: _Row, time: _Time) -> dict[str, Any] | None:
        """When it was, in words; on which days it lies, counted from year 1 (None: not bounded);
        on which it surely does, in ``pieces``; and how well that is known."""
        said = {name: self._said(row.of(name)) for name in _TIMES}
        said["seen"] = [one for one in said["seen"] if days(one["text"]) in time.pieces]
        if not any(said.values()):
            return None
        return {
            **said,
            "first": time.first,
            "last": time.last,
            "pieces": [(one.first, one.last) for one in time.pieces],
            "state": time.state,
            "vague": time.state == "lasting" and any(one.first != one.last for one in time.pieces),
        }

    def _said(self, values: Sequence[Any]) -> list[dict[str, str]]:
        found = [one for one in values if isinstance(one, ox.Literal)]
        return [self._words.literal(one) for one in sorted(found, key=lambda one: one.value)]


def _is_number(value: Any) -> bool:
    return isinstance(value, ox.Literal) and value.datatype.value in _NUMBERS


_NUMBERS = NUMBERS | {terms.XSD + "double", terms.XSD + "float"}


@dataclass(frozen=True)
class _Time:
    """On no day before ``first`` nor after ``last``; what was seen under way lasted at least over
    each of its pieces, and all else lies somewhere in its only one."""

    first: int | None
    last: int | None
    pieces: tuple[Days, ...]

    @property
    def state(self) -> str:
        """How well it is known: ``doubtful``, ``lasting`` (seen under way), to the ``day``, within
        a ``period``, or ``open`` on a side."""
        if any(one.doubtful for one in self.pieces):
            return "doubtful"
        if (self.first, self.last) != _ends(self.pieces):
            return "lasting"
        if self.first is None or self.last is None:
            return "open"
        return "day" if self.first == self.last else "period"

    @property
    def day(self) -> int | None:
        """The first day that is known of it."""
        ends = [one.first if one.first is not None else one.last for one in self.pieces]
        return min((end for end in ends if end is not None), default=None)


def _closest(seen: Sequence[Days]) -> tuple[Days, ...]:
    """Times without those within which another is known more closely."""
    found = [
        one
        for one in dict.fromkeys(seen)
        if not any(other != one and _within(other, one) for other in seen)
    ]
    return tuple(sorted(found, key=lambda one: one.first or 0))


def _within(one: Days, other: Days) -> bool:
    return (other.first is None or (one.first is not None and one.first >= other.first)) and (
        other.last is None or (one.last is not None and one.last <= other.last)
    )


def _ends(pieces: Sequence[Days]) -> tuple[int | None, int | None]:
    """The bounds of what has one piece."""
    return (pieces[0].first, pieces[0].last) if len(pieces) == 1 else (-1, -1)


def _time(row: _Row) -> _Time:
    read = {name: _days(row.of(name)) for name in _TIMES}
    begins, ends = read["begins"], read["ends"]
    first = _bound(min, [one.first for one in begins])
    last = _bound(max, [one.last for one in ends])
    if read["seen"]:
        return _Time(first, last, _closest(read["seen"]))
    if read["date"]:
        first = _bound(min, [one.first for one in read["date"]])
        last = _bound(max, [one.last for one in read["date"]])
        doubtful = any(one.doubtful for one in read["date"])
        return _Time(first, last, (Days(first, last, doubtful),))
    if begins or ends:
        return _Time(first, last, (Days(first, last),))
    return _Time(None, None, ())


def _days(values: Iterable[Any]) -> list[Days]:
    texts = (value.value for value in values if isinstance(value, ox.Literal))
    return [found for text in texts if (found := days(text))]


def _bound(pick: Callable[[list[int]], int], ends: Sequence[int | None]) -> int | None:
    """The least or greatest of some days; None where one of them is not bounded, or none is."""
    known = [end for end in ends if end is not None]
    return pick(known) if known and len(known) == len(ends) else None


def _point(row: _Row) -> tuple[float, float] | None:
    """Longitude and latitude, where a row has them and they are on earth."""
    wkt, lat, long = (getattr(row.one(name), "value", "") for name in ("wkt", "lat", "long"))
    return on_earth(wkt, lat, long)
