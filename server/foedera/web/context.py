"""What a request needs to know: the settings, the release it began with, what its reader wants."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flask import current_app, g, request

from foedera import formats
from foedera.errors import BadRequest, NotAcceptable
from foedera.formats import Format
from foedera.languages import Order, wanted
from foedera.query import allowance
from foedera.query.pool import Answer
from foedera.service import PAGES, QUERIES, Live, Site
from foedera.settings import Settings

SETTINGS = "foedera.settings"
SITE = "foedera.site"
"""Where an application keeps them, among Flask's extensions."""

LIVE = "foedera.live"
"""The release that a request is answered from, in its WSGI environment."""


def settings() -> Settings:
    found: Settings = current_app.extensions[SETTINGS]
    return found


def site() -> Site:
    found: Site = current_app.extensions[SITE]
    return found


def live() -> Live:
    """The release that this request is answered from, the same until its end.

    Raises Unavailable before the first release is there.
    """
    environ = request.environ
    if LIVE not in environ:
        environ[LIVE] = site().live
    found: Live = environ[LIVE]
    return found


LANGUAGES = ("en", "it", "ja")
"""The languages of the page's own words; the first is the fallback."""


def languages() -> list[str]:
    """The reader's languages, best first, for `languages.Order`: the one chosen on the page
    (``?lang=``) alone, so that such an address shows the same to everybody; or else those of
    Accept-Language."""
    found: list[str] | None = g.get("languages")
    if found is None:
        tag = chosen()
        found = g.languages = [tag] if tag else wanted(request.accept_languages)
    return found


def language() -> str:
    """The language of the page's own words: of those that they are there in, the reader's best."""
    found: str | None = g.get("language")
    if found is None:
        found = g.language = min(LANGUAGES, key=Order(languages()).rank)
    return found


def chosen() -> str:
    """The language that was chosen on the page, which its links keep; "" where none was."""
    found: str | None = g.get("chosen")
    if found is None:
        tag = request.args.get("lang", "")
        found = g.chosen = tag if tag in LANGUAGES else ""
    return found


_TRACKERS = re.compile(r"(utm_\w+|fbclid|gclid|dclid|msclkid|mc_cid|mc_eid|igshid|twclid|yclid)\Z")


def is_tracker(parameter: str) -> bool:
    """Whether a parameter is one that others add to a link, to see who follows it from where."""
    return _TRACKERS.match(parameter) is not None


def only(*known: str) -> None:
    """Refuse parameters that an address does not have: a misspelt one must not pass in silence.
    Every page has ``lang``; `is_tracker` ones are passed over.

    Raises BadRequest.
    """
    tag = request.args.get("lang", LANGUAGES[0])
    if tag not in LANGUAGES:
        raise BadRequest(f"There are no pages in {tag!r}", f"lang= is {', '.join(LANGUAGES)}.")
    for name in request.args:
        if name not in (*known, "lang") and not is_tracker(name):
            have = f"It has {', '.join(known)}." if known else "It has none."
            raise BadRequest(f"This address has no parameter {name!r}", have)


def asked(*offered: Format) -> Format | None:
    """The format that ``?format=`` asks for, or None. Errors are told in it from here on.

    Raises NotAcceptable for one that is not offered.
    """
    name = request.args.get("format")
    if name is None:
        return None
    fmt = formats.by_name(name, offered)
    if fmt is None:
        raise NotAcceptable(f"There is no format {name!r} here", _menu(offered))
    g.format = fmt
    return fmt


def accepted(*offered: Format) -> Format:
    """The format that Accept asks for. Raises NotAcceptable where none is offered."""
    accept = request.headers.get("Accept")
    fmt = formats.pick(accept, offered)
    if fmt is None:
        raise NotAcceptable(f"You accept {accept}", _menu(offered))
    return fmt


def _menu(offered: tuple[Format, ...]) -> str:
    return "Offered: " + ", ".join(f"{fmt.media_type} (.{fmt.ending})" for fmt in offered)


def ask_page(operation: str, **arguments: Any) -> Answer:
    """Run one of our own bounded look-ups, in the workers kept for pages."""
    return live().pool.call(PAGES, operation, arguments, client=client())


def ask_query(seconds: float, *, whole: bool = False, **arguments: Any) -> Answer:
    """Run a stranger's query, to its end if ``whole``; ends when the client leaves.

    Raises TooMany past the client's allowance.
    """
    gone = request.environ.get("waitress.client_disconnected", lambda: False)
    return live().pool.call(QUERIES, "query", arguments, seconds, gone, client(), whole)


def client() -> str:
    """Who asks, by the address that the connection or the trusted proxy tells."""
    return allowance.client(request.remote_addr or "")


def built(name: str) -> bool:
    """Whether a file that is built for browsers is there: it is where npm is, and never missed."""
    return (Path(current_app.static_folder or "") / name).is_file()


def frame() -> dict[str, Any]:
    """What the frame of every page shows: name, title, description, licence, release."""
    manifest = live().release.manifest
    publication = manifest["publication"]
    return {
        "language": language(),
        "languages": languages(),
        "site_name": _best(publication.get("names") or publication["titles"]),
        "site_title": _best(publication["titles"]),
        "site_description": _best(publication["descriptions"]),
        "site_rights": _best(publication["rights"]),
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
    if not texts:
        return None
    tag = min(texts, key=Order(languages()).rank)
    return {"text": texts[tag], "language": tag}
