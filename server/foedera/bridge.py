"""Terms and graphs between Oxigraph, which parses and stores, and rdflib, which validates.

A literal keeps the form in which it was written: rdflib's own reading, and any store, would
rewrite it, and a contributor would be told about a value that stands nowhere in the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pyoxigraph as ox
import rdflib
from rdflib.query import Result

from foedera import terms


def to_rdflib(term: Any) -> Any:
    """An Oxigraph term as rdflib's."""
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return rdflib.BNode(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    if term.datatype.value == terms.XSD + "string":
        return rdflib.Literal(term.value)
    datatype = rdflib.URIRef(term.datatype.value)
    return rdflib.Literal(term.value, datatype=datatype, normalize=False)


def to_oxigraph(term: Any) -> Any:
    """An rdflib term as Oxigraph's."""
    if isinstance(term, rdflib.URIRef):
        return ox.NamedNode(str(term))
    if isinstance(term, rdflib.BNode):
        return ox.BlankNode(str(term))
    if term.language:
        return ox.Literal(str(term), language=term.language)
    datatype = ox.NamedNode(str(term.datatype)) if term.datatype else None
    return ox.Literal(str(term), datatype=datatype)


def add(graph: rdflib.Graph, triples: Iterable[ox.Triple]) -> rdflib.Graph:
    """Add triples to a graph; those about quoted triples are left out, which rdflib lacks."""
    known: dict[Any, Any] = {}

    def term(node: Any) -> Any:
        if isinstance(node, ox.Literal):
            return to_rdflib(node)
        if node not in known:
            known[node] = to_rdflib(node)
        return known[node]

    for triple in triples:
        if not isinstance(triple.object, ox.Triple):
            graph.add((term(triple.subject), term(triple.predicate), term(triple.object)))
    return graph


class Queried(rdflib.Graph):
    """A graph whose queries are answered by another engine, over the same triples.

    pySHACL asks one for each thing that a SPARQL constraint looks at, and rdflib takes 50 ms to
    parse each. ``ask`` takes a query and the terms to put for its variables.
    """

    def __init__(self, ask: Callable[[str, dict[ox.Variable, Any]], Any]) -> None:
        super().__init__()
        self._ask = ask

    def query(
        self,
        query_object: Any,
        processor: Any = "sparql",
        result: Any = "sparql",
        initNs: Any = None,
        initBindings: Any = None,
        use_store_provided: bool = True,
        **kwargs: Any,
    ) -> Result:
        """The answer to a SELECT or ASK query, given as text, with some variables bound."""
        bound = {
            ox.Variable(name): to_oxigraph(term) for name, term in (initBindings or {}).items()
        }
        if bound and BOUND_INSIDE.search(str(query_object)):
            return super().query(query_object, initBindings=initBindings)
        try:
            found = self._ask(str(query_object), bound)
        except RuntimeError:  # Oxigraph puts terms only for variables that are selected
            return super().query(query_object, initBindings=initBindings)
        if isinstance(found, ox.QueryBoolean):
            answer = Result("ASK")
            answer.askAnswer = bool(found)
            return answer
        answer = Result("SELECT")
        answer.vars = [rdflib.Variable(variable.value) for variable in found.variables]
        answer.bindings = [
            {name: to_rdflib(term) for name, term in zip(answer.vars, row, strict=True) if term}
            for row in found
        ]
        return answer


BOUND_INSIDE = re.compile(r"\bBOUND\s*\(|\bBIND\s*\(|[{}]\s*\{", re.IGNORECASE)
"""What of a query may look at a variable that is bound from outside, where Oxigraph does not show
it: it joins such values with a whole group (SHACL, section 5.3.1, puts them everywhere)."""
