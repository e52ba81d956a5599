"""Pages of the whole dataset: timeline, map, network of actors, connections, disagreements."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlencode

import pyoxigraph as ox
from flask import Blueprint, Response, render_template, request

from foedera import formats
from foedera.dates import in_words
from foedera.errors import BadRequest, NotFound
from foedera.views import pictures
from foedera.web import context, links, paging
from foedera.web.replies import reply

bp = Blueprint("explore", __name__)

PAGE = 100
"""How many entries one page of a timeline, or of a table, lists."""

CASES = 25
"""How many disagreements one page shows."""

_NAME = 200
"""The longest name that is looked for."""

_HEIGHT = 680
"""The height of the picture of a network; its width is that of all pictures."""

_EDGE = (150, 40)
"""How far nodes keep from the edge of it, for their names."""

_CLOSER = 6
"""How many crowded parts of a map are shown once more, closer."""

_DURING = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")

ADDRESSES = {
    "timeline": "/timeline",
    "map": "/map",
    "network": "/network",
    "connections": "/connected",
    "disagreements": "/disagreements",
}
"""Where each of these pages is, by the name of its query."""


@bp.get("/explore")
def front() -> Response:
    """The pages of the whole dataset that have something to show."""
    context.only()
    return _page("explore.html", pages=offered())


def offered() -> list[str]:
    """The pages of the whole dataset that have something to show, by name."""
    pages: list[str] = _ask("explore")["pages"]
    return pages


@bp.get("/timeline")
def timeline() -> Response:
    """Everything that has a time, in order."""
    context.only("kind", "during", "certain", "page")
    during = request.args.get("during", "").strip()
    if during and not _DURING.fullmatch(during):
        raise BadRequest(
            f"{during!r} is no time to look in", "Write a year, a month or a day: 2023-12-13."
        )
    page = paging.number(request.args.get("page", "1"))
    asked = {
        "kinds": _kinds(),
        "during": during,
        "certain": _switch("certain") and bool(during),
    }
    it = _ask("timeline", **asked, skip=(page - 1) * PAGE, most=PAGE)
    pages = _pages(it["count"], PAGE, page)
    return _page(
        "explore_timeline.html",
        it=it,
        during=during,
        certain=asked["certain"],
        picture=_lanes(it),
        years=_years(it["entries"]),
        pages=pages,
        page=page,
        here=_here,
    )


def _kinds() -> list[str]:
    """The classes asked for. Raises BadRequest for what is no IRI."""
    found = [iri for iri in request.args.getlist("kind") if iri]
    for iri in found:
        _node(iri)
    return found


def _years(entries: Sequence[dict[str, Any]]) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Entries by year and month, each in words; "" where there is none. Each entry gets an ``id``
    that the picture leads to."""
    for number, entry in enumerate(entries, 1):
        entry["id"] = f"entry-{number}"
    return [
        (
            _in_words(f"{year:04}") if year else "",
            [
                (_in_words(f"{year:04}-{month:02}") if month else "", list(group))
                for month, group in groupby(of_year, lambda entry: int(entry["month"]))
            ],
        )
        for year, of_year in groupby(entries, lambda entry: int(entry["year"]))
    ]


def _in_words(date: str) -> str:
    return in_words(date, context.language()) or date


def _lanes(it: Mapping[str, Any]) -> pictures.Lanes | None:
    """The entries of a page as a picture: each class a lane."""
    lanes = {kind["iri"]: number for number, kind in enumerate(it["kinds"])}
    return pictures.lanes(
        [
            pictures.Moment(
                lanes.get(entry["kind"]["iri"], 0) if entry["kind"] else len(lanes),
                entry["label"]["text"],
                entry["first"],
                entry["last"],
                entry["core"],
                entry["state"] != "doubtful",
            )
            for entry in it["entries"]
        ]
    )


@bp.get("/map")
def map_() -> Response:
    """Where things took place; places alone, where the data has no more."""
    context.only()
    it = _ask("places")
    placed = [place for place in it["places"] if place["point"]]
    happened = [place for place in placed if place["total"]]
    points = happened or placed
    points.sort(key=lambda place: -place["total"])
    maps = [_map(points, 1)] if points else []
    if points:
        groups = pictures.crowded([place["point"] for place in points], maps[0]["frame"])
        maps += [_map([points[number] for number in group], 1.9) for group in groups[:_CLOSER]]
    return _page("explore_map.html", it=it, points=points, happened=bool(happened), maps=maps)


def _map(points: Sequence[Mapping[str, Any]], larger: float) -> dict[str, Any]:
    """A map of places: its ``frame``, its ``points``, and their ``names``, which are placed in
    degrees from the corner of the frame. What is written is ``larger`` where the map is smaller."""
    x, y, width, height = frame = pictures.atlas([place["point"] for place in points])
    names = pictures.names(
        [
            (
                place["point"][0] - x,
                -place["point"][1] - y,
                radius(place["total"], width / 220 * larger),
                place["label"]["text"],
            )
            for place in points
        ],
        (width, height),
        width / 62 * larger,
    )
    return {"frame": frame, "points": points, "names": names, "larger": larger}


def radius(count: int, one: float) -> float:
    """How large a mark for so many is, if ``one`` is that of one: its area grows with the count."""
    return float(one * (1 + min(count, 400)) ** 0.5)


@bp.get("/network")
def network() -> Response:
    """Who has to do with whom."""
    context.only("page")
    page = paging.number(request.args.get("page", "1"))
    it = _ask("network", skip=(page - 1) * PAGE, most=PAGE)
    pages = _pages(it["count"], PAGE, page)
    for node in it["nodes"]:
        node["x"] = _EDGE[0] + node["x"] * (pictures.WIDE - 2 * _EDGE[0])
        node["y"] = _EDGE[1] + node["y"] * (_HEIGHT - 2 * _EDGE[1])
        node["radius"] = radius(node["degree"], 2.6)
    names = pictures.names(
        [(node["x"], node["y"], node["radius"], node["label"]["text"]) for node in it["nodes"]],
        (pictures.WIDE, _HEIGHT),
        pictures.TEXT_SIZE,
    )
    return _page(
        "explore_network.html",
        it=it,
        names=names,
        size=(pictures.WIDE, _HEIGHT),
        pages=pages,
        page=page,
        here=_here,
    )


@bp.get("/disagreements")
def disagreements() -> Response:
    """What the sources disagree on."""
    context.only("page")
    page = paging.number(request.args.get("page", "1"))
    it = _ask("disputes", skip=(page - 1) * CASES, most=CASES)
    pages = _pages(it["count"], CASES, page)
    return _page("explore_disagreements.html", it=it, pages=pages, page=page, here=_here)


@bp.get("/connected")
def connected() -> Response:
    """How two things are connected; a name that several have is a question back."""
    context.only("from", "to", "wide")
    wide = _switch("wide")
    ends = [_end("from"), _end("to")]
    it = None
    if all(end["iri"] for end in ends):
        it = _ask("connected", start=ends[0]["iri"], goal=ends[1]["iri"], wide=wide)
        for end, link, known in zip(ends, (it["start"], it["goal"]), it["known"], strict=True):
            end["known"] = known
            end["text"] = link["label"]["text"] if known else end["text"]
    return _page("explore_connected.html", it=it, ends=ends, wide=wide, here=_here)


def _end(name: str) -> dict[str, Any]:
    """One of the two things: its ``iri``, or "" and the ``choice`` of what a name may mean: things
    that have ``exactly`` this name, or whose names hold it; not all of them where it is ``cut``."""
    text = request.args.get(name, "").strip()
    if len(text) > _NAME and "://" not in text[:20]:
        raise BadRequest(f"The name in {name!r} is too long", f"At most {_NAME} letters are read.")
    end: dict[str, Any] = {
        "name": name,
        "text": text,
        "iri": "",
        "choice": [],
        "exactly": False,
        "cut": False,
        "known": True,
    }
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:\S+$", text) and ("/" in text or text[:4] == "urn:"):
        _node(text)
        return {**end, "iri": text}
    if text:
        answer = _ask("things", text=text, space="")
        exact = [one for one in answer["things"] if one["exactly"]]
        choice = exact or answer["things"]
        if len(choice) == 1:
            return {**end, "iri": choice[0]["iri"]}
        cut = answer["cut"] and len(choice) == len(answer["things"])
        end |= {"choice": choice, "exactly": bool(exact), "cut": cut, "known": bool(choice)}
    return end


def _node(iri: str) -> None:
    try:
        ox.NamedNode(iri)
    except ValueError:
        raise BadRequest(f"{iri!r} is no IRI", "It begins with https:// or the like.") from None


def _switch(name: str) -> bool:
    """A parameter that is 1 or not there. Raises BadRequest for another value."""
    value = request.args.get(name, "")
    if value not in ("", "1"):
        raise BadRequest(f"{name}={value!r} is not known", f"It is {name}=1 or left out.")
    return value == "1"


def _pages(count: int, size: int, page: int) -> int:
    """How many pages there are. Raises NotFound for one past the last."""
    pages = max(1, -(-count // size))
    if page > pages:
        raise NotFound(f"There is no page {page} here", f"The last one is page {pages}.")
    return pages


def _ask(operation: str, **arguments: Any) -> dict[str, Any]:
    answer = context.ask_page(operation, languages=context.languages(), **arguments)
    found: dict[str, Any] = json.loads(answer.body())
    return found


def _here(**changes: object) -> str:
    """The address of this page with other parameters, the language kept; None leaves one out."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if value]
    kept = [item for item in kept if item[0] not in changes]
    added = [(name, str(value)) for name, value in changes.items() if value is not None]
    text = urlencode([*kept, *added])
    return f"{request.path}?{text}" if text else request.path


def as_query(query: str, view: str = "") -> str:
    """The address at which a query is shown with its answer."""
    shown = f"&view={view}" if view else ""
    return links.at(f"/sparql?query={quote(query, safe='')}{shown}")


def connection(start: str, goal: str = "") -> str:
    """The address of the page on how two things are connected."""
    return links.at("/connected?" + urlencode({"from": start, **({"to": goal} if goal else {})}))


def _page(template: str, **content: Any) -> Response:
    context.accepted(formats.HTML)
    body = render_template(
        template,
        addresses=ADDRESSES,
        as_query=as_query,
        connection=connection,
        radius=radius,
        chosen=context.chosen(),
        **content,
    )
    return reply(body, formats.HTML)
