"""The operation behind the SPARQL endpoint: a query's text in, a serialised answer out."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox

from foedera import formats
from foedera.errors import BadRequest, EngineFailed, QuerySyntax
from foedera.query.scan import scan
from foedera.query.worker import Reply
from foedera.stores.embedded import Answer, EmbeddedStore


def answer(store: EmbeddedStore, call: dict[str, Any], reply: Reply) -> None:
    """Answer a SPARQL query.

    The call holds ``query`` (text), ``accept`` (a header's value or None), ``format`` (a name or
    ""), ``default_graphs`` and ``named_graphs`` (lists of IRIs; empty: not given; they beat the
    query's own FROM, SPARQL 1.1 Protocol section 2.1.4), ``inferred`` (false leaves out what
    follows), and the limits ``nesting`` and ``bytes``. The head says ``media_type``. Raises
    QuerySyntax, BadRequest, Refused, TooLarge.
    """
    text = call["query"]
    found = scan(text, call["nesting"], call["bytes"])
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
    try:
        result = store.query(text, graphs, named)
        if found.star >= 0 and isinstance(result, ox.QuerySolutions):
            result = _in_order(store, text, found.star, found.variables, result, graphs, named)
        _write(store, result, call, reply)
    except SyntaxError as fault:
        where = f"line {fault.lineno}, column {fault.offset}: " if fault.lineno else ""
        raise QuerySyntax(f"{where}{fault.msg}", "See the SPARQL 1.1 Query Language.") from None
    except (ValueError, OSError) as fault:
        raise EngineFailed(f"The engine could not go on: {fault}") from None


def _in_order(
    store: EmbeddedStore,
    text: str,
    star: int,
    variables: tuple[str, ...],
    result: ox.QuerySolutions,
    graphs: tuple[str, ...] | None,
    named: tuple[str, ...] | None,
) -> Answer:
    """The same query with its ``*`` spelled out: the engine mixes up the columns of a ``*``."""
    columns = {variable.value for variable in result.variables}
    names = [name for name in variables if name in columns]
    if len(names) != len(columns) or not names:
        return result
    spelled = " ".join("?" + name for name in names)
    return store.query(f"{text[:star]}{spelled}{text[star + 1 :]}", graphs, named)


def _write(store: EmbeddedStore, result: Answer, call: dict[str, Any], reply: Reply) -> None:
    graph = isinstance(result, ox.QueryTriples)
    offered = formats.GRAPHS if graph else formats.RESULTS
    fmt = formats.by_name(call["format"], offered) if call["format"] else None
    if fmt is None:
        # The kind of answer follows from the query and Accept chooses within it; a client that
        # asks for the other kind gets the default, since many libraries send one fixed header.
        fmt = formats.pick(call["accept"], offered) or offered[0]
    if isinstance(result, ox.QueryBoolean) and fmt in (formats.CSV, formats.TSV):
        reply.head({"media_type": fmt.content_type, "ending": fmt.ending})
        reply.write(b"true" if result else b"false")
        return
    reply.head({"media_type": fmt.content_type, "ending": fmt.ending})
    if isinstance(result, ox.QueryTriples):
        ox.serialize(
            result,
            reply,  # type: ignore[arg-type]  # write() is all that is called
            format=getattr(ox.RdfFormat, fmt.engine),
            prefixes=store.prefixes,
        )
    else:
        result.serialize(
            reply,  # type: ignore[arg-type]
            format=getattr(ox.QueryResultsFormat, fmt.engine),
        )
