"""Entity URIs: a thing answers 303 to its document, and the document comes in every format."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote

from flask import Blueprint, Response, g, render_template

from foedera import formats
from foedera.describe import OFFERED
from foedera.formats import Format
from foedera.web import context, links
from foedera.web.replies import reply, see_other

bp = Blueprint("entity", __name__)

VALUES = 100
"""How many values of one property, or links by one property, a page lists."""


@bp.get("/<path:name>")
def below(name: str) -> Response:
    """An IRI below the base, such as ``/id/person/x``.

    A thing answers 303 to its document (Cool URIs for the Semantic Web, section 4.2), in the
    format that ``?format=`` or an ending asks for, where the IRI has none of its own; the
    document of things with hash IRIs is there itself (section 4.1).
    """
    target, path = links.raw_target(), links.raw_path()
    stem, ending = _ending(path)
    asked = context.asked(*OFFERED)
    with_query = [] if asked or target == path else links.iris(target)
    whole = [*with_query, *links.iris(path)]
    found = context.ask_page("resolve", iris=[*whole, *(links.iris(stem) if ending else ())]).head
    if found["iri"] not in with_query:
        context.only("format")
    fmt = asked or (None if found["iri"] in whole else ending)
    if found["hash"] and not path.startswith("id/"):
        return described([found["iri"]], fmt)
    return see_other(links.address(found["document"], fmt))


@bp.get("/doc/<path:name>")
def document(name: str) -> Response:
    """The document about a thing, in the format that ?format=, the ending or Accept asks for."""
    context.only("format")
    path = links.raw_path().removeprefix("doc/")
    stem, ending = _ending(path)
    names = [stem, path] if ending else [path]
    iris = [
        iri for name in names for space in ("id/", "", "doc/") for iri in links.iris(space + name)
    ]
    return described(iris, context.asked(*OFFERED) or ending)


@bp.get("/about")
def about() -> Response:
    """What is said here of any IRI, ours or another's."""
    context.only("iri", "format")
    return described([links.asked_iri("Which thing?")], context.asked(*OFFERED))


def described(iris: Sequence[str], fmt: Format | None) -> Response:
    """The document about the first of some IRIs that is known; by Accept where ``fmt`` is None."""
    fmt = fmt or context.accepted(*OFFERED)
    if fmt is formats.HTML:
        return _page(iris)
    answer = context.ask_page(
        "describe", iris=iris, engine=fmt.engine, most=context.settings().inverse_links
    )
    response = reply(answer.body(), fmt)
    if answer.head["cut"]:
        response.headers["X-Foedera-Cut"] = "inverse links"
    response.headers["Link"] = _link_header(answer.head["iri"], _alternates(answer.head))
    return response


def _ending(path: str) -> tuple[str, Format | None]:
    """A path without the ending that asks for a format, and the format."""
    stem, _, ending = path.rpartition(".")
    fmt = formats.by_ending(ending, OFFERED) if stem else None
    g.format = fmt  # errors are told in it, too
    return (stem, fmt) if fmt else (path, None)


def _page(iris: Sequence[str]) -> Response:
    languages = context.languages()
    answer = context.ask_page("page", iris=iris, languages=languages, values=VALUES)
    content = json.loads(answer.body())
    alternates = _alternates(answer.head)
    body = render_template(
        _template(content), it=content, alternates=alternates, languages=languages
    )
    response = reply(body, formats.HTML)
    response.headers["Link"] = _link_header(answer.head["iri"], alternates)
    return response


Alternates: TypeAlias = Sequence[tuple[Format, str]]
"""The addresses of one document, format by format."""


def _template(content: dict[str, Any]) -> str:
    if content["vocabulary"]:
        return "ontology.html"
    return "entity.html" if len(content["things"]) == 1 else "document.html"


def _alternates(head: Mapping[str, str]) -> Alternates:
    return [(fmt, links.address(head["document"], fmt)) for fmt in formats.GRAPHS]


def _link_header(iri: str, alternates: Alternates) -> str:
    """Where else: each format, the thing described, the licence (RFC 8288)."""
    entries = [
        f'<{address}>; rel="alternate"; type="{fmt.media_type}"' for fmt, address in alternates
    ]
    entries.append(f'<{quote(iri, safe=_IRI_SAFE)}>; rel="describes"')
    license_ = context.live().release.manifest["publication"]["license"]
    if license_:
        entries.append(f'<{quote(license_, safe=_IRI_SAFE)}>; rel="license"')
    return ", ".join(entries)


_IRI_SAFE = "/:@!$&'()*+,;=~-._%#?[]"
