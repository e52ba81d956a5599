"""The pictures of panels: where the marks stand that say the same as the table below them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask

from foedera.views import pictures
from foedera.views.pictures import Lanes, Name

_HEIGHT = 380
"""The greatest height of a network; its width is that of all pictures."""

_AROUND = 14
"""How many a network shows: those with whom most is shared. The table has all."""

Panel = Mapping[str, Any]
Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Point:
    """A row with its place in a picture, how large its mark is, and where its name stands."""

    row: dict[str, Any]
    x: float
    y: float
    radius: float
    name: Name | None


@dataclass(frozen=True)
class Net:
    """A thing in the middle, and those about it with whom it shares something."""

    size: tuple[int, int]
    points: Sequence[Point]


@dataclass(frozen=True)
class Map:
    """Places by longitude and, downwards, latitude; ``frame`` is what is seen of the world."""

    frame: tuple[float, float, float, float]
    points: Sequence[Point]
    size: float


def rows(panel: Panel) -> Rows:
    """The rows of all groups of a panel."""
    return [row for group in panel["groups"] for row in group["rows"]]


def timed(panel: Panel) -> Rows:
    """The rows that have a time."""
    return [row for row in rows(panel) if row["when"]]


def lanes(panel: Panel) -> Lanes | None:
    """The `timed` rows along an axis, a lane for each group; None where there are not two days to
    draw between."""
    return pictures.lanes(
        [
            pictures.Moment(
                number,
                title(row),
                row["when"]["first"],
                row["when"]["last"],
                row["when"]["pieces"],
                row["when"]["state"] != "doubtful",
            )
            for number, group in enumerate(panel["groups"])
            for row in group["rows"]
            if row["when"]
        ]
    )


def net(panel: Panel) -> Net | None:
    """Those with whom a thing shares most, about it, their names away from the lines; None for
    fewer than two."""
    around = rows(panel)[:_AROUND]
    if len(around) < 2:
        return None
    width, height = pictures.WIDE, min(_HEIGHT, 120 + 20 * len(around))
    points = []
    for number, row in enumerate(around):
        angle = 2 * math.pi * (number + 0.5) / len(around)
        right, down = math.sin(angle), -math.cos(angle)
        x, y = width * (0.5 + 0.3 * right), height * (0.5 + 0.4 * down)
        radius = 5 + min(row["count"], 9) ** 0.5
        beside, anchor = (radius + 5, "start") if right > 0 else (-radius - 5, "end")
        text, _ = pictures.shortened(title(row), 28)
        points.append(Point(row, x, y, radius, Name(x + beside, y + 4, anchor, text)))
    return Net((width, height), points)


def places(panel: Panel) -> Map | None:
    """The rows whose coordinates are in the data; None where there are none."""
    found = [row for row in rows(panel) if row["point"]]
    if not found:
        return None
    frame = x, y, width, height = pictures.atlas([row["point"] for row in found])
    size, radius = width / 48, width / 150
    spots = [(row["point"][0] - x, -row["point"][1] - y, radius, title(row)) for row in found]
    named = pictures.names(spots, (width, height), size)
    points = [
        Point(row, spot[0] + x, spot[1] + y, radius, name)
        for row, spot, name in zip(found, spots, named, strict=True)
    ]
    return Map(frame, points, size)


def title(row: Mapping[str, Any]) -> str:
    """What a row is called in a picture: the name in its first column."""
    values = row["cells"][0]["values"] if row["cells"] else []
    if not values:
        return ""
    first = values[0]
    return str(first["label"]["text"] if first["kind"] == "link" else first["said"])


def install(app: Flask) -> None:
    app.jinja_env.globals.update(
        panel_rows=rows,
        panel_timed=timed,
        panel_lanes=lanes,
        panel_net=net,
        panel_places=places,
    )
