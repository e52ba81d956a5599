"""Everything that has a time, in order, what is certain and what is possible told apart."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox

from foedera.dates import Days, days
from foedera.explore import queries
from foedera.query.worker import Reply
from foedera.stores.base import Store
from foedera.words import Words

_ACTORS = 8
"""How many actors one entry names."""

_FAR = 1 << 30
"""A day after all days."""

_YEAR = re.compile(r"\d{4}")

DAY, PERIOD, OPEN, DOUBTFUL, LASTING, UNDATED = (
    *("day", "period", "open", "doubtful", "lasting"),
    "undated",
)
"""How well a time is known: to the day; between two days; bounded on one side; as the source itself
doubts; seen under way, so that it may begin earlier and end later; not at all."""


@dataclass(slots=True)
class _Told:
    """What the rows say of one thing."""

    kinds: list[Any] = field(default_factory=list)
    dates: list[Any] = field(default_factory=list)
    seen: list[Any] = field(default_factory=list)
    begins: list[Any] = field(default_factory=list)
    ends: list[Any] = field(default_factory=list)
    reasons: list[Any] = field(default_factory=list)
    places: list[Any] = field(default_factory=list)
    actors: list[Any] = field(default_factory=list)


_COLUMNS = {
    "kind": "kinds",
    "date": "dates",
    "seen": "seen",
    "begins": "begins",
    "ends": "ends",
    "reason": "reasons",
    "place": "places",
    "actor": "actors",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A thing and its time: on no day before ``first`` nor after ``last``, None where not bounded.

    What was seen under way went on at least on the days of each of ``core``.
    """

    thing: ox.NamedNode
    kind: ox.NamedNode | None
    told: _Told
    state: str
    first: int | None
    last: int | None
    core: tuple[Days, ...]

    @property
    def known(self) -> int:
        """The first day on which it may lie; where that is not known, the last."""
        days = (self.first, self.last, *(one.first for one in self.core))
        return next((day for day in days if day is not None), _FAR)

    @property
    def group(self) -> tuple[int, int] | None:
        """The year and the month under which it stands; 0 for no one month."""
        if self.state == UNDATED:
            return None
        when = datetime.date.fromordinal(self.known)
        return when.year, 0 if self._coarse() else when.month

    def _coarse(self) -> bool:
        """Whether its month is not known. What was seen under way stands where it was first seen;
        what has one bound stands by that, if the month of it is told."""
        if self.state == LASTING:
            one = self.core[0]
            ends = {day for day in (one.first, one.last) if day is not None}
        else:
            ends = {day for day in (self.first, self.last) if day is not None}
        if len(ends) == 1 and self.state == OPEN:
            texts = (one.value for one in (*self.told.dates, *self.told.begins, *self.told.ends))
            return all(_YEAR.fullmatch(text.strip("[]./~?%")) for text in texts)
        return len({datetime.date.fromordinal(day).replace(day=1) for day in ends}) > 1

    def certain(self, period: Days) -> bool:
        """Whether it surely lies in a time, or went on within it."""
        return any(
            one.first is not None
            and one.last is not None
            and not one.doubtful
            and _at(period.first, -_FAR) <= one.first
            and one.last <= _at(period.last, _FAR)
            for one in self.core
        )

    def possible(self, period: Days) -> bool:
        """Whether it may lie in a time."""
        return (
            self.state != UNDATED
            and _at(self.first, -_FAR) <= _at(period.last, _FAR)
            and _at(period.first, -_FAR) <= _at(self.last, _FAR)
        )


def _at(day: int | None, otherwise: int) -> int:
    return otherwise if day is None else day


@dataclass(frozen=True)
class _Line:
    """All moments in order, and whether the rows were more than are read."""

    moments: Sequence[Moment]
    cut: bool


def _line(store: Store) -> _Line:
    told: dict[ox.NamedNode, _Told] = {}
    count = 0
    for row in queries.rows(store, queries.TIMELINE):
        count += 1
        thing = row("thing")
        if not isinstance(thing, ox.NamedNode) or count > queries.ROWS:
            continue
        one = told.setdefault(thing, _Told())
        for column, name in _COLUMNS.items():
            value = row(column)
            if value is not None and value not in (held := getattr(one, name)):
                held.append(value)
    found = [moment for thing, one in told.items() if (moment := _moment(store, thing, one))]
    found.sort(key=_place)
    return _Line(found, count > queries.ROWS)


def _place(moment: Moment) -> tuple[int, int, int, int, str]:
    year, month = moment.group or (_FAR, 0)
    last = _at(moment.last, _FAR)
    return year, month or 13, moment.known, last, moment.thing.value


def _moment(store: Store, thing: ox.NamedNode, told: _Told) -> Moment | None:
    """None for what has neither a date nor a reason for having none."""
    kind = next((one for one in told.kinds if isinstance(one, ox.NamedNode)), None)
    kind = kind or queries.kind_of(store, thing)
    dates, seen = _read(told.dates), _read(told.seen)
    begins, ends = _read(told.begins), _read(told.ends)
    if seen and not dates:
        first = _least(one.first for one in begins) if begins else None
        last = _most(one.last for one in ends) if ends else None
        core = tuple(sorted(seen, key=lambda one: _at(one.first, -_FAR)))
        return Moment(thing, kind, told, LASTING, first, last, core)
    dates = dates or [
        Days(
            _least(one.first for one in begins),
            _most(one.last for one in ends),
            any(one.doubtful for one in (*begins, *ends)),
        )
        for _ in range(bool(begins or ends))
    ]
    if not dates:
        reasoned = told.reasons
        return Moment(thing, kind, told, UNDATED, None, None, ()) if reasoned else None
    whole = Days(
        _least(one.first for one in dates),
        _most(one.last for one in dates),
        any(one.doubtful for one in dates),
    )
    if whole.doubtful:
        state = DOUBTFUL
    elif whole.first is None or whole.last is None:
        state = OPEN
    else:
        state = DAY if whole.first == whole.last else PERIOD
    return Moment(thing, kind, told, state, whole.first, whole.last, (whole,))


def _read(values: Iterable[Any]) -> list[Days]:
    texts = (value.value for value in values if isinstance(value, ox.Literal))
    return [found for text in texts if (found := days(text))]


def _least(ends: Iterable[int | None]) -> int | None:
    found = list(ends)
    return None if None in found or not found else min(day for day in found if day is not None)


def _most(ends: Iterable[int | None]) -> int | None:
    found = list(ends)
    return None if None in found or not found else max(day for day in found if day is not None)


def timeline(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """A part of everything that has a time, in order, as JSON; what has none comes last.

    The call holds ``languages``, ``kinds`` (IRIs of classes; empty for all), ``during`` (a date in
    EDTF, or ""), ``certain`` (only what surely lies in that), ``skip`` and ``most``. The answer has
    the ``entries``, their ``count``, how many of these are ``certain`` to lie in the time asked for
    and how many have no date (``undated``), the ``kinds`` with counts, whether it was ``cut``, and
    the ``query``.
    """
    line = store.once(_line)
    words = Words(store, call["languages"])
    period = days(call["during"]) if call["during"] else None
    kinds: dict[ox.NamedNode, int] = {}
    for moment in line.moments:
        if moment.kind is not None:
            kinds[moment.kind] = kinds.get(moment.kind, 0) + 1
    wanted = frozenset(call["kinds"])
    found = [
        moment
        for moment in line.moments
        if not wanted or (moment.kind is not None and moment.kind.value in wanted)
    ]
    undated = sum(moment.state == UNDATED for moment in found)
    sure: set[ox.NamedNode] = set()
    if period is not None:
        sure = {moment.thing for moment in found if moment.certain(period)}
        found = [
            moment
            for moment in found
            if moment.thing in sure or (not call["certain"] and moment.possible(period))
        ]
    shown = found[call["skip"] : call["skip"] + call["most"]]
    store.expect(moment.thing for moment in shown)
    queries.write(
        reply,
        {
            "entries": [_entry(words, moment, moment.thing in sure) for moment in shown],
            "count": len(found),
            "certain": len(sure),
            "undated": undated,
            "kinds": [
                {**words.link(kind), "count": count, "chosen": kind.value in wanted}
                for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0].value))
            ],
            "cut": queries.ROWS if line.cut else 0,
            "query": queries.text(store, queries.TIMELINE),
        },
    )


def _entry(words: Words, moment: Moment, certain: bool) -> dict[str, Any]:
    told = moment.told
    group = moment.group
    core = [(one.first, one.last) for one in moment.core]
    return {
        **words.link(moment.thing),
        "kind": words.link(moment.kind) if moment.kind is not None else None,
        "state": moment.state,
        "year": group[0] if group else 0,
        "month": group[1] if group else 0,
        "certain": certain,
        "dates": _said(words, told.dates),
        "seen": _said(words, told.seen) if moment.state == LASTING else [],
        "begins": _said(words, told.begins),
        "ends": _said(words, told.ends),
        "first": moment.first,
        "last": moment.last,
        "core": core,
        "reasons": [
            best
            for best in [words.best([r for r in told.reasons if isinstance(r, ox.Literal)])]
            if best
        ],
        "places": queries.links(words, told.places),
        "actors": queries.links(words, told.actors)[:_ACTORS],
        "more": max(0, len(told.actors) - _ACTORS),
    }


def _said(words: Words, values: Iterable[Any]) -> list[dict[str, str]]:
    found = [value for value in values if isinstance(value, ox.Literal)]
    return [words.literal(value) for value in sorted(found, key=lambda one: one.value.strip("[./"))]


OPERATIONS = {"timeline": timeline}
"""What a worker can do for this page, by name."""
