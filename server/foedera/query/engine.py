"""The operation behind the SPARQL endpoint: a query's text in, a serialised answer out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import pyoxigraph as ox

from foedera import formats
from foedera.errors import BadGateway, BadRequest, EngineFailed, QuerySyntax
from foedera.formats import Format
from foedera.query import mend, plan
from foedera.query.cut import Counter, Enough, Limits, Rows, Triples
from foedera.query.scan import Bounds, place, scan, tokens
from foedera.query.worker import Reply
from foedera.stores.base import Answer, Store, Term
from foedera.stores.embedded import EmbeddedStore


def answer(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """Answer a SPARQL query.

    The call holds ``query`` (text), ``accept`` (a header's value or None), ``format`` (a name or
    ""), ``default_graphs`` and ``named_graphs`` (lists of IRIs; empty: not given; they beat the
    query's own FROM, SPARQL 1.1 Protocol section 2.1.4), ``inferred`` (false leaves out what
    follows), perhaps ``values`` (terms by the variable to which each is bound before the query
    runs, as SHACL's pre-bound variables are), ``bounds`` of the text and ``limits`` of the answer.
    The head says ``media_type``, and at the end ``cut``, in words, where a limit was reached.
    Raises QuerySyntax, BadRequest, Refused, TooLarge.
    """
    text = call["query"]
    found = scan(text, Bounds(**call["bounds"]), store.prefixes, store.base)
    text = mend.read(text)
    graphs, named = found.graphs, found.named
    if call["default_graphs"] or call["named_graphs"]:
        graphs, named = tuple(call["default_graphs"]), tuple(call["named_graphs"])
    elif graphs is not None or named is not None:
        graphs, named = graphs or (), named or ()
    for graph in (*(graphs or ()), *(named or ())):
        if graph not in store.graphs:
            raise BadRequest(
                f"There is no graph <{graph}> in this dataset, and none is fetched",
                "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } } lists the graphs there are.",
            )
    if graphs is None and not call["inferred"]:
        graphs = tuple(sorted(store.graphs - {store.inferred}))
        named = graphs
    values: dict[str, Term] = {name: term(value) for name, value in call.get("values", {}).items()}

    def read(text: str) -> Answer:
        return _nothing().query(
            text,
            prefixes=store.prefixes,
            base_iri=store.base,
            substitutions={ox.Variable(name): value for name, value in values.items()},
        )

    try:
        columns = {one.value for one in getattr(parsed(read, text), "variables", ())}
        names = [name for name in found.variables if name in columns]
        star = found.star if len(names) == len(columns) > 0 else -1
        text = mend.done(text, star, names, store.graphs if named is None else named)
        if isinstance(store, EmbeddedStore) and not values:
            whole = graphs is None and named is None
            text = plan.better(text, store.numbers, store.prefixes, whole).text
        _write(store, store.query(text, graphs, named, values), call, reply)
    except SyntaxError as fault:  # not in the query, which was read: in what a server answered
        raise BadGateway(f"The engine's answer cannot be read: {fault.msg[:200]}") from None
    except RuntimeError as fault:  # what it knows, and does not do: a function, for example
        stray = _STRAY.search(str(fault))
        if stray:
            raise BadRequest(
                f"The query has no parameter {stray[1]!r}",
                "What may be given a value are the columns of its answer.",
            ) from None
        if found.services:
            raise _not_answered(found.services, fault) from None
        raise BadRequest(f"The engine does not do this: {fault}") from None
    except (ValueError, OSError) as fault:
        if found.services:
            raise _not_answered(found.services, fault) from None
        raise EngineFailed(f"The engine could not go on: {fault}") from None


@cache
def _nothing() -> ox.Store:
    """A store without a triple: it says at once what a query is, and what is wrong with it."""
    return ox.Store()


def _not_answered(services: Sequence[str], fault: Exception) -> BadGateway:
    return BadGateway(
        f"{' or '.join(dict.fromkeys(services))} did not answer: {str(fault)[:300]}",
        "SERVICE SILENT goes on without it.",
    )


_STRAY = re.compile(r"variable \?(\S+) in its SELECT projection")


def term(content: dict[str, str]) -> ox.NamedNode | ox.Literal:
    """An IRI or a literal from what SPARQL 1.1 Query Results JSON has for it (section 3.2.2)."""
    if content["type"] == "uri":
        return ox.NamedNode(content["value"])
    if "xml:lang" in content:
        return ox.Literal(content["value"], language=content["xml:lang"])
    datatype = content.get("datatype")
    return ox.Literal(content["value"], datatype=ox.NamedNode(datatype) if datatype else None)


def parsed(ask: Callable[[str], Answer], text: str) -> Answer:
    """The answer to a query. Raises QuerySyntax, with the line and column of what is wrong."""
    try:
        return ask(text)
    except SyntaxError as fault:
        raise _syntax(ask, text, fault) from None


_ROOM = " " * 24
"""More than the longest keyword of SPARQL."""

_REASON = re.compile(r"\b[A-Z]\w+(?: \w+)+")
"""What reads as a sentence, among the many tokens that the engine would have taken."""


def _syntax(ask: Callable[[str], Answer], text: str, fault: SyntaxError) -> QuerySyntax:
    """What is wrong with a query that does not parse, and where.

    The engine tells the furthest place to which it looked, which is past the error by the length
    of the keywords that it tried there. So it is asked again, with room after each token: what it
    then tells is the offending token, or the room behind it.
    """
    pieces: list[str] = []
    starts: list[int] = []
    size = end = 0
    found = list(tokens(text))
    for token, before in zip(found, [None, *found], strict=False):
        gap = text[end : token.start]
        if gap or (token.text in "(){}[],;" and before and before.text != "<"):
            gap += _ROOM
        starts.append(size + len(gap))
        pieces += (gap, token.text)
        size += len(gap) + len(token.text)
        end = token.start + len(token.text)
    wide = "".join((*pieces, text[end:], "\n", _ROOM))
    try:
        ask(wide)
    except SyntaxError as again:
        fault = again
    told = re.match(r"error at (\d+):(\d+): (.*)", fault.msg, re.DOTALL)
    if told is None or not found:
        return QuerySyntax(fault.msg if found else "There is no query")
    lines = wide.split("\n")[: int(told[1]) - 1]
    offset = sum(len(line) + 1 for line in lines) + int(told[2]) - 1
    wrong = max((n for n, start in enumerate(starts) if start <= offset), default=0)
    reason = _REASON.search(told[3])
    if offset >= len(wide) and reason is None:
        said = f"{place(text, end)}: more is expected here"
    else:
        where, what = place(text, found[wrong].start), found[wrong].text[:60]
        said = f"{where}: {what} is not expected here"
        if reason is not None:
            said = f"{where}: {what}: {reason[0]}"
    return QuerySyntax(said, "See the SPARQL 1.1 Query Language.")


def _write(store: Store, result: Answer, call: dict[str, Any], reply: Reply) -> None:
    table = isinstance(result, ox.QuerySolutions | ox.QueryBoolean)
    offered = formats.RESULTS if table else formats.GRAPHS
    fmt = formats.by_name(call["format"], offered) if call["format"] else None
    if fmt is None:
        # The kind of answer follows from the query and Accept chooses within it; a client that
        # asks for the other kind gets the default, since many libraries send one fixed header.
        fmt = formats.pick(call["accept"], offered) or offered[0]
    reply.head({"media_type": fmt.content_type, "ending": fmt.ending})
    limits = Limits(**call["limits"])
    cut = ""
    if isinstance(result, ox.QueryBoolean):
        result.serialize(
            reply,  # type: ignore[arg-type]  # write() is all that is called
            format=getattr(ox.QueryResultsFormat, fmt.engine),
        )
    elif isinstance(result, ox.QuerySolutions):
        cut = _table(result, fmt, limits, reply)
    else:
        cut = _graph(store, result, fmt, limits, reply)
    if cut:
        reply.add(cut=cut)


def _table(result: ox.QuerySolutions, fmt: Format, limits: Limits, reply: Reply) -> str:
    rows = Rows(reply, fmt.engine, limits)
    try:
        result.serialize(
            reply if limits == Limits() else rows,  # type: ignore[arg-type]
            format=getattr(ox.QueryResultsFormat, fmt.engine),
        )
    except Enough:
        return rows.cut
    rows.close()
    return ""


def _graph(
    store: Store, result: Iterable[ox.Triple], fmt: Format, limits: Limits, reply: Reply
) -> str:
    out = Counter(reply)
    triples = Triples(result, out, limits)
    ox.serialize(
        result if limits == Limits() else triples,
        out,  # type: ignore[arg-type]
        format=getattr(ox.RdfFormat, fmt.engine),
        prefixes=store.prefixes,
    )
    if triples.cut and fmt in _COMMENTS:
        reply.write(_COMMENTS[fmt].format(triples.cut).encode())
    return triples.cut


_COMMENTS = {
    **dict.fromkeys((formats.TURTLE, formats.N_TRIPLES, formats.TRIG, formats.N_QUADS), "# {}\n"),
    formats.RDF_XML: "<!-- {} -->\n",
}
