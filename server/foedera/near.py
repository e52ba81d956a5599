"""What is meant by an address at which there is nothing: the thing that it nearly names.

People type addresses, cut off their ends and write them in another case; programs add a slash.
Where one thing can be meant, its address is right; else those that are close are named.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import unquote

import pyoxigraph as ox

from foedera import formats, terms
from foedera.describe import OFFERED, find
from foedera.query.worker import Reply
from foedera.stores.base import Store

_SAID = tuple(map(ox.NamedNode, (terms.TYPE, *terms.LABELS, terms.DCTERMS + "isReplacedBy")))
"""One of these is said of everything that somebody described."""

_MOST = 50_000
"""Of how many things the names are held ready. Where there are more, none are: they would take
memory that pages need."""

_READ = 4_000
"""The longest path that is looked at: to normalize a text takes the square of the accents on one
letter."""

_LONGEST = 200
"""The longest name, in letters, to which others are compared."""

_COMPARED = 3_000
"""With how many others a name is compared."""

_SHOWN = 5
"""How many things are named."""

_ALIKE = 0.75
"""How much alike names are that may be mistaken for each other, of 1."""

Index = Mapping[str, list[str]]
"""The IRIs below the base, by their `_plain` path."""


def near(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """What a ``path`` that names nothing may mean.

    The head has the one ``iri`` that can be meant, or None; its ``document``; and the ``ending`` of
    the format that the path asks for, or "". Without one it has ``near``: the documents of things
    that are close, and in ``wrong`` the ending, where it is only this that is wrong.
    """
    if len(call["path"]) > _READ:
        reply.head({"iri": None, "near": [], "wrong": ""})
        return
    index = store.once(_index)
    whole = _plain(unquote(call["path"]))
    stem, dot, ending = whole.rpartition(".")
    fmt = formats.by_name(ending, OFFERED) if dot else None
    found = _documents(store, _meant(store, index, whole))
    cut = {} if found or not stem else _documents(store, _meant(store, index, stem))
    meant = found or (cut if fmt else {})
    if len(meant) == 1:
        ((document, iri),) = meant.items()
        said = fmt.ending if fmt and cut else ""
        reply.head({"iri": iri, "document": document, "ending": said})
        return
    close = found or cut or _documents(store, _close(index, stem if fmt else whole))
    wrong = ending if len(cut) == 1 else ""
    reply.head({"iri": None, "near": list(close), "wrong": wrong})


def _documents(store: Store, iris: Sequence[str]) -> dict[str, str]:
    """The documents of the first of some things, each with the thing that it is of."""
    found: dict[str, str] = {}
    for iri in iris[:_SHOWN]:
        found.setdefault(find(store, [iri]).head(store.base)["document"], iri)
    return found


def _plain(path: str) -> str:
    """A path as it is looked for: without what people get wrong, and what our addresses add."""
    text = unicodedata.normalize("NFC", path).casefold().strip()
    text = re.sub("/+", "/", text.replace("\\", "/"))
    text = text.removeprefix("/").rstrip("/.,;")  # a sentence ends after an address, too
    return re.sub(r"\A(?:id|doc)(?:/|\Z)", "", text)


def _index(store: Store) -> Index:
    """Empty where there are too many things."""
    found: dict[str, list[str]] = {}
    if store.numbers.get("subjects", 0) > _MOST:
        return found
    for iri in dict.fromkeys(_described(store)):
        if iri.startswith(store.base) and "#" not in iri and "?" not in iri:
            found.setdefault(_plain(unquote(iri[len(store.base) :])), []).append(iri)
    found.pop("", None)
    return found


def _described(store: Store) -> Iterator[str]:
    for predicate in _SAID:
        for quad in store.about(None, predicate):
            if isinstance(quad.subject, ox.NamedNode):
                yield quad.subject.value


def _meant(store: Store, index: Index, name: str) -> list[str]:
    """The things with a name; without an index, those that have it just so."""
    if index or not name:
        things = f"{store.base}id/"
        return sorted(index.get(name, ()), key=lambda iri: (not iri.startswith(things), iri))
    found = []
    for space in ("id/", ""):
        try:
            node = ox.NamedNode(f"{store.base}{space}{name}")
        except ValueError:
            return []
        if any(store.about(node)):
            found.append(node.value)
    return found


def _close(index: Index, name: str) -> list[str]:
    """What is of the same kind with a name that looks alike; else of the same name and another
    kind; else what begins like it."""
    if not name or len(name) > _LONGEST:
        return []
    kind, slash, last = name.rpartition("/")
    size = len(name)
    beside = (
        one
        for one in index
        if one.startswith(kind + slash) and abs(len(one) - size) <= 4 and one.count("/") < 4
    )
    names = alike(name, beside)
    if not names:
        names = list(islice((one for one in index if one.endswith(f"/{last}")), _SHOWN))
    if not names:
        names = sorted(one for one in index if one.startswith(f"{name}/"))[:_SHOWN]
    return [iri for one in names for iri in index[one]]


def alike(name: str, others: Iterable[str]) -> list[str]:
    """Those of the first of some names that may be mistaken for one, the likest first."""
    return difflib.get_close_matches(name, islice(others, _COMPARED), _SHOWN, _ALIKE)


OPERATIONS = {"near": near}
"""What a worker can tell of addresses at which there is nothing, by name."""
