"""The example queries of a publication, each at an address of its own, with parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
from flask import Blueprint, Response, g, render_template, request

from foedera import formats, terms
from foedera.errors import BadRequest, FoederaError, NotFound
from foedera.query.scan import Bounds, scan
from foedera.views.table import Term
from foedera.web import context, links, results, sparql
from foedera.web.replies import once, see_other
from foedera.web.results import Here, Results

bp = Blueprint("queries", __name__)

_RESERVED = ("format", "page", "view", "lang", "inferred", "rows", "bytes", "timeout")
"""Parameters that say how to answer; a variable of such a name cannot be given a value."""

_KINDS = {"construct": formats.GRAPHS}
"""The formats of what an example query answers, where it is no table."""


@bp.get("/query/", strict_slashes=False)  # a redirect to the slash would name the host
def listed() -> Response:
    """The query page lists them."""
    return see_other(links.at("/sparql#examples"))


@bp.get("/query/<name>")
def example(name: str) -> Response:
    """The answer to an example query: a page, or a file by ending, ``?format=`` or Accept.

    Every other parameter gives a value to a column of the answer before the query runs.
    """
    stem, _, ending = name.rpartition(".")
    names = [name, stem] if stem else [name]
    found = json.loads(
        context.ask_page("example", names=names, languages=context.languages()).body()
    )
    data = _KINDS.get(found["form"], formats.RESULTS)
    fmt = context.asked(formats.HTML, *data)
    if found["name"] != name:
        fmt = fmt or formats.by_ending(ending, (formats.HTML, *data))
        if fmt is None:
            raise NotFound(
                f"There is no {ending!r} of this query",
                "There are " + ", ".join("." + one.ending for one in data),
            )
    fmt = g.format = fmt or context.accepted(formats.HTML, *data)
    values = _values(found["text"])
    if fmt is formats.HTML:
        return _page(found, values)
    return sparql.answered(found["text"], fmt.ending, None, values)


def _values(query: str) -> dict[str, Term]:
    """The values that the address gives to variables. Raises BadRequest."""
    known = scan(query, Bounds(**context.settings().bounds)).variables
    values: dict[str, Term] = {}
    for name, given in request.args.lists():
        if name in _RESERVED:
            continue
        if name not in known:
            raise BadRequest(
                f"This query has no parameter {name!r}",
                "Its variables are " + ", ".join(dict.fromkeys(known)),
            )
        if len(given) > 1:
            raise BadRequest(f"{name} is given {len(given)} values", "Give it one.")
        if given[0]:  # a form sends the fields that were left empty too
            values[name] = _term(name, given[0])
    return values


_NAME = re.compile(r"[A-Za-z][\w.-]*:[^\s:/]\S*|:\S+")
_ABSOLUTE = re.compile(r"(?:https?://|urn:|mailto:)\S+")


def _term(name: str, text: str) -> Term:
    """A term from a parameter: as Turtle writes it, an IRI as it is, or else plain words.

    Read by a parser of RDF, so that what is no term never comes near a query. Raises BadRequest.
    """
    if _ABSOLUTE.fullmatch(text):
        text = f"<{text}>"
    live = context.live()
    prefixes = live.release.manifest["prefixes"].items()
    declared = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in prefixes)
    try:
        found = list(
            ox.parse(
                f"{declared}<urn:x> <urn:x> {text} .",
                format=ox.RdfFormat.TURTLE,
                base_iri=live.base,
            )
        )
    except SyntaxError as fault:
        if _NAME.fullmatch(text) or text.startswith(("<", '"', "'")):
            raise BadRequest(
                f"The value of {name} is no term: {fault.msg}",
                "Write an IRI, a name with a prefix of this publication, or a text in quotes.",
            ) from None
        return {"type": "literal", "value": text}
    value = found[0].object if len(found) == 1 else None
    if isinstance(value, ox.NamedNode):
        return {"type": "uri", "value": value.value}
    if isinstance(value, ox.Literal):
        if value.language:
            return {"type": "literal", "value": value.value, "xml:lang": value.language}
        return {"type": "literal", "value": value.value, "datatype": value.datatype.value}
    raise BadRequest(f"The value of {name} is not one IRI or literal")


def _page(found: dict[str, Any], values: dict[str, Term]) -> Response:
    """The question, the answer, and fields to narrow it; an error stands in the answer's place."""
    text = found["text"]
    path = f"/query/{quote(found['name'])}"
    here = Here(path, results.parameters())
    shown: Results | None = None
    problem: FoederaError | None = None
    results.asked()  # a parameter of the address that is wrong is no problem of the query
    try:
        answer = sparql.ask(text, "", results.ACCEPT, values)
        shown = results.results(answer, text, here, path)
    except FoederaError as fault:
        problem = fault
    body = render_template(
        "query.html",
        it=found,
        results=shown,
        problem=problem,
        fields=list(_fields(shown)) if shown else [],
        bound=bool(values),
        scripted=results.scripted(),
        open=Here("/sparql", (("query", text),))(),
    )
    if problem:
        return once(body, formats.HTML, problem.status, problem.retry_after)
    return sparql.page(body, text)


def _fields(shown: Results) -> Iterator[dict[str, Any]]:
    """The columns of a table as fields of a form, each with some of its values to choose from."""
    for column in shown.table.columns if shown.table else ():
        held = {_written(row[column]): row[column] for row in shown.rows if column in row}
        choices = [
            {"value": text, "label": _label(shown, term)} for text, term in held.items() if text
        ]
        yield {"name": column, "value": request.args.get(column, ""), "choices": choices}


def _label(shown: Results, term: Term) -> str:
    cell = shown.cell(term)
    return str(cell["label"]["text"] if cell["kind"] == "link" else cell["said"])


_LOCAL = re.compile(r"[\w.-]*:[A-Za-z_][\w-]*")


def _written(term: Term) -> str:
    """A term as a parameter takes it; "" for a blank node and a triple."""
    if term["type"] == "uri":
        short = links.shorten(term["value"])
        return short if _LOCAL.fullmatch(short) else f"<{term['value']}>"
    if term["type"] != "literal":
        return ""
    if term.get("datatype") == terms.XSD + "integer":
        return str(term["value"])
    return str(
        ox.Literal(term["value"], language=term["xml:lang"])
        if "xml:lang" in term
        else ox.Literal(
            term["value"], datatype=ox.NamedNode(term.get("datatype", terms.XSD + "string"))
        )
    )
