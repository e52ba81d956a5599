"""The first page, the page of a class, and the health of the site."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from foedera import formats, terms
from foedera.errors import BadRequest, FoederaError, NotFound
from foedera.web import context, links
from foedera.web.entity import described
from foedera.web.replies import reply

bp = Blueprint("home", __name__)

CLASS_PAGE = 200
"""How many things one page of a class lists."""

_MACHINERY = (terms.OWL, terms.RDFS, terms.RDF, terms.SH)


@bp.get("/")
def front() -> Response:
    """What is here: numbers, ways in, questions to try; in RDF, the dataset's description."""
    context.only("format")
    live = context.live()
    publication = live.release.manifest["publication"]
    offered = (formats.HTML, *formats.GRAPHS) if publication["dataset"] else (formats.HTML,)
    fmt = context.asked(*offered) or context.accepted(*offered)
    if fmt is not formats.HTML:
        return described([publication["dataset"]], fmt)
    languages = context.languages()
    overview = context.ask_page(
        "overview",
        languages=languages,
        classes=[iri for iri in live.numbers["classes"] if not iri.startswith(_MACHINERY)][:200],
        examples=publication["examples"],
    )
    questions = context.ask_page("examples", languages=languages)
    body = render_template(
        "home.html",
        languages=languages,
        numbers=live.numbers,
        manifest=live.release.manifest,
        questions=json.loads(questions.body())["examples"],
        **json.loads(overview.body()),
    )
    return reply(body, formats.HTML)


@bp.get("/class")
def class_() -> Response:
    """The things of a class, a page at a time."""
    context.only("iri", "page")
    context.accepted(formats.HTML)
    iri = links.asked_iri("Which class?")
    page = _number(request.args.get("page", "1"))
    languages = context.languages()
    answer = context.ask_page(
        "members", iri=iri, languages=languages, skip=(page - 1) * CLASS_PAGE, most=CLASS_PAGE
    )
    content: dict[str, Any] = json.loads(answer.body())
    pages = max(1, -(-content["count"] // CLASS_PAGE))
    if page > pages:
        raise NotFound(f"There is no page {page} of <{iri}>", f"The last one is page {pages}.")
    body = render_template("class.html", it=content, page=page, pages=pages, languages=languages)
    return reply(body, formats.HTML)


def _number(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise BadRequest(f"{text!r} is no number of a page", "They are counted from 1.")
    return int(text)


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
