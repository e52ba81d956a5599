"""The first page, the page of a class, and the health of the site."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from foedera import formats, terms
from foedera.errors import BadRequest, NotAcceptable
from foedera.web import context
from foedera.web.replies import reply

bp = Blueprint("home", __name__)

CLASS_PAGE = 200
"""How many things one page of a class lists."""

_MACHINERY = (terms.OWL, terms.RDFS, terms.RDF, terms.SH)


@bp.get("/")
def front() -> Response:
    """What is here, in numbers, ways in, and questions to try."""
    fmt = formats.pick(request.headers.get("Accept"), (formats.HTML, *formats.GRAPHS))
    if fmt is None:
        raise NotAcceptable(
            f"You accept {request.headers.get('Accept')}", "The first page is text/html."
        )
    live = context.live()
    publication = live.release.manifest["publication"]
    if fmt is not formats.HTML and publication["dataset"]:
        answer = context.ask_page(
            "describe",
            iris=[publication["dataset"]],
            engine=fmt.engine,
            most=context.settings().inverse_links,
        )
        return reply(answer.body(), fmt)
    languages = context.languages()
    answer = context.ask_page(
        "overview",
        languages=languages,
        classes=[iri for iri in live.numbers["classes"] if not iri.startswith(_MACHINERY)][:60],
        examples=publication["examples"],
    )
    body = render_template(
        "home.html",
        languages=languages,
        numbers=live.numbers,
        manifest=live.release.manifest,
        **json.loads(answer.body()),
    )
    return reply(body, formats.HTML, varies="Accept-Language", key=",".join(languages))


@bp.get("/class")
def class_() -> Response:
    """The things of a class, a page at a time."""
    iri = request.args.get("iri", "")
    if not iri:
        raise BadRequest("Which class? The parameter iri is missing", "/class?iri=https://...")
    try:
        page = max(1, int(request.args.get("page", "1")))
    except ValueError:
        raise BadRequest("The parameter page is a number, from 1") from None
    languages = context.languages()
    answer = context.ask_page(
        "members", iri=iri, languages=languages, skip=(page - 1) * CLASS_PAGE, most=CLASS_PAGE
    )
    content: dict[str, Any] = json.loads(answer.body())
    body = render_template(
        "class.html",
        it=content,
        page=page,
        pages=-(-content["count"] // CLASS_PAGE),
        languages=languages,
    )
    return reply(body, formats.HTML, varies="Accept-Language", key=",".join(languages))


@bp.get("/health")
def health() -> Response:
    """Whether the site serves, what, and what went wrong with the last publish."""
    site = context.site()
    live = context.live()
    response = jsonify(
        status="degraded" if site.problem else "ok",
        release=live.release.id,
        published=live.release.created,
        triples=live.release.triples,
        problem=site.problem,
    )
    response.headers["Cache-Control"] = "no-store"
    return response
