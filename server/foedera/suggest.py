"""What the query page needs to know of a release: its words to complete a query with, its example
queries, what is wrong with a query, and how the terms of an answer are shown."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.errors import FoederaError, NotFound
from foedera.query.engine import parsed, term
from foedera.query.scan import Bounds, scan
from foedera.query.worker import Reply
from foedera.stores.base import Store
from foedera.words import Words

_TYPE = ox.NamedNode(terms.TYPE)
_LABELS = tuple(ox.NamedNode(iri) for iri in (*terms.LABELS, *terms.OTHER_LABELS))

MACHINERY = (terms.OWL, terms.RDFS, terms.RDF, terms.SH, terms.FOEDERA + "Panel")
"""How the IRIs of classes begin that are of models and shapes, not of what is published."""

_TERMS = 1000
"""How many classes, and how many properties, are offered: those used most."""

_NAMES = 200_000
"""How many names are searched. More would take memory that pages need."""

_THINGS = 20
"""How many things are suggested at a time."""


def _write(reply: Reply, content: dict[str, Any]) -> None:
    reply.head({})
    reply.write(json.dumps(content, ensure_ascii=False).encode())


def vocabulary(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """The base of the IRIs, the prefixes, and the classes and properties in use, the most used
    first, as JSON.

    The call holds ``languages``.
    """
    words = Words(store, call["languages"])

    def told(kind: str) -> list[dict[str, Any]]:
        used = list(store.numbers[kind].items())[:_TERMS]
        return [{**words.link(ox.NamedNode(iri)), "count": count} for iri, count in used]

    _write(
        reply,
        {
            "base": store.base,
            "prefixes": store.prefixes,
            "classes": told("classes"),
            "properties": told("properties"),
        },
    )


@dataclass(frozen=True, slots=True)
class _Name:
    """A name of a thing, as it is looked for and as it is written."""

    plain: str
    text: ox.Literal
    thing: ox.NamedNode


def plain(text: str) -> str:
    """A text without its accents and capitals, so that ``soseki`` finds ``Sōseki``."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(one for one in apart if not unicodedata.combining(one)).casefold()


def _names(store: Store) -> list[_Name]:
    """The names of all things that are neither terms nor shapes."""
    found: list[_Name] = []
    for quad in _named(store):
        thing, text = quad.subject, quad.object
        if isinstance(thing, ox.NamedNode) and isinstance(text, ox.Literal):
            found.append(_Name(plain(text.value), text, thing))
            if len(found) == _NAMES:
                break
    return found


def _named(store: Store) -> Iterator[ox.Quad]:
    machines = {
        quad.subject
        for kind in store.numbers["classes"]
        if kind.startswith(MACHINERY)
        for quad in store.about(None, _TYPE, ox.NamedNode(kind))
    }
    for predicate in _LABELS:
        yield from (q for q in store.about(None, predicate) if q.subject not in machines)


def things(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """The things of which a name holds some words, as JSON: first where a word of it begins with
    them, and among those the shortest names. ``exactly`` says that it is no more than the words.

    The call holds ``text``, ``space`` (only IRIs that begin with it; "" for all) and
    ``languages``.
    """
    wanted = plain(call["text"].strip())
    words = Words(store, call["languages"])
    best: dict[ox.NamedNode, tuple[tuple[bool, int, str], _Name]] = {}
    for name in store.once(_names) if wanted else ():
        at = name.plain.find(wanted)
        if at < 0 or not name.thing.value.startswith(call["space"]):
            continue
        within = at > 0 and name.plain[at - 1].isalnum()
        place = (within, len(name.plain), name.plain)
        if name.thing not in best or place < best[name.thing][0]:
            best[name.thing] = (place, name)
    ordered = sorted(best.values(), key=lambda one: (one[0], one[1].thing.value))
    _write(
        reply,
        {
            "things": [
                {**_suggestion(store, words, name), "exactly": name.plain == wanted}
                for _, name in ordered[:_THINGS]
            ],
            "cut": len(ordered) > _THINGS,
        },
    )


def _suggestion(store: Store, words: Words, name: _Name) -> dict[str, Any]:
    """A thing, its kind, and the name by which it was found where that is not what it is called."""
    label = words.label(name.thing)
    own = [
        quad.object
        for quad in store.about(name.thing, _TYPE)
        if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(store.base)
    ]
    own.sort(key=lambda kind: store.numbers["classes"].get(kind.value, 0))
    return {
        "iri": name.thing.value,
        "label": label,
        "found": name.text.value if name.text.value != label["text"] else "",
        "kind": words.label(own[0]) if own else None,
    }


_EXECUTABLE = tuple(
    ox.NamedNode(terms.SH + name)
    for name in (
        "SPARQLSelectExecutable",
        "SPARQLAskExecutable",
        "SPARQLConstructExecutable",
        "SPARQLExecutable",
    )
)
_PANEL = ox.NamedNode(terms.FOEDERA + "Panel")
_TEXTS = tuple(ox.NamedNode(terms.SH + name) for name in ("select", "ask", "construct"))


def _examples(store: Store) -> dict[str, ox.NamedNode]:
    """The example queries (SHACL Advanced Features, section 5) by the last piece of their IRI.

    Where two have the same, the publication's own wins. What pages ask of each thing is executable
    too, and no question to begin with.
    """
    found = {
        quad.subject
        for kind in _EXECUTABLE
        for quad in store.about(None, _TYPE, kind)
        if isinstance(quad.subject, ox.NamedNode)
        and not any(store.about(quad.subject, _TYPE, _PANEL))
    }
    ordered = sorted(
        found, key=lambda node: (not node.value.startswith(store.base), node.value), reverse=True
    )
    return {re.split("[/#]", node.value)[-1]: node for node in ordered}


def _text(store: Store, node: ox.NamedNode) -> tuple[str, str]:
    """The text of an example query, and whether it is a select, an ask or a construct."""
    for predicate in _TEXTS:
        for quad in store.about(node, predicate):
            if isinstance(quad.object, ox.Literal):
                return quad.object.value.strip("\n"), predicate.value.removeprefix(terms.SH)
    return "", ""


def examples(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """The example queries in the order of their questions, as JSON. The call holds
    ``languages``."""
    words = Words(store, call["languages"])
    found = [
        {"name": name, **words.link(node)}
        for name, node in store.once(_examples).items()
        if name and _text(store, node)[0]
    ]
    found.sort(key=lambda one: one["label"]["text"].lower())
    _write(reply, {"examples": found})


def example(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """One example query: its name, question, description and text, as JSON.

    The call holds ``names`` (what it may be called, likeliest first) and ``languages``. Raises
    NotFound.
    """
    words = Words(store, call["languages"])
    known = store.once(_examples)
    for name in call["names"]:
        text, form = _text(store, known[name]) if name in known else ("", "")
        if text:
            _write(reply, {"name": name, "text": text, "form": form, **words.link(known[name])})
            return
    raise NotFound(
        f"There is no example query {call['names'][-1]!r} in this publication",
        "The query page lists those there are.",
    )


_PLACE = re.compile(r"line (\d+), column (\d+): ")


def check(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """Whether a query would be answered, as far as its text tells, as JSON.

    The call holds ``query`` and ``bounds``. The answer has ``ok``, and where that is
    false ``message`` and ``hint``, and ``line`` and ``column`` (characters, from 1) where the
    place is known. Nothing is asked of the data: the engine reads the text over an empty store.
    """
    empty = ox.Store()
    content: dict[str, Any] = {"ok": True}
    try:
        scan(call["query"], Bounds(**call["bounds"]), store.prefixes, store.base)
        parsed(
            lambda text: empty.query(text, prefixes=store.prefixes, base_iri=store.base),
            call["query"],
        )
    except RuntimeError as fault:  # what the engine knows, and does not do
        content = {"ok": False, "message": str(fault), "hint": ""}
    except FoederaError as fault:
        place = _PLACE.match(fault.detail)
        content = {
            "ok": False,
            "message": fault.detail[place.end() :] if place else fault.detail,
            "hint": fault.hint,
        }
        if place:
            content |= {"line": int(place[1]), "column": int(place[2])}
    _write(reply, content)


def cells(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """How the terms of an answer are shown, as JSON: ``cells``, one for each term, in order.

    The call holds ``terms`` (as in SPARQL 1.1 Query Results JSON, section 3.2.2) and
    ``languages``. A cell has a ``kind``: a link (``iri``, ``label``, ``summary``, and whether it
    is ``named`` by the data), or a text (``text``, ``said``, ``language``, ``tag``).
    """
    words = Words(store, call["languages"])
    _write(reply, {"cells": [_cell(store, words, one) for one in call["terms"]]})


def _cell(store: Store, words: Words, content: dict[str, Any]) -> dict[str, Any]:
    if content["type"] in ("bnode", "triple"):
        said = _written(content)
        return {"kind": "text", "text": said, "said": said, "language": "", "tag": ""}
    node = term(content)
    if isinstance(node, ox.Literal):
        return {"kind": "text", **words.literal(node)}
    return {"kind": "link", "named": bool(store.names(node)), **words.link(node)}


def _written(content: dict[str, Any]) -> str:
    """A term as Turtle has it."""
    if content["type"] == "bnode":
        return f"_:{content['value']}"
    if content["type"] == "triple":
        parts = (content["value"][part] for part in ("subject", "predicate", "object"))
        return f"<<( {' '.join(map(_written, parts))} )>>"
    return str(term(content))


OPERATIONS = {
    "vocabulary": vocabulary,
    "things": things,
    "examples": examples,
    "example": example,
    "cells": cells,
    "check": check,
}
"""What a worker can do for the query page, by name."""
