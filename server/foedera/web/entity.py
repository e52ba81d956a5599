"""Entity URIs: a thing answers 303 to its document, and the document comes in every format."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeAlias
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import Blueprint, Response, current_app, g, render_template, request
from werkzeug.exceptions import HTTPException

from foedera import describe, formats, terms
from foedera.describe import OFFERED
from foedera.errors import NotAcceptable, NotFound
from foedera.formats import Format, Profile
from foedera.query.pool import Answer
from foedera.service import QUERIES
from foedera.settings import Mode
from foedera.web import context, links, paging, provenance, signpost
from foedera.web.replies import moved, reply, see_other

bp = Blueprint("entity", __name__)

VALUES = 50
"""How many values of one property, or links by one property, a page lists."""

AT_ONCE = 10_000
"""A description with more links from other things is made where queries are, so that no page waits
for it."""


@bp.get("/<path:name>")
def below(name: str) -> Response:
    """An IRI below the base, such as ``/id/person/x``.

    A thing answers 303 to its document (Cool URIs for the Semantic Web, section 4.2), in the
    format that ``?format=`` or an ending asks for, where the IRI has none of its own; or with the
    document itself, where the setting says so. That of things with hash IRIs is there itself
    (section 4.1), and so is what is said of one that is gone (410); one that was replaced leads
    to what took its place (301).
    """
    try:
        return thing()
    except NotFound as fault:
        return _nearly(fault)


def thing() -> Response:
    """The same for just the IRI that is asked for. Raises NotFound."""
    target, path = links.raw_target(), links.raw_path()
    trackers = filter(context.is_tracker, request.args)
    own = links.raw_target("format", "profile", "lang", *trackers)
    stem, ending = _ending(path)
    asked = context.asked(*OFFERED)
    exact = links.iris(target) if target != path else []
    with_query = [*exact, *(links.iris(own) if own not in (path, target) else ())]
    whole = [*with_query, *links.iris(path)]
    iris = [*whole, *(links.iris(stem) if ending else ())]
    try:
        found = context.ask_page("resolve", iris=iris).head
    except NotFound:  # the parameters are the page's: what it is named by is the rest
        raise describe.unknown(links.iris(own)[0]) from None
    if found["iri"] in with_query:  # and so says nothing to us
        asked = None if found["iri"] in exact else asked
        if "moved" in found:
            return _moved(found["moved"], asked, as_thing=True)
        return see_other(signpost.address(found["document"], asked, None, context.chosen()))
    context.only("format", "profile", *paging.NAMES)
    fmt = asked or (None if found["iri"] in whole else ending)
    if "moved" in found:
        return _moved(found["moved"], fmt, as_thing=True)
    itself = "gone" in found or (found["hash"] and not path.startswith("id/"))
    if itself or context.settings().entity_mode != Mode.SEE_OTHER:
        return described([found["iri"]], fmt)
    profile = _asked_profile()
    address = signpost.address(found["document"], fmt, profile, context.chosen())
    response = see_other(paging.added(address))
    response.headers["Link"] = str(signpost.Link("describedby", address))
    return response


@bp.get("/doc/<path:name>")
def document(name: str) -> Response:
    """The document about a thing, in the format that ?format=, the ending or Accept asks for."""
    context.only("format", "profile", *paging.NAMES)
    path = links.raw_path().removeprefix("doc/")
    stem, ending = _ending(path)
    names = [stem, path] if ending else [path]
    spellings = zip_longest(
        *(links.iris(space + name) for name in names for space in ("id/", "", "doc/"))
    )
    iris = [iri for likely in spellings for iri in likely if iri]  # the exact ones first
    try:
        return described(iris, context.asked(*OFFERED) or ending)
    except NotFound as fault:
        return _nearly(fault)


@bp.get("/.well-known/genid/<name>")
def genid(name: str) -> Response:
    """What is said of a thing that has no IRI, and through it."""
    context.only("format", "profile", *paging.NAMES)
    path, ending = _ending(links.raw_path())
    return described(links.iris(path), context.asked(*OFFERED) or ending)


@bp.get("/about")
def about() -> Response:
    """What is said here of any IRI, ours or another's."""
    context.only("iri", "format", "profile", *paging.NAMES)
    return described([links.asked_iri("Which thing?")], context.asked(*OFFERED))


@bp.get("/linkset")
def linkset() -> Response:
    """All links of a thing's document (RFC 9264), of which its header may have no room for some."""
    context.only("iri")
    signs = context.ask_page("signs", iris=[links.asked_iri("The links of which thing?")]).head
    body = signpost.linkset(links.address(signs["document"]), signpost.of(signs))
    return reply(body, formats.LINKSET, vary=())


@bp.get("/profile/<token>")
def profile(token: str) -> Response:
    """What a profile is, since answers name it by this IRI."""
    known = formats.by_token(token)
    if known is None or known.iri:
        return below(token)
    context.only("format")
    fmt = context.asked(*OFFERED) or context.accepted(*OFFERED)
    base = context.live().base
    if fmt is formats.HTML:
        return reply(render_template("profiles.html", profiles=formats.PROFILES, base=base), fmt)
    node = ox.NamedNode(known.name(base))
    said = [
        ox.Triple(node, ox.NamedNode(terms.TYPE), ox.NamedNode(terms.PROF + "Profile")),
        ox.Triple(node, ox.NamedNode(terms.LABEL), ox.Literal(known.label, language="en")),
        ox.Triple(node, ox.NamedNode(terms.PROF + "hasToken"), ox.Literal(known.token)),
    ]
    prefixes = {"prof": terms.PROF, "rdfs": terms.RDFS}
    return reply(describe.written(said, fmt.engine, prefixes), fmt)


@dataclass(frozen=True)
class _Wanted:
    """What an answer is to be, and the headers that decided it."""

    fmt: Format
    profile: Profile
    vary: tuple[str, ...]


def described(
    iris: Sequence[str], fmt: Format | None, offered: Sequence[Format] = OFFERED
) -> Response:
    """The document about the first of some IRIs that is known; by Accept where ``fmt`` is None.

    Where caches ignore Vary, what a header decided is said by 303 to the address that says it.
    """
    asked = paging.asked()  # refuses what is no page; data is always whole
    wanted = _wanted(fmt, offered)
    if wanted.vary and context.settings().entity_mode == Mode.SAFE:
        document = context.ask_page("resolve", iris=iris).head["document"]
        html = wanted.fmt is formats.HTML
        profile = None if html or wanted.profile is formats.LABELS else wanted.profile
        language = context.language() if html else ""
        address = signpost.address(document, wanted.fmt, profile, language)
        kept = html or "why" in asked
        return see_other(paging.added(address) if kept else address, wanted.vary)
    if "why" in asked:
        return provenance.answer(iris, asked["why"], wanted.fmt, wanted.vary)
    if wanted.fmt is formats.HTML:
        return _page(iris, fmt, wanted.vary)
    answer = _description(iris, wanted)
    if "moved" in answer.head:
        return _moved(answer.head["moved"], fmt)
    status = _status(answer.head)
    response = reply(answer.body(), wanted.fmt, wanted.vary, wanted.profile, status)
    if answer.head["cut"]:
        around = wanted.profile is formats.ALL
        response.headers["X-Foedera-Cut"] = "things mentioned" if around else "inverse links"
    name = wanted.profile.name(context.live().base)
    response.headers["Content-Profile"] = f"<{name}>"
    first, *more = signpost.of(answer.head)
    response.headers["Link"] = signpost.header([first, signpost.Link("profile", name), *more])
    profile = None if wanted.profile is formats.LABELS else wanted.profile
    response.headers["Content-Location"] = signpost.address(
        answer.head["document"], wanted.fmt, _asked_profile() or profile
    )
    return response


def _wanted(fmt: Format | None, offered: Sequence[Format]) -> _Wanted:
    """The format, the profile of it where it is a graph, and the headers they depend on.

    An address that names a format decides the profile too where caches ignore Vary, and a page's
    language where it names one. Raises NotAcceptable.
    """
    asked = _asked_profile()
    safe = context.settings().entity_mode == Mode.SAFE
    if asked and fmt is formats.HTML:
        raise NotAcceptable("A page has no profile", _profiles())
    vary: list[str] = []
    profile = asked or (formats.LABELS if fmt and safe else None)
    if fmt is None:
        fmt = context.accepted(*(one for one in offered if not asked or one is not formats.HTML))
        vary.append("Accept")
    if fmt is formats.HTML:
        profile = formats.LABELS
        if not context.chosen():
            vary.append("Accept-Language")
    if profile is None:
        accept = request.headers.get("Accept-Profile")
        profile = formats.pick_profile(accept, context.live().base)
        vary.append("Accept-Profile")
    return _Wanted(fmt, profile, tuple(vary))


def _asked_profile() -> Profile | None:
    """The profile that ``?profile=`` asks for, or None. Raises NotAcceptable for an unknown one."""
    name = request.args.get("profile")
    if name is None:
        return None
    found = formats.by_token(name, context.live().base)
    if found is None:
        raise NotAcceptable(f"There is no profile {name!r} here", _profiles())
    return found


def _profiles() -> str:
    offered = ", ".join(f"{one.token} ({one.label})" for one in formats.PROFILES)
    return f"Offered in each format of RDF: {offered}"


def _description(iris: Sequence[str], wanted: _Wanted) -> Answer:
    arguments = {
        "iris": iris,
        "engine": wanted.fmt.engine,
        "profile": wanted.profile.token,
        "most": context.settings().inverse_links,
    }
    answer = context.ask_page("describe", at_once=AT_ONCE, **arguments)
    if not answer.head.get("later"):
        return answer
    gone = request.environ.get("waitress.client_disconnected", lambda: False)
    pool, client = context.live().pool, context.client()
    return pool.call(QUERIES, "describe", arguments, gone=gone, client=client, whole=True)


def _nearly(fault: NotFound) -> Response:
    """Leads from an address at which there is nothing to the one that was meant, where just one
    can be; always by a path of ours. Else raises NotFound, which names what is close."""
    path = links.raw_path()
    page = re.sub("/+", "/", f"/{path}/").lower()[:-1] or "/"
    if page != f"/{path}" and _is_page(page):
        query = urlencode(list(request.args.items(multi=True)))
        return moved(f"{page}?{query}" if query else page)
    found = context.ask_page("near", path=path).head
    if found["iri"]:
        fmt = context.asked(*OFFERED) or formats.by_ending(found["ending"], OFFERED)
        response = _moved(found, fmt, as_thing=not re.match("doc(/|\\Z)", path, re.IGNORECASE))
        address = paging.added(response.headers["Location"])
        if address.partition("?")[0] == f"/{path}":  # it is there: what is missing is a part of it
            raise fault
        return moved(address)
    near = [links.address(document) for document in found["near"]]
    if found["wrong"]:
        endings = ", ".join(f".{fmt.ending}" for fmt in OFFERED)
        fault.hint = f"Near it: {near[0]} with one of the endings {endings}"
    elif near:
        fault.hint = f"Near it: {', '.join(near)}"
    raise fault


def _is_page(path: str) -> bool:
    """Whether a path is one of our own, and none of a thing or a file."""
    try:
        _, parts = current_app.url_map.bind("").match(path, method="GET")
    except HTTPException:
        return False
    return not parts


def _moved(to: Mapping[str, str], fmt: Format | None, as_thing: bool = False) -> Response:
    """Leads to what took a thing's place: ``as_thing`` to its IRI, where that is an address of its
    own and no format is asked for; else to its document. Format, profile and language are kept."""
    base, profile, language = context.live().base, _asked_profile(), context.chosen()
    itself = as_thing and fmt is None and re.match(r"id/[^?#]+\Z", to["iri"].removeprefix(base))
    return moved(signpost.address(to["iri" if itself else "document"], fmt, profile, language))


def _status(head: Mapping[str, Any]) -> int:
    """Of what was withdrawn, that it is gone and not only lost (RFC 9110, section 15.5.11)."""
    return 410 if "gone" in head else 200


def _ending(path: str) -> tuple[str, Format | None]:
    """A path without the ending that asks for a format, and the format."""
    stem, _, ending = path.rpartition(".")
    fmt = formats.by_ending(ending, OFFERED) if stem else None
    g.format = fmt  # errors are told in it, too
    return (stem, fmt) if fmt else (path, None)


def _page(iris: Sequence[str], fmt: Format | None, vary: Sequence[str]) -> Response:
    languages = context.languages()
    asked = paging.asked()
    answer = context.ask_page("page", iris=iris, languages=languages, values=VALUES, **asked)
    if "moved" in answer.head:
        return _moved(answer.head["moved"], fmt)
    content = json.loads(answer.body())
    alternates = _alternates(answer.head)
    body = render_template(
        _template(content), it=content, alternates=alternates, languages=languages
    )
    response = reply(body, formats.HTML, vary, status=_status(answer.head))
    response.headers["Link"] = signpost.header(signpost.of(answer.head))
    response.headers["Content-Location"] = paging.added(
        signpost.address(answer.head["document"], formats.HTML, language=context.chosen())
    )
    return response


Alternates: TypeAlias = Sequence[tuple[Format, str]]
"""The addresses of one document, format by format."""


def _template(content: dict[str, Any]) -> str:
    if content["vocabulary"]:
        return "ontology.html"
    return "entity.html" if len(content["things"]) == 1 else "document.html"


def _alternates(head: Mapping[str, str]) -> Alternates:
    return [(fmt, links.address(head["document"], fmt)) for fmt in formats.GRAPHS]
