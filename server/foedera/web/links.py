"""IRIs and addresses: where on this host a thing is shown, and which IRI an address means.

IRIs stay what they are in the data, whatever host serves them; only links in pages lead here.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, unquote, urlencode

from flask import Flask, request

from foedera.web import context

_SAFE = "/:@!$&'()*+,;=~-._%"
_NON_ASCII = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")


def document(iri: str) -> str:
    """The address on this host of the document about one of our things.

    ``BASE/id/x`` has ``/doc/x``; other things below the base have ``/doc/`` and their path; a
    thing with a hash has its document's own address; anything else is shown by ``/about``.
    """
    base = context.live().base
    if not iri.startswith(base):
        return "/about?" + urlencode({"iri": iri})
    rest = iri[len(base) :]
    path, hash_, fragment = rest.partition("#")
    if hash_:
        return f"/{quote(path, safe=_SAFE)}#{quote(fragment, safe=_SAFE)}"
    if not rest:
        return "/"
    return "/doc/" + quote(rest.removeprefix("id/"), safe=_SAFE)


def href(iri: str) -> str:
    """Where a link in a page leads for an IRI; "" for what is no safe link."""
    if iri.startswith(context.live().base):
        return document(iri)
    return iri if iri.startswith(("http://", "https://", "mailto:")) else ""


def raw_path() -> str:
    """The path as the client sent it, escapes and all; without the first slash."""
    uri: str = request.environ.get("REQUEST_URI") or ""
    if uri.startswith(("http://", "https://")):  # the absolute form that proxies send
        uri = "/" + uri.split("/", 3)[3] if uri.count("/") > 2 else "/"
    path = uri.split("?", 1)[0]
    return path[1:] if path else quote(request.path[1:], safe=_SAFE)


def spellings(path: str) -> list[str]:
    """The texts that an escaped path may stand for in an IRI, likeliest first.

    A URI is mapped to an IRI by decoding what is not ASCII (RFC 3987, section 3.2); an IRI may
    also hold its escapes as they are, or be sent with more escapes than it has.
    """

    def decoded(match: re.Match[str]) -> str:
        try:
            return bytes.fromhex(match.group().replace("%", "")).decode()
        except UnicodeDecodeError:
            return match.group()

    mapped = _NON_ASCII.sub(decoded, path)
    plain = unquote(path)
    found = [mapped, path, plain]
    found += [unicodedata.normalize(form, text) for form in ("NFC", "NFD") for text in found[:3:2]]
    return list(dict.fromkeys(found))


def candidates(path: str) -> list[str]:
    """The IRIs that ``/doc/PATH`` may describe."""
    base = context.live().base
    return [f"{base}{space}{text}" for space in ("id/", "") for text in spellings(path)]


def install(app: Flask) -> None:
    app.jinja_env.globals["href"] = href
    app.jinja_env.filters["shorten"] = shorten
    app.context_processor(context.frame)


def shorten(iri: str) -> str:
    """An IRI with its namespace as a prefix, where the release has one for it."""
    prefixes = context.live().release.manifest["prefixes"]
    best = max(
        (p for p in prefixes.items() if iri.startswith(p[1])), key=lambda p: len(p[1]), default=None
    )
    return f"{best[0]}:{iri[len(best[1]) :]}" if best and iri != best[1] else iri
