"""Entity URIs: a thing answers 303 to its document, and the document comes in every format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

from flask import Blueprint, Response, g, render_template, request

from foedera import formats
from foedera.errors import BadRequest, NotAcceptable, NotFound
from foedera.formats import Format
from foedera.web import context, links
from foedera.web.replies import reply, see_other

bp = Blueprint("entity", __name__)

OFFERED = (*formats.GRAPHS, formats.HTML)
"""Turtle first: what a client gets that accepts anything, as curl does."""

VALUES = 100
"""How many values of one property, or links by one property, a page lists."""


@bp.get("/id/<path:name>")
def thing(name: str) -> Response:
    """303 to the document of a thing (Cool URIs for the Semantic Web, section 4.2)."""
    path = links.raw_path().removeprefix("id/")
    _resolve([context.live().base + "id/" + text for text in links.spellings(path)])
    return see_other("/doc/" + path)


@bp.get("/doc/<path:name>")
def document(name: str) -> Response:
    """The document about a thing, in the format that Accept, the ending or ?format= asks for."""
    path = links.raw_path().removeprefix("doc/")
    return _document(path, links.candidates)


@bp.get("/about")
def about() -> Response:
    """What is said here of any IRI, ours or another's."""
    iri = request.args.get("iri", "")
    if not iri:
        raise BadRequest("Which thing? The parameter iri is missing", "/about?iri=https://...")
    return _describe([iri], _asked() or _negotiated())


@bp.get("/<path:name>")
def below(name: str) -> Response:
    """Any other IRI below the base: a document of things with hash IRIs, or a thing itself."""
    path = links.raw_path()
    base = context.live().base

    def own(text: str) -> list[str]:
        return [base + one for one in links.spellings(text)]

    stem, fmt = _ending(path)
    if fmt is None or _known(own(path)):
        found = _resolve(own(path))
        if not found["hash"]:
            return see_other("/doc/" + path)
    elif not _resolve(own(stem))["hash"]:
        return see_other("/doc/" + path)
    return _document(path, own)


def _document(path: str, candidates: type[list[str]] | object) -> Response:
    spell = candidates
    assert callable(spell)
    stem, fmt = _ending(path)
    if fmt is not None and not _known(spell(path)):
        g.format = fmt  # an error is told in the format asked for, too
        return _describe(spell(stem), fmt)
    return _describe(spell(path), _asked() or _negotiated())


def _ending(path: str) -> tuple[str, Format | None]:
    """A path without the ending that asks for a format, and the format."""
    stem, dot, ending = path.rpartition(".")
    fmt = formats.by_ending(ending, OFFERED) if dot and stem else None
    return (stem, fmt) if fmt else (path, None)


def _asked() -> Format | None:
    """The format that ?format= asks for. Raises NotAcceptable for one that is not offered."""
    name = request.args.get("format")
    if name is None:
        return None
    fmt = formats.by_name(name, OFFERED)
    if fmt is None:
        raise NotAcceptable(f"There is no format {name!r} here", _menu())
    g.format = fmt
    return fmt


def _negotiated() -> Format:
    accept = request.headers.get("Accept")
    fmt = formats.pick(accept, OFFERED)
    if fmt is None:
        raise NotAcceptable(f"You accept {accept}", _menu())
    return fmt


def _menu() -> str:
    return "Offered: " + ", ".join(f"{fmt.media_type} (.{fmt.ending})" for fmt in OFFERED)


def _resolve(iris: Sequence[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(context.ask_page("resolve", iris=list(iris)).body())
    return found


def _known(iris: Sequence[str]) -> bool:
    try:
        _resolve(iris)
    except NotFound:
        return False
    return True


def _describe(iris: Sequence[str], fmt: Format) -> Response:
    if fmt is formats.HTML:
        return _page(iris)
    answer = context.ask_page(
        "describe", iris=list(iris), engine=fmt.engine, most=context.settings().inverse_links
    )
    response = reply(answer.body(), fmt)
    if answer.head["cut"]:
        response.headers["X-Foedera-Cut"] = "inverse links"
    _link_header(response, str(answer.head["iri"]))
    return response


def _page(iris: Sequence[str]) -> Response:
    languages = context.languages()
    answer = context.ask_page("page", iris=list(iris), languages=languages, values=VALUES)
    content = json.loads(answer.body())
    content["document"] = links.document(content["iri"]).split("#")[0]
    template = "entity.html" if len(content["things"]) == 1 else "document.html"
    body = render_template(
        template, it=content, alternates=_alternates(content["iri"]), languages=languages
    )
    response = reply(body, formats.HTML, varies="Accept-Language", key=",".join(languages))
    _link_header(response, content["iri"])
    return response


def _alternates(iri: str) -> list[tuple[Format, str]]:
    """The addresses of the same document in each graph format."""
    address = links.document(iri).split("#")[0]
    if address.startswith("/about?"):
        return [(fmt, f"{address}&format={fmt.ending}") for fmt in formats.GRAPHS]
    return [(fmt, f"{address}.{fmt.ending}") for fmt in formats.GRAPHS]


def _link_header(response: Response, iri: str) -> None:
    """Where else: each format, the thing described, the licence (RFC 8288)."""
    entries = [
        f'<{address}>; rel="alternate"; type="{fmt.media_type}"'
        for fmt, address in _alternates(iri)
    ]
    entries.append(f'<{quote(iri, safe=_IRI_SAFE)}>; rel="describes"')
    license_ = context.live().release.manifest["publication"]["license"]
    if license_:
        entries.append(f'<{quote(license_, safe=_IRI_SAFE)}>; rel="license"')
    response.headers["Link"] = ", ".join(entries)


_IRI_SAFE = "/:@!$&'()*+,;=~-._%#?[]"
