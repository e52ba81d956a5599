"""What machines find in the head of a page: descriptions, cards to share it by, schema.org."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Response, current_app
from markupsafe import Markup

from foedera import schema
from foedera.web import context
from foedera.web.phrases import many

bp = Blueprint("machines", __name__)

_LONGEST = 300
"""Signs of a description: more is cut by whoever shows it."""

_LOCALES = {"en": "en_GB", "it": "it_IT", "ja": "ja_JP"}
"""The languages of our pages as Open Graph names them."""

_LISTED = 20
"""How many things of a class its page names in schema.org."""


@dataclass(frozen=True)
class Card:
    """What a page says of itself. ``url`` is its canonical IRI, whatever host it was asked of."""

    title: str
    description: str
    kind: str
    url: str
    image: str
    locale: str
    other_locales: tuple[str, ...]
    authors: tuple[str, ...]
    schema: Markup


@bp.get("/favicon.ico")
def icon() -> Response:
    """The mark, for those who ask for it before they have read a page."""
    with current_app.open_resource("static/favicon.ico") as stream:
        response = Response(stream.read(), content_type="image/vnd.microsoft.icon")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def card(it: Mapping[str, Any] | None, machines: Mapping[str, Any] | None) -> Card | None:
    """The card of a page by its content: of a document, a class, or the first page, which has no
    ``it``. None for a page that has none."""
    if it is None:
        return _of_site(machines) if machines else None
    if "things" in it:
        return _of_document(it) if it["machines"] else None
    return _of_class(it) if "members" in it else None


def _card(
    title: str,
    description: str,
    url: str,
    content: Mapping[str, Any],
    kind: str = "website",
    authors: tuple[str, ...] = (),
) -> Card:
    language = context.language()
    return Card(
        title,
        short(description),
        kind,
        url,
        f"{context.live().base}static/card.png",
        _LOCALES[language],
        tuple(name for tag, name in _LOCALES.items() if tag != language),
        authors,
        Markup(schema.script(content)),
    )


def _of_site(machines: Mapping[str, Any]) -> Card:
    frame = context.frame()
    title = frame["site_title"]["text"] if frame["site_title"] else context.live().base
    description = frame["site_description"]
    return _card(
        title,
        description["text"] if description else title,
        machines["document"],
        machines["schema"],
        authors=tuple(machines.get("authors", ())),
    )


def _of_document(it: Mapping[str, Any]) -> Card:
    thing, machines = it["things"][0], it["machines"]
    kinds = machines["schema"].get("@type", "")
    return _card(
        thing["label"]["text"],
        thing["summary"]["text"] if thing["summary"] else " · ".join(filter(None, _told(thing))),
        machines["document"],
        machines["schema"],
        "profile" if "Person" in (kinds if isinstance(kinds, list) else [kinds]) else "article",
        tuple(machines["authors"]),
    )


def _told(thing: Mapping[str, Any]) -> Iterator[str]:
    """A thing in a line, by its class and its facts, as its page has them."""
    yield thing["label"]["text"]
    yield ", ".join(one["label"]["text"] for one in thing["types"])
    for section in thing["sections"]:
        for fact in section["facts"]:
            values = [
                value["label"]["text"] if value["kind"] == "link" else value["said"]
                for value in fact["values"][:5]
                if value["kind"] in ("link", "text")
            ]
            if values:
                yield f"{fact['property']['label']['text']}: {', '.join(values)}"


def _of_class(it: Mapping[str, Any]) -> Card:
    title = it["label"]["text"]
    counted = many(it["count"], "{n} thing of this class", "{n} things of this class")
    url = f"{context.live().base}class?iri={quote(it['iri'], safe='')}"
    members = [
        {
            "@type": "ListItem",
            "position": place,
            "item": {"@id": one["iri"], "name": one["label"]["text"]},
        }
        for place, one in enumerate(it["members"][:_LISTED], 1)
    ]
    content = {
        "@context": schema.CONTEXT,
        "@type": "CollectionPage",
        "@id": url,
        "url": url,
        "name": title,
        "mainEntity": {
            "@type": "ItemList",
            "numberOfItems": it["count"],
            "itemListElement": members,
        },
    }
    summary = f"{it['summary']['text']} " if it["summary"] else ""
    return _card(title, f"{summary}{counted.striptags()}", url, content)


def short(text: str) -> str:
    """A text on one line, cut between two words where it is long."""
    line = " ".join(part for part in text.split() if part)
    if len(line) <= _LONGEST:
        return line
    cut = line[: _LONGEST - 1]
    whole, space, _ = cut.rpartition(" ")
    return f"{whole if len(whole) > _LONGEST // 2 and space else cut}…"


def install(app: Flask) -> None:
    app.jinja_env.globals.update(card=card)
