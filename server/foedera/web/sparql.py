"""The SPARQL endpoint: text from GET, form or body; limits; a worker; the answer as it comes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar
from urllib.parse import unquote_to_bytes

from flask import Blueprint, Response, render_template, request

from foedera import formats
from foedera.errors import BadRequest, FoederaError, UnsupportedMedia
from foedera.query.pool import Answer
from foedera.query.scan import unescaped
from foedera.service import QUERIES
from foedera.views.table import Term
from foedera.web import catalog, context, results, write
from foedera.web.replies import once, reply
from foedera.web.results import Here, Results

bp = Blueprint("sparql", __name__)

_CHECK_SECONDS = 2.0
"""The longest time for reading a query without asking it."""

_WORDS = 100
"""The longest text that things are looked for by."""

_KEPT = 2_000_000
"""The largest answer, in bytes, that is given a checksum and may be kept."""

_WITH_BODY = ("POST", "QUERY")

_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_CHARSETS = ("utf-8", "utf8", "us-ascii")

_EVERY = (*formats.RESULTS, *formats.GRAPHS)

_NOT_ASCII = re.compile(rb"[\x80-\xff]|%[89A-Fa-f]")
"""Where an escaped text may hold more than ASCII."""

_VARYING = re.compile(r"\b(?:NOW|RAND|(?:STR)?UUID)\b", re.IGNORECASE)
"""Functions by which the same query has another answer each time (SPARQL 1.1, section 17.4)."""


@bp.route("/sparql", methods=["GET", "POST", "QUERY"])
def endpoint() -> Response:
    """SPARQL 1.1 Protocol, query operation (section 2.1), and HTTP's QUERY method, which is a
    direct POST that is safe. Parameters that are not known are left alone, since many clients add
    their own. An update (section 2.2) is for those who may write."""
    if write.is_update():
        return write.updated()
    text = _text()
    if _for_a_person():
        return _page(text)
    if not text:
        if "update" in request.args:
            raise BadRequest("An update is sent by POST", "Send it as a body, or as a form.")
        fmt = catalog.asked()
        if fmt:
            return catalog.described(fmt)
        raise BadRequest(
            "There is no query",
            "Send it as ?query=..., as a form, or as a body of type application/sparql-query.",
        )
    return answered(text, request.values.get("format", ""), request.headers.get("Accept"))


def answered(
    text: str, fmt_name: str, accept: str | None, values: Mapping[str, Term] | None = None
) -> Response:
    """The answer to a query as data; ``values`` are bound to variables before it runs."""
    answer = ask(text, fmt_name, accept, values)
    fmt = _format_of(answer)
    if "cut" in answer.head and fmt is formats.JSON_RESULTS:
        answer.open_with(b'{"cut":' + json.dumps(answer.head["cut"]).encode() + b",")
    if answer.whole and answer.size <= _KEPT and _may_be_kept(text):
        response = reply(answer.body(), fmt)
    else:
        response = once(answer, fmt)
        if answer.whole:
            response.content_length = answer.size
    if "cut" in answer.head:
        response.headers["X-Foedera-Cut"] = answer.head["cut"]
    return response


def _text() -> str:
    """The query as it was sent; empty where there is none."""
    if request.method not in _WITH_BODY:
        _in_utf_8(request.query_string)
        return _one(request.args.getlist("query"))
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype in (_QUERY, _FORM) and charset not in _CHARSETS:
        raise UnsupportedMedia(f"A query is not read in {charset}", "Send it in UTF-8.")
    if request.mimetype == _QUERY:
        return _one([request.get_data().decode("utf-8", "replace")])
    if request.mimetype == _FORM:
        _in_utf_8(request.get_data())
        if "update" in request.form:  # a POST of one does not come here
            raise BadRequest("QUERY changes nothing: it takes a query, not an update")
        return _one(request.form.getlist("query"))
    raise UnsupportedMedia(
        f"A query is not sent as {request.mimetype or 'nothing in particular'}",
        f"Use {_QUERY} with the query as body, or {_FORM} with query=...",
    )


def _in_utf_8(escaped: bytes) -> None:
    """Escapes that are no UTF-8 would be left as they stand, and the query would find nothing."""
    if not _NOT_ASCII.search(escaped):
        return
    try:
        unquote_to_bytes(escaped).decode()
    except UnicodeDecodeError:
        raise BadRequest(
            "The query is not UTF-8", "Its characters must be sent in UTF-8."
        ) from None


def _one(texts: list[str]) -> str:
    if len(texts) > 1:
        raise BadRequest("There are several queries", "Send them one by one.")
    text = texts[0] if texts else ""
    if "\ufffd" in text:  # what bytes that are no UTF-8 were read as
        raise BadRequest("The query is not UTF-8", "Its characters must be sent in UTF-8.")
    return text


def _for_a_person() -> bool:
    if "format" in request.values:
        return request.values["format"] == "html"
    return formats.pick(request.headers.get("Accept"), (*_EVERY, formats.HTML)) is formats.HTML


def _may_be_kept(text: str) -> bool:
    """Whether the answer goes with its address and is always the same."""
    return request.method not in _WITH_BODY and not _VARYING.search(unescaped(text))


def ask(
    text: str, fmt: str, accept: str | None, values: Mapping[str, Term] | None = None
) -> Answer:
    """The answer to a query, by the dataset and the limits that go with this request.

    One that has a limit is here whole: what it is cut at stands in its head. So is one for a
    client that cannot tell where an answer ends before its time (HTTP/1.0).
    """
    settings = context.settings()
    limits = {
        "rows": _less("rows", settings.query_rows, int),
        "size": _less("bytes", settings.query_answer, int),
    }
    return context.ask_query(
        _less("timeout", settings.query_seconds, float),
        whole=any(limits.values()) or request.environ["SERVER_PROTOCOL"] == "HTTP/1.0",
        query=text,
        format=fmt,
        accept=accept,
        default_graphs=request.values.getlist("default-graph-uri"),
        named_graphs=request.values.getlist("named-graph-uri"),
        inferred=inferred(),
        values=values or {},
        bounds=settings.bounds,
        limits=limits,
    )


N = TypeVar("N", int, float)


def _less(name: str, most: N, number: Callable[[str], N]) -> N:
    """What the request asks for of a limit, at most what is allowed (0: anything).

    Raises BadRequest for what is no number above 0.
    """
    text = request.values.get(name, "")
    if not text:
        return most
    try:
        wanted = number(text)
    except (ValueError, OverflowError):
        wanted = number("0")
    if not wanted > 0:
        raise BadRequest(f"{name} is {text[:60]!r}, which is no number above 0")
    return min(wanted, most) if most else wanted


def inferred() -> bool:
    """Whether the request asks for what follows too, and not only for what is stated."""
    return request.values.get("inferred", "true").lower() not in ("false", "no", "0")


def _format_of(answer: Answer) -> formats.Format:
    return next(fmt for fmt in _EVERY if fmt.content_type == answer.head["media_type"])


def _page(text: str) -> Response:
    """The form, and the answer to what was sent with it; errors stand beside the query."""
    text = text.replace("\r\n", "\n")  # what a form makes of line ends
    shown: Results | None = None
    problem: FoederaError | None = None
    results.asked()
    if text.strip():
        here = Here("/sparql", tuple(one for one in results.parameters() if one[0] != "query"))
        here = replace(here, parameters=(*here.parameters, ("query", text)))
        try:
            shown = results.results(ask(text, "", results.ACCEPT), text, here, "")
        except FoederaError as fault:
            problem = fault
    languages = context.languages()
    examples = json.loads(context.ask_page("examples", languages=languages).body())["examples"]
    body = render_template(
        "sparql.html",
        query=text,
        results=shown,
        problem=problem,
        examples=examples,
        prefixes=context.live().release.manifest["prefixes"],
        triples=context.live().release.triples,
        inferred=inferred(),
        scripted=results.scripted(),
    )
    if problem:
        return once(body, formats.HTML, problem.status, problem.retry_after)
    return page(body, text)


def page(body: str, text: str) -> Response:
    """The page of an answer."""
    return reply(body, formats.HTML) if _may_be_kept(text) else once(body, formats.HTML)


@bp.post("/sparql/check")
def check() -> Response:
    """Whether a query sent as the body parses and is allowed, as JSON; it is not run."""
    context.only()
    text = _one([request.get_data().decode("utf-8", "replace")])
    answer = context.live().pool.call(
        QUERIES,
        "check",
        {"query": text, "bounds": context.settings().bounds},
        seconds=_CHECK_SECONDS,
        client=context.client(),
    )
    return once(answer.body(), formats.PLAIN_JSON)


@bp.get("/sparql/terms.json")
def vocabulary() -> Response:
    """Prefixes, classes and properties to complete a query with, named for the reader."""
    context.only()
    return _suggested(context.ask_page("vocabulary", languages=context.languages()))


@bp.get("/sparql/entities.json")
def entities() -> Response:
    """Things whose name holds the words ``q``; with ``space``, only IRIs that begin with it."""
    context.only("q", "space")
    text = request.args.get("q", "")
    if not 0 < len(text.strip()) <= _WORDS:
        raise BadRequest(f"q is to hold 1 to {_WORDS} characters", "/sparql/entities.json?q=tokyo")
    space = request.args.get("space", "")
    return _suggested(
        context.ask_page("things", text=text, space=space, languages=context.languages())
    )


def _suggested(answer: Answer) -> Response:
    """JSON in the reader's language."""
    response = reply(answer.body(), formats.PLAIN_JSON)
    response.headers["Vary"] = "Accept-Language"
    return response
