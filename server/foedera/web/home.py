"""The first page, the page of a class, and the health of the site."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from foedera import formats
from foedera.errors import FoederaError, NotFound
from foedera.suggest import MACHINERY
from foedera.web import context, explore, links, paging, signpost
from foedera.web.entity import described
from foedera.web.replies import reply, see_other

bp = Blueprint("home", __name__)

CLASS_PAGE = 200
"""How many things one page of a class lists."""


@bp.get("/")
def front() -> Response:
    """What is here: numbers, ways in, questions to try; in RDF, the dataset's description."""
    live = context.live()
    publication = live.release.manifest["publication"]
    dataset = publication["dataset"]
    context.only("format", *(["profile"] if dataset else ()))
    offered = (formats.HTML, *formats.GRAPHS) if dataset else (formats.HTML,)
    fmt = context.asked(*offered)
    if "profile" in request.args or (fmt or context.accepted(*offered)) is not formats.HTML:
        return described([dataset], fmt, formats.GRAPHS)
    languages = context.languages()
    overview = context.ask_page(
        "overview",
        languages=languages,
        classes=[iri for iri in live.numbers["classes"] if not iri.startswith(MACHINERY)][:200],
        examples=publication["examples"],
    )
    questions = context.ask_page("examples", languages=languages)
    body = render_template(
        "home.html",
        languages=languages,
        numbers=live.numbers,
        manifest=live.release.manifest,
        questions=json.loads(questions.body())["examples"],
        explored=explore.offered(),
        opening=_opening,
        **json.loads(overview.body()),
    )
    response = reply(body, formats.HTML)
    if dataset:
        signs = context.ask_page("signs", iris=[dataset]).head
        response.headers["Link"] = signpost.header(signpost.of(signs, live.base))
    return response


@bp.get("/.well-known/void")
def void() -> Response:
    """Leads to what the dataset says of itself (VoID, section 7.2). Raises NotFound without it."""
    context.only()
    dataset = context.live().release.manifest["publication"]["dataset"]
    if not dataset:
        raise NotFound("No dataset is described here", "In the data, void:Dataset would do it.")
    document = context.ask_page("resolve", iris=[dataset]).head["document"]
    return see_other(links.address(document), ())


_OPENING = re.compile(r"(.{60,}?(?:[.!?](?=\s)|[。！？]))\s*(.+)", re.DOTALL)


def _opening(text: str) -> tuple[str, str]:
    """The first sentence or two of a text, and the rest."""
    match = _OPENING.fullmatch(text) if len(text) > 400 else None
    return (match[1], match[2]) if match else (text, "")


@bp.get("/class")
def class_() -> Response:
    """The things of a class, a page at a time."""
    context.only("iri", "page")
    context.accepted(formats.HTML)
    iri = links.asked_iri("Which class?")
    page = paging.number(request.args.get("page", "1"))
    languages = context.languages()
    answer = context.ask_page(
        "members", iri=iri, languages=languages, skip=(page - 1) * CLASS_PAGE, most=CLASS_PAGE
    )
    content: dict[str, Any] = json.loads(answer.body())
    pages = max(1, -(-content["total"] // CLASS_PAGE))
    if page > pages:
        raise NotFound(f"There is no page {page} of <{iri}>", f"The last one is page {pages}.")
    body = render_template("class.html", it=content, page=page, pages=pages, languages=languages)
    response = reply(body, formats.HTML)
    found = signpost.members(iri, (one["iri"] for one in content["members"]))
    response.headers["Link"] = signpost.header(found)
    return response


@bp.get("/health")
def health() -> Response:
    """Whether the site serves, what, and what went wrong with the last publish, or is wrong with
    the engine that holds the release."""
    context.only()
    site = context.site()
    live = context.live()
    problem = site.problem or _problem_of_the_engine()
    response = jsonify(
        status="degraded" if problem else "ok",
        release=live.release.id,
        published=live.release.created,
        triples=live.release.triples,
        problem=problem,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _problem_of_the_engine() -> dict[str, str] | None:
    if not context.settings().store:
        return None
    try:
        context.ask_page("there").close()
    except FoederaError as fault:
        return {"detail": fault.detail, "hint": fault.hint}
    return None
