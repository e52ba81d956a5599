"""What a request needs to know: the settings, the release it began with, the reader's languages."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, request

from foedera.query.pool import Answer
from foedera.service import PAGES, QUERIES, Live, Site
from foedera.settings import Settings


def settings() -> Settings:
    found: Settings = current_app.extensions["foedera"][0]
    return found


def site() -> Site:
    found: Site = current_app.extensions["foedera"][1]
    return found


def live() -> Live:
    """The release that this request is answered from, the same until its end."""
    if "live" not in g:
        g.live = site().live
    found: Live = g.live
    return found


def languages() -> list[str]:
    """The reader's languages, best first, without their regions."""
    found = [tag.split("-")[0].lower() for tag, q in request.accept_languages if q > 0]
    return list(dict.fromkeys(tag for tag in found if tag != "*"))[:5]


def ask_page(operation: str, **arguments: Any) -> Answer:
    """Run one of our own bounded look-ups, in the workers kept for pages."""
    return live().pool.call(PAGES, operation, arguments)


def ask_query(**arguments: Any) -> Answer:
    """Run a stranger's query; ends when the client leaves."""
    gone = request.environ.get("waitress.client_disconnected", lambda: False)
    return live().pool.call(QUERIES, "query", arguments, gone=gone)


def frame() -> dict[str, Any]:
    """What the frame of every page shows: title, description, licence, release."""
    manifest = live().release.manifest
    publication = manifest["publication"]
    return {
        "site_title": _best(publication["titles"]),
        "site_description": _best(publication["descriptions"]),
        "license": publication["license"],
        "license_name": _LICENSES.get(publication["license"], publication["license"]),
        "release_id": manifest["release"],
        "release_created": manifest["created"],
    }


_LICENSES = {
    "https://creativecommons.org/licenses/by/4.0/": "CC BY 4.0",
    "https://creativecommons.org/licenses/by-sa/4.0/": "CC BY-SA 4.0",
    "https://creativecommons.org/publicdomain/zero/1.0/": "CC0 1.0",
}


def _best(texts: dict[str, str]) -> dict[str, str] | None:
    for language in (*languages(), "en", ""):
        if language in texts:
            return {"text": texts[language], "language": language}
    return next(({"text": text, "language": tag} for tag, text in texts.items()), None)
