"""An answer as a picture: a chart, a timeline, a network or a map, where its columns allow one.

Each says where its marks stand; the templates draw them, as SVG that needs no script.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from foedera.dates import days
from foedera.points import on_earth
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
    found = days(str(term["value"]))
    if found is None:
        return None
    ends = [day for day in (found.first, found.last) if day is not None]
    return (ends[0], ends[-1] + 1, len(ends) < 2) if ends else None


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
        if at:
            found.append((row.get(name) if name else None, *at))
    return found


def _at(table: Table, row: Mapping[str, Term]) -> tuple[float, float] | None:
    for column in table.of(POINT):
        if column in row:
            return on_earth(row[column]["value"])
    lat, long = (
        next((row[c]["value"] for c in table.columns if named.fullmatch(c) and c in row), "")
        for named in (_LATITUDE, _LONGITUDE)
    )
    return on_earth("", lat, long)


def _may_map(table: Table) -> bool:
    return bool(_places(table))


def _map(table: Table) -> Map:
    found = _places(table)[:_ROWS]
    nodes = [
        Node(name or {"type": "literal", "value": f"{y:g}, {x:g}"}, x, -y) for name, x, y in found
    ]
    return Map(nodes, atlas([(node.x, -node.y) for node in nodes]))


# Lanes: a timeline of many things, each with its name where there is room for it


WIDE = 1000
"""The width of a picture of lanes or of a network; text in it is `TEXT_SIZE` high."""

TEXT_SIZE = 12

_ROW = 20
_LANE_ROWS = 16
"""How many rows one lane has; what finds no room in them is counted."""

DOT = 9.0
"""The least width of a mark."""

_REACH = 34
"""How far what is open is drawn on beyond what is known."""


@dataclass(frozen=True)
class Moment:
    """What is to be drawn along an axis: in which ``lane``, by what ``text``; on no day before
    ``first`` nor after ``last`` (None: not known); in one or several pieces, each of two days."""

    lane: int
    text: str
    first: int | None
    last: int | None
    pieces: Sequence[tuple[int | None, int | None]]
    sure: bool = True


@dataclass(frozen=True)
class Mark:
    """A moment as it stands: its solid ``pieces`` (place and width), the dashed ``line`` on which
    it may lie or go on, and where its text begins or, with ``left``, ends."""

    number: int
    y: float
    pieces: Sequence[tuple[float, float]]
    line: tuple[float, float] | None
    text: str
    text_x: float
    left: bool
    sure: bool


@dataclass(frozen=True)
class Lane:
    """A lane: which, from where to where downwards, its marks, and how many had no room."""

    number: int
    top: float
    height: float
    marks: Sequence[Mark]
    left_out: int


@dataclass(frozen=True)
class Lanes:
    """Lanes under an axis; ``ticks`` are places and what is written there."""

    lanes: Sequence[Lane]
    ticks: Sequence[tuple[float, str]]
    height: float
    width: int = WIDE


def lanes(moments: Sequence[Moment]) -> Lanes | None:
    """Moments along an axis, each lane in as many rows as keep names apart; None for fewer than two
    days to draw between."""
    days_ = [day for one in moments for day in _known(one)]
    if len(set(days_)) < 2:
        return None
    margin = max(2, (max(days_) - min(days_)) // 25)
    low, high = min(days_) - margin, max(days_) + margin
    scale = WIDE / (high - low)

    def at(day: int) -> float:
        return (day - low) * scale

    found, top = [], 34.0
    for number in sorted({one.lane for one in moments}):
        marks, rows, left_out = _lane(moments, number, at, top + 22)
        height = 22 + rows * _ROW + 8
        found.append(Lane(number, top, height, marks, left_out))
        top += height
    return Lanes(found, [(at(day), text) for day, text in _ticks(low, high)], top)


def _known(moment: Moment) -> Iterator[int]:
    for day in (moment.first, moment.last, *(day for piece in moment.pieces for day in piece)):
        if day is not None:
            yield day


def _lane(
    moments: Sequence[Moment], lane: int, at: Callable[[int], float], top: float
) -> tuple[list[Mark], int, int]:
    """The marks of one lane, how many rows they take, and how many had no room."""
    rows: list[list[tuple[float, float]]] = []
    marks, left_out = [], 0
    for number, moment in enumerate(moments):
        if moment.lane != lane or not any(_known(moment)):
            continue
        pieces, line = _drawn(moment, at)
        from_ = min([x for x, _ in pieces] + ([line[0]] if line else []))
        to = max([x + width for x, width in pieces] + ([line[1]] if line else []))
        text, width = shortened(moment.text, 46)
        left = to + 8 + width > WIDE
        over = left and from_ - 8 - width < 0  # beside it there is no room: upon it, then
        left = left and not over
        room = (from_ - 8 - width, to) if left else (from_, to if over else to + 8 + width)
        row = next((r for r, taken in enumerate(rows) if not _overlaps(taken, room)), len(rows))
        if row == _LANE_ROWS:
            left_out += 1
            continue
        if row == len(rows):
            rows.append([])
        rows[row].append(room)
        y = top + row * _ROW
        text_x = from_ - 7 if left else from_ + 26 if over else to + 7
        marks.append(Mark(number, y, pieces, line, text, text_x, left, moment.sure))
    return marks, max(1, len(rows)), left_out


def _overlaps(taken: Sequence[tuple[float, float]], room: tuple[float, float]) -> bool:
    return any(room[0] < to + 10 and from_ < room[1] + 10 for from_, to in taken)


def _drawn(
    moment: Moment, at: Callable[[int], float]
) -> tuple[list[tuple[float, float]], tuple[float, float] | None]:
    """The solid pieces of a moment, and the dashed line on which it may lie."""
    pieces = []
    for first, last in moment.pieces:
        if first is not None and last is not None:
            x, width = at(first), at(last + 1) - at(first)
            short = max(0.0, (DOT - width) / 2)
            pieces.append((x - short, width + 2 * short))
    ends = list(map(at, _known(moment)))
    open_ = moment.first is None, moment.last is None
    if not any(open_) and len(pieces) < 2:
        return pieces, None
    from_ = max(0.0, min(ends) - _REACH) if open_[0] else min(ends)
    to = min(float(WIDE), max(ends) + _REACH) if open_[1] else max(ends)
    return pieces, (from_, to)


# Names beside what they name


@dataclass(frozen=True)
class Name:
    """Where a name is written, and whether it begins, ends or has its middle there."""

    x: float
    y: float
    anchor: str
    text: str


def names(
    points: Sequence[tuple[float, float, float, str]], frame: tuple[float, float], size: float
) -> list[Name | None]:
    """A name beside each point (its place, radius and text), the first ones first; None where it
    would lie over another name, over a point, or beyond the frame."""
    taken = [(x - r, y - r, x + r, y + r) for x, y, r, _ in points]
    found: list[Name | None] = []
    for number, (x, y, radius, whole) in enumerate(points):
        for name, left, width in _spots(x, y, radius, whole, size):
            box = (left, name.y - size * 0.85, left + width, name.y + size * 0.25)
            inside = box[0] >= 0 and box[1] >= 0 and box[2] <= frame[0] and box[3] <= frame[1]
            others = (b for n, b in enumerate(taken) if n != number)
            if inside and not any(
                box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in others
            ):
                taken.append(box)
                found.append(name)
                break
        else:
            found.append(None)
    return found


def _spots(
    x: float, y: float, radius: float, whole: str, size: float
) -> Iterator[tuple[Name, float, float]]:
    """Where the name of a point may stand, best first, from where and how wide; then shortened."""
    gap, up = radius + size * 0.3, size * 0.36
    for text, width in dict.fromkeys(shortened(whole, letters) for letters in (34, 20)):
        width *= size / TEXT_SIZE
        yield Name(x + gap, y + up, "start", text), x + gap, width
        yield Name(x - gap, y + up, "end", text), x - gap - width, width
        yield Name(x, y - gap, "middle", text), x - width / 2, width
        yield Name(x, y + gap + size * 0.8, "middle", text), x - width / 2, width


def shortened(text: str, letters: int) -> tuple[str, float]:
    """A text of at most so many letters, of which Chinese and Japanese ones count twice; and how
    wide it is at `TEXT_SIZE`."""
    width, end = 0, 0
    for end, letter in enumerate(text, 1):
        width += 2 if ord(letter) > 0x2E7F else 1
        if width > letters:
            text = text[: end - 1].rstrip() + "…"
            break
    wide = sum(ord(letter) > 0x2E7F for letter in text)
    return text, TEXT_SIZE * (wide + (len(text) - wide) * 0.54)


def atlas(points: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """The frame of a map that shows some places (longitude, latitude): x, y, width and height, as
    `Map` has them."""
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(-y for _, y in points), max(-y for _, y in points)
    width = min(360.0, max(_NARROWEST, (right - left) * 1.25, (bottom - top) * 2.5))
    height = min(180.0, width / 2, max(width / 3, (bottom - top) * 1.6))
    x = min(max((left + right - width) / 2, -180), 180 - width)
    y = min(max((top + bottom - height) / 2, -90), 90 - height)
    return x, y, width, height


_NEAR = 1 / 14
"""What lies nearer to each other than this part of the width of a map is crowded there."""


def crowded(
    points: Sequence[tuple[float, float]], frame: tuple[float, float, float, float]
) -> list[list[int]]:
    """The places (by their numbers) that lie too near to each other to be told apart in a frame,
    in groups, each of which has room in a frame of its own: the largest groups first."""
    groups: list[list[int]] = []
    for number, point in enumerate(points):
        near = [
            group
            for group in groups
            if any(math.dist(point, points[other]) < frame[2] * _NEAR for other in group)
        ]
        groups = [group for group in groups if group not in near]
        groups.append([number, *(other for group in near for other in group)])
    found = [sorted(group) for group in groups if len(group) > 1]
    found = [group for group in found if atlas([points[one] for one in group])[2] < frame[2] * 0.6]
    return sorted(found, key=lambda group: (-len(group), group))


_PICTURES: dict[str, tuple[Callable[[Table], bool], Callable[[Table], Picture]]] = {
    "chart": (_may_chart, _chart),
    "timeline": (_may_time, _timeline),
    "network": (_may_net, _network),
    "map": (_may_map, _map),
}
"""The pictures by name: whether the columns allow it, and how it is drawn."""

NAMES = tuple(_PICTURES)
