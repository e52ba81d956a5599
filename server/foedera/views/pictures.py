"""An answer as a picture: a chart, a timeline, a network or a map, where its columns allow one.

Each says where its marks stand; the templates draw them, as SVG that needs no script.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from foedera.views.table import DATE, NUMBER, POINT, TEXT, THING, Table, Term

_ROWS = 200
"""How many rows one picture shows."""


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: what it is of, how much, and where it stands, in hundredths."""

    name: Term
    value: Term
    x: float
    width: float


@dataclass(frozen=True)
class Chart:
    """Numbers as bars."""

    column: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Span:
    """A time on a timeline: whose, when, and where it stands, in hundredths.

    ``open`` tells that it may begin earlier or end later than is drawn.
    """

    name: Term | None
    when: Term
    x: float
    width: float
    open: bool


@dataclass(frozen=True)
class Timeline:
    """Dates along an axis; ``ticks`` are places and what is written there."""

    spans: Sequence[Span]
    ticks: Sequence[tuple[float, str]]


@dataclass(frozen=True)
class Node:
    name: Term
    x: float
    y: float


@dataclass(frozen=True)
class Network:
    """Things and which stand in one row; the lines name two places among the nodes."""

    nodes: Sequence[Node]
    lines: Sequence[tuple[int, int]]
    size: tuple[int, int] = (960, 640)


@dataclass(frozen=True)
class Map:
    """Places by longitude and, downwards, latitude; ``frame`` is what is seen of the world."""

    nodes: Sequence[Node]
    frame: tuple[float, float, float, float]


Picture = Chart | Timeline | Network | Map


def offered(table: Table) -> list[str]:
    """The pictures that the columns of an answer allow, by name."""
    if len(table.rows) < 2:
        return ["map"] if _places(table) else []
    return [name for name, (allowed, _) in _PICTURES.items() if allowed(table)]


def draw(name: str, table: Table) -> Picture:
    """The picture of a name that is `offered`."""
    return _PICTURES[name][1](table)


def seen(picture: Picture) -> Iterator[Term]:
    """The terms of which a picture shows the names."""
    if isinstance(picture, Chart):
        for bar in picture.bars:
            yield from (bar.name, bar.value)
    elif isinstance(picture, Timeline):
        for span in picture.spans:
            yield span.when
            if span.name is not None:
                yield span.name
    else:
        yield from (node.name for node in picture.nodes)


def _named(table: Table) -> str | None:
    """The column that names the rows."""
    return next(iter(table.of(THING) or table.of(TEXT)), None)


# A chart


_ANGLES = re.compile(r"lat(itude)?|lon(g|gitude)?|lng", re.IGNORECASE)


def _measured(table: Table) -> list[str]:
    """The columns of numbers that are not degrees."""
    return [column for column in table.of(NUMBER) if not _ANGLES.fullmatch(column)]


def _may_chart(table: Table) -> bool:
    return bool(_measured(table)) and _named(table) is not None


def _chart(table: Table) -> Chart:
    name, column = _named(table), _measured(table)[0]
    rows = [row for row in table.rows if name in row and column in row][:_ROWS]
    values = [_number(row[column]) for row in rows]
    low, high = min([0.0, *values]), max([0.0, *values])
    scale = 100 / (high - low or 1)
    return Chart(
        column,
        [
            Bar(row[name], row[column], (min(value, 0) - low) * scale, abs(value) * scale)
            for row, value in zip(rows, values, strict=True)
            if name is not None
        ],
    )


def _number(term: Term) -> float:
    try:
        value = float(term["value"])
    except ValueError:
        return 0.0
    return value if math.isfinite(value) else 0.0


# A timeline


_DAY = re.compile(r"(?<![\d-])(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?![\d])")


def _may_time(table: Table) -> bool:
    return any(
        _bounds(row[column]) for column in table.of(DATE) for row in table.rows if column in row
    )


def _timeline(table: Table) -> Timeline:
    name = _named(table)
    found = [
        (bounds, row.get(name) if name else None, row[column])
        for column in table.of(DATE)[:1]
        for row in table.rows
        if column in row and (bounds := _bounds(row[column]))
    ][:_ROWS]
    found.sort(key=lambda one: one[0][:2])
    low = min(bounds[0] for bounds, _, _ in found)
    high = max(bounds[1] for bounds, _, _ in found)
    margin = max(1, (high - low) // 40)
    low, high = low - margin, high + margin
    scale = 100 / (high - low)
    return Timeline(
        [
            Span(name, when, (first - low) * scale, (last - first) * scale, open_)
            for (first, last, open_), name, when in found
        ],
        [((day - low) * scale, text) for day, text in _ticks(low, high)],
    )


def _bounds(term: Term) -> tuple[int, int, bool] | None:
    """The first day of a date and the day after its last, counted from year 1; and whether it may
    reach further. None for what is no date of our era."""
    text = str(term["value"]).partition("T")[0]
    days = [_period(*match.groups()) for match in _DAY.finditer(text)]
    good = [day for day in days if day]
    if not good:
        return None
    return good[0][0], max(good[-1][1], good[0][1]), ".." in text or text.strip("~?%")[-1:] == "/"


def _period(year: str, month: str | None, day: str | None) -> tuple[int, int] | None:
    y, m = int(year), int(month or 1)
    try:
        first = datetime.date(y, m, int(day or 1)).toordinal()
        if day:
            return first, first + 1
        after = (
            datetime.date(y + 1, 1, 1) if month is None or m == 12 else datetime.date(y, m + 1, 1)
        )
        return first, after.toordinal()
    except ValueError:
        return None


_STEPS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000)
"""Months between two ticks of an axis."""


def _ticks(low: int, high: int) -> Iterator[tuple[int, str]]:
    """Up to about six days along an axis, and what is written there."""
    first, last = (datetime.date.fromordinal(max(1, day)) for day in (low, high))
    months = (last.year - first.year) * 12 + last.month - first.month
    if months <= 2:
        step = max(1, -(-(high - low) // 6))
        for day in range(low + 1, high, step):
            yield day, datetime.date.fromordinal(day).isoformat()
        return
    step = next((one for one in _STEPS if months / one <= 6), _STEPS[-1])
    start = first.year * 12 + first.month  # the month after the first, counted from 0
    for month in range(-(-start // step) * step, last.year * 12 + last.month, step):
        when = datetime.date(month // 12, month % 12 + 1, 1)
        yield when.toordinal(), when.strftime("%Y") if step >= 12 else when.isoformat()[:7]


# A network


def _may_net(table: Table) -> bool:
    return len(table.of(THING)) > 1


def _network(table: Table) -> Network:
    one, other = table.of(THING)[:2]
    places: dict[str, int] = {}
    named: list[Term] = []
    lines: dict[tuple[int, int], None] = {}
    for row in table.rows:
        if one not in row or other not in row or len(named) >= _ROWS - 1:
            continue
        for term in (row[one], row[other]):
            if term["value"] not in places:
                places[term["value"]] = len(named)
                named.append(term)
        ends = places[row[one]["value"]], places[row[other]["value"]]
        if ends[0] != ends[1]:
            lines.setdefault(ends)
    width, height = Network.size
    round_ = [2 * math.pi * n / max(1, len(named)) for n in range(len(named))]
    return Network(
        [
            Node(
                term,
                width / 2 + width * 0.36 * math.cos(angle),
                height / 2 + height * 0.42 * math.sin(angle),
            )
            for term, angle in zip(named, round_, strict=True)
        ],
        list(lines),
    )


# A map


_WKT_POINT = re.compile(r"POINT\s*Z?\s*\(\s*([-+.\deE]+)\s+([-+.\deE]+)", re.IGNORECASE)
_LATITUDE = re.compile(r"lat(itude)?", re.IGNORECASE)
_LONGITUDE = re.compile(r"lon(g|gitude)?|lng", re.IGNORECASE)

_NARROWEST = 24.0
"""Degrees that a map shows at least: the coast lines are coarse."""


def _places(table: Table) -> list[tuple[Term | None, float, float]]:
    """The rows that are somewhere: what names them, longitude, latitude."""
    name = _named(table)
    found = []
    for row in table.rows:
        at = _at(table, row)
        if at and abs(at[0]) <= 180 and abs(at[1]) <= 90:
            found.append((row.get(name) if name else None, *at))
    return found


def _at(table: Table, row: Mapping[str, Term]) -> tuple[float, float] | None:
    for column in table.of(POINT):
        match = _WKT_POINT.search(row[column]["value"]) if column in row else None
        if match:
            try:
                return float(match[1]), float(match[2])
            except ValueError:
                return None
    degrees = []
    for named in (_LONGITUDE, _LATITUDE):
        angle = next((c for c in table.columns if named.fullmatch(c) and c in row), None)
        try:
            degrees.append(float(row[angle]["value"]) if angle else math.inf)
        except ValueError:
            return None
    return (degrees[0], degrees[1]) if all(map(math.isfinite, degrees)) else None


def _may_map(table: Table) -> bool:
    return bool(_places(table))


def _map(table: Table) -> Map:
    found = _places(table)[:_ROWS]
    nodes = [
        Node(name or {"type": "literal", "value": f"{y:g}, {x:g}"}, x, -y) for name, x, y in found
    ]
    left, right = min(n.x for n in nodes), max(n.x for n in nodes)
    top, bottom = min(n.y for n in nodes), max(n.y for n in nodes)
    width = min(360.0, max(_NARROWEST, (right - left) * 1.25, (bottom - top) * 2.5))
    height = min(180.0, width / 2)
    x = min(max((left + right - width) / 2, -180), 180 - width)
    y = min(max((top + bottom - height) / 2, -90), 90 - height)
    return Map(nodes, (x, y, width, height))


_PICTURES: dict[str, tuple[Callable[[Table], bool], Callable[[Table], Picture]]] = {
    "chart": (_may_chart, _chart),
    "timeline": (_may_time, _timeline),
    "network": (_may_net, _network),
    "map": (_may_map, _map),
}
"""The pictures by name: whether the columns allow it, and how it is drawn."""

NAMES = tuple(_PICTURES)
