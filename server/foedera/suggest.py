"""What the query page needs to know of a release: its words to complete a query with, its example
queries, what is wrong with a query, and how the terms of an answer are shown; and the things that
have a name, for the search too."""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, chain, islice
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.errors import FoederaError, NotFound
from foedera.near import alike
from foedera.query.engine import parsed, term
from foedera.query.scan import Bounds, scan
from foedera.query.worker import Reply
from foedera.stores.base import Store
from foedera.words import Words

_TYPE = ox.NamedNode(terms.TYPE)
_LABELS = tuple(ox.NamedNode(iri) for iri in (*terms.LABELS, *terms.OTHER_LABELS))
_HIDDEN = ox.NamedNode(terms.HIDDEN_LABEL)

MACHINERY = (terms.OWL, terms.RDFS, terms.RDF, terms.SH, terms.FOEDERA + "Panel")
"""How the IRIs of classes begin that are of models and shapes, not of what is published."""

_TERMS = 1000
"""How many classes, and how many properties, are offered: those used most."""

_NAMES = 200_000
"""How many names are searched. More would take memory that pages need."""

_THINGS = 20
"""How many things are suggested at a time."""

_PIECES = 8
"""How many words of a text are looked for on their own."""

_SPELLED = 3
"""How long a text is, at least, that may be misspelt."""

_LONGER = 2
"""By how many letters a name may be longer or shorter than one that is mistaken for it."""

_COMPARED = 50_000
"""How many names are looked through for those that look alike."""

_NEAR = 5
"""How many things are named that look alike."""


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


_TYPED = str.maketrans("\u2018\u2019\u02bc\u2010\u2011\u2012\u2013\u2014\u2212", "'''------")
"""Signs that no keyboard has, and what is typed for them."""


def plain(text: str) -> str:
    """A text without its accents, capitals and widths, so that ``soseki`` finds ``Sōseki``."""
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text).translate(_TYPED)
        text = "".join(one for one in apart if not unicodedata.combining(one))
    return " ".join(text.casefold().split())


class _Names:
    """Names, the shortest first, and in one text, which is searched much faster than each."""

    def __init__(self, names: Iterable[_Name]) -> None:
        self.all = sorted(names, key=lambda one: (len(one.plain), one.plain, one.thing.value))
        self._text = "\n".join(one.plain for one in self.all)
        self._begins = [0, *accumulate(len(one.plain) + 1 for one in self.all)]

    def holding(self, piece: str) -> Iterator[_Name]:
        """Those that hold a piece of text, which is not empty and on one line."""
        at = self._text.find(piece)
        while at >= 0:
            number = bisect(self._begins, at)
            yield self.all[number - 1]
            at = self._text.find(piece, self._begins[number])


def _names(store: Store) -> _Names:
    """The names of all things that are neither terms nor shapes."""
    found: dict[tuple[ox.NamedNode, str], _Name] = {}
    for quad in _named(store):
        thing, text = quad.subject, quad.object
        if isinstance(thing, ox.NamedNode) and isinstance(text, ox.Literal):
            found.setdefault((thing, text.value), _Name(plain(text.value), text, thing))
            if len(found) == _NAMES:
                break
    return _Names(found.values())


def _named(store: Store) -> Iterator[ox.Quad]:
    machines = {
        quad.subject
        for kind in store.numbers["classes"]
        if kind.startswith(MACHINERY)
        for quad in store.about(None, _TYPE, ox.NamedNode(kind))
    }
    for predicate in store.used(_LABELS):
        yield from (q for q in store.about(None, predicate) if q.subject not in machines)


def _found(store: Store, text: str, space: str = "") -> list[_Name]:
    """The things with a name that holds a text, each by the name that does so best: those whose
    name begins with it, those of which a word does, those that have it anywhere; then those of
    which words begin with each of its own. Among these the shortest names come first, and so,
    before all, the text itself.

    ``space`` is how their IRIs begin.
    """
    wanted = plain(text)
    ways: list[list[_Name]] = [[] for _ in range(4)]
    pieces = list(dict.fromkeys(wanted.split()))[:_PIECES]
    whole, *each = (re.compile(rf"(?<!\w){re.escape(one)}") for one in (wanted, *pieces))
    for name in store.once(_names).holding(max(pieces, key=len)) if pieces else ():
        called = name.plain
        if wanted in called:
            way = 0 if called.startswith(wanted) else 1 if whole.search(called) else 2
        elif all(one in called for one in pieces) and all(one.search(called) for one in each):
            way = 3
        else:
            continue
        if name.thing.value.startswith(space):
            ways[way].append(name)
    best: dict[ox.NamedNode, _Name] = {}
    for name in chain.from_iterable(ways):
        best.setdefault(name.thing, name)
    return list(best.values())


def _nearly(store: Store, text: str) -> list[_Name]:
    """Things with a name, or a word of one, that may be mistaken for a text."""
    wanted = plain(text)
    if len(wanted) < _SPELLED:
        return []
    close: dict[str, dict[ox.NamedNode, _Name]] = {}
    for name in islice(store.once(_names).all, _COMPARED):
        for piece in (name.plain, *name.plain.split()):
            ends = piece[:1] == wanted[0] or piece[-1:] == wanted[-1]
            if ends and abs(len(piece) - len(wanted)) <= _LONGER:
                close.setdefault(piece, {}).setdefault(name.thing, name)
    best: dict[ox.NamedNode, _Name] = {}
    for piece in alike(wanted, close):
        best |= {thing: name for thing, name in close[piece].items() if thing not in best}
    return list(best.values())[:_NEAR]


def things(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """The first things whose name holds some words, as JSON. ``exactly`` says that it is no more
    than the words.

    The call holds ``text``, ``space`` (only IRIs that begin with it; "" for all) and
    ``languages``.
    """
    words = Words(store, call["languages"])
    wanted = plain(call["text"])
    found = _found(store, call["text"], call["space"])
    _write(
        reply,
        {
            "things": [
                {**_suggestion(store, words, name), "exactly": name.plain == wanted}
                for name in found[:_THINGS]
            ],
            "cut": len(found) > _THINGS,
        },
    )


def _suggestion(store: Store, words: Words, name: _Name) -> dict[str, Any]:
    """A thing, its kind, and the name by which it was found where that is not what it is called."""
    label = words.label(name.thing)
    kind = _kind(store, name.thing)
    found = _other(store, words, name)
    return {
        "iri": name.thing.value,
        "label": label,
        "found": found.value if found else "",
        "kind": words.label(kind) if kind else None,
    }


def _kind(store: Store, thing: ox.NamedNode) -> ox.NamedNode | None:
    """The class that says most of a thing: of the publication's own, if there are any, the one with
    the fewest things."""
    kinds = [
        quad.object
        for quad in store.about(thing, _TYPE)
        if isinstance(quad.object, ox.NamedNode) and not quad.object.value.startswith(MACHINERY)
    ]
    counts = store.numbers["classes"]
    return min(
        kinds,
        key=lambda kind: (
            not kind.value.startswith(store.base),
            counts.get(kind.value, 0),
            kind.value,
        ),
        default=None,
    )


def _other(store: Store, words: Words, name: _Name) -> ox.Literal | None:
    """The name by which a thing was found, where it has another one on the page and this one is to
    be seen."""
    if name.text.value == words.label(name.thing)["text"]:
        return None
    hidden = any(store.about(name.thing, _HIDDEN, name.text))
    return None if hidden else name.text


def find(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """The things that a name may mean, as JSON: ``count``, and some of them as ``things``; where
    there are none, ``near`` are things with a name that looks alike.

    The call holds ``text``, ``skip``, ``most`` and ``languages``. Each thing is a link, with its
    ``kind`` and the other name by which it was ``found``, or None.
    """
    words = Words(store, call["languages"])
    found = _found(store, call["text"])
    some = found[call["skip"] : call["skip"] + call["most"]]
    near = [] if found else _nearly(store, call["text"])
    store.expect(name.thing for name in (*some, *near))
    _write(
        reply,
        {
            "count": len(found),
            "things": [_hit(store, words, name) for name in some],
            "near": [_hit(store, words, name) for name in near],
        },
    )


def _hit(store: Store, words: Words, name: _Name) -> dict[str, Any]:
    kind = _kind(store, name.thing)
    found = _other(store, words, name)
    return {
        **words.link(name.thing),
        "kind": {"iri": kind.value, "label": words.label(kind)} if kind else None,
        "found": {"text": found.value, "language": found.language or ""} if found else None,
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
    "find": find,
    "examples": examples,
    "example": example,
    "cells": cells,
    "check": check,
}
"""What a worker can do for the query page, by name."""
