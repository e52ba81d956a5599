"""IRIs and addresses: where on this host a thing is shown, and which IRI an address means.

IRIs stay what they are in the data, whatever host serves them; only links in pages lead here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote, unquote

import pyoxigraph as ox
from flask import Flask, request

from foedera import describe
from foedera.errors import BadRequest
from foedera.formats import Format
from foedera.service import Live
from foedera.web import context

_SAFE = "/:@!$&'()*+,;=~-._%?"
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_NON_ASCII = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
_NEEDLESS = re.compile(
    r"%(?:2[1467-9A-Ea-e]|3[0-9ABDabd]|40|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])"
)
"""The escapes of what a path of an IRI may hold as it is (RFC 3987, section 2.2)."""

_RESPELLED = 4_000
"""The longest path that may be spelled otherwise than the IRI that is meant: to normalize a text
takes the square of the accents on one letter."""


def document(iri: str) -> str:
    """The address on this host of the document about a thing."""
    return _document(context.live(), iri)


def _document(live: Live, iri: str) -> str:
    shadowed = iri.partition("#")[0] in live.release.manifest.get("shadowed", ())
    return _address(live.base, iri, shadowed)


@lru_cache(maxsize=20_000)
def _address(base: str, iri: str, shadowed: bool) -> str:
    """The address of the document about a thing, remembered: pages lead to the same things again
    and again."""
    page = iri.partition("#")[0]
    return _path(describe.document_iri(base, iri, (page,) if shadowed else ())[len(base) :])


@lru_cache(maxsize=2_000)
def _path(text: str) -> str:
    """What comes after the base in an IRI, as a path of this host; remembered, since a document
    has an address in each format."""
    return "/" + quote(text, safe=_SAFE)


def address(document: str, fmt: Format | None = None) -> str:
    """The address on this host of a document, by its canonical IRI; with ``fmt``, in a format."""
    address = _path(document[len(context.live().base) :])
    if fmt is None:
        return address
    return f"{address}&format={fmt.ending}" if "?" in address else f"{address}.{fmt.ending}"


def href(iri: str, here: object = False) -> str:
    """Where a link in a page leads for an IRI; "" for what is no safe link. ``here`` is that of
    what is elsewhere there is a page of ours."""
    live = context.live()
    if here:
        return at(_document(live, iri))
    if iri == live.base:
        return at("/")
    if iri.startswith(f"{live.base}graphs?"):  # a dump of ours: itself is what is wanted
        return _path(iri[len(live.base) :])
    if iri.startswith(live.base):
        _, hash_, fragment = iri.partition("#")
        return at(_document(live, iri)) + hash_ + quote(fragment, safe=_SAFE)
    return iri if iri.startswith(("http://", "https://", "mailto:")) else ""


def at(address: str) -> str:
    """An address on this host as a link of this page, which keeps the language that was chosen."""
    tag = context.chosen()
    if not tag:
        return address
    page, hash_, fragment = address.partition("#")
    return f"{page}{'&' if '?' in page else '?'}lang={tag}{hash_}{fragment}"


def raw_path() -> str:
    """The path as the client sent it, escapes and all; without the first slash."""
    uri: str = request.environ.get("REQUEST_URI") or ""
    if uri.startswith(("http://", "https://")):  # the absolute form that proxies send
        uri = "/" + uri.split("/", 3)[3] if uri.count("/") > 2 else "/"
    path = uri.partition("?")[0] or quote(request.path, safe=_SAFE)
    return path[1:]


def raw_target(*without: str) -> str:
    """The path, and the query if there is one, as the client sent them; ``without`` some of its
    parameters."""
    path, query = raw_path(), request.environ.get("QUERY_STRING", "")
    pieces = [one for one in query.split("&") if one.partition("=")[0] not in without]
    there = query or (request.environ.get("REQUEST_URI") or "").endswith("?")
    return f"{path}?{'&'.join(pieces)}" if there and pieces else path


def iris(path: str) -> list[str]:
    """The IRIs below the base that an escaped path may stand for, likeliest first."""
    base = context.live().base
    return [base + text for text in dict.fromkeys(_spellings(path))]


def _spellings(path: str) -> Iterator[str]:
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
    yield from (mapped, path)
    if len(path) > _RESPELLED:
        return
    plain = unquote(path)
    bare = _NEEDLESS.sub(lambda match: unquote(match.group()), mapped)
    for text in (mapped, bare):
        yield text
        yield _ESCAPE.sub(lambda match: match.group().upper(), text)
        yield _ESCAPE.sub(lambda match: match.group().lower(), text)
    yield plain
    for text in (mapped, bare, plain):
        for form in ("NFC", "NFD"):
            yield unicodedata.normalize(form, text)


def asked_iri(question: str) -> str:
    """The IRI in the parameter ``iri``. Raises BadRequest where there is none."""
    iri = request.args.get("iri", "")
    try:
        ox.NamedNode(iri)
    except ValueError:
        said = f"{iri!r} is no IRI" if iri else "The parameter iri is missing"
        raise BadRequest(f"{question} {said}", f"{request.path}?iri=https://...") from None
    return iri


_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+|(?:urn|mailto):\S+")
_PREFIXED = re.compile(r"([\w.-]*):([^\s:]\S*)")


def named(text: str) -> str:
    """The IRI that a text is: a whole one, in angle brackets or not, or a name with a prefix of
    this publication. "" for any other text."""
    iri = text[1:-1] if text[:1] == "<" and text[-1:] == ">" else text
    if not _ABSOLUTE.fullmatch(iri):
        match = _PREFIXED.fullmatch(text)
        space = context.live().release.manifest["prefixes"].get(match[1]) if match else None
        if match is None or space is None:
            return ""
        iri = space + match[2]
    try:
        return ox.NamedNode(iri).value
    except ValueError:
        return ""


def install(app: Flask) -> None:
    app.jinja_env.globals.update(href=href, at=at, built=context.built)
    app.jinja_env.filters["shorten"] = shorten
    app.context_processor(context.frame)


def shorten(iri: str) -> str:
    """An IRI with its namespace as a prefix, where the release has one for it."""
    prefixes = context.live().release.manifest["prefixes"]
    best = max(
        (p for p in prefixes.items() if iri.startswith(p[1])), key=lambda p: len(p[1]), default=None
    )
    return f"{best[0]}:{iri[len(best[1]) :]}" if best and iri != best[1] else iri
