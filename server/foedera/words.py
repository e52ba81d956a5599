"""Names and texts of things in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.dates import in_words
from foedera.languages import Order, primary
from foedera.stores.base import Store

_TYPE = ox.NamedNode(terms.TYPE)
_BELOW = ox.NamedNode(terms.RDFS + "subClassOf")
_NAMED_VALUE = ox.NamedNode(terms.FOEDERA + "NamedValue")
_VALUE_OF = ox.NamedNode(terms.FOEDERA + "valueOf")
_VALUE = ox.NamedNode(terms.RDF + "value")
_NAME = ox.NamedNode(terms.SH + "name")
_CALENDAR = frozenset(
    terms.XSD + name for name in ("date", "dateTime", "dateTimeStamp", "gYear", "gYearMonth")
)
NUMBERS = frozenset(
    terms.XSD + name
    for name in (
        *("integer", "decimal", "long", "int", "short", "nonNegativeInteger", "positiveInteger"),
        *("unsignedLong", "unsignedInt", "unsignedShort"),
    )
)
"""Datatypes whose values are written in digits alone."""

MARKS = {"en": (",", "."), "it": (".", ","), "ja": (",", ".")}
"""What stands between thousands, and before a fraction, in each language that we write."""

_NUMBER = re.compile(r"([+-]?)(\d{1,40})(?:\.(\d+))?")
_THOUSANDS = re.compile(r"(?<=\d)(?=(?:\d{3})+$)")
_SHORT = 4
"""How many digits are read at a glance, and may be a year."""

_TIME = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?)?)?")
"""What HTML takes for a date or a moment."""

_HUMP = re.compile(r"(?<=[a-z])[A-Z](?=[a-z])")
"""Where a camelCase name goes on with a new word."""


_READERS = 4
"""For how many choices of languages words are kept."""

_KEPT = 3_000
"""How many labels are kept for one of them."""


class Words:
    """Labels in the reader's language, looked up once each."""

    def __init__(self, store: Store, languages: Sequence[str]) -> None:
        self._store = store
        self._languages = (*languages, "en")
        self._order = Order(languages)
        self._summaries: dict[Any, dict[str, str] | None] = {}
        self._labels: dict[Any, dict[str, str]] = {}
        self._links: dict[Any, dict[str, Any]] = {}
        self._kinds: dict[Any, dict[str, str] | None] = {}
        self._parents: dict[Any, set[Any]] = {}

    @property
    def much(self) -> bool:
        """Whether more was looked up than is to be kept from page to page."""
        held = (self._labels, self._summaries, self._links, self._kinds, self._parents)
        return any(len(one) > _KEPT for one in held)

    def best(self, texts: Sequence[ox.Literal]) -> dict[str, str] | None:
        """The text that the reader can read best, and its language; of several the first one."""
        if not texts:
            return None
        best = min(texts, key=lambda text: (self._order.rank(text.language or ""), text.value))
        return {"text": best.value, "language": best.language or ""}

    def label(self, node: Any) -> dict[str, str]:
        """The name of a thing; failing that the last piece of its IRI."""
        if node not in self._labels:
            texts = [t.object for t in self._store.names(node) if isinstance(t.object, ox.Literal)]
            self._labels[node] = self.best(texts) or {
                "text": local_name(node.value),
                "language": "",
            }
        return self._labels[node]

    def text(self, node: Any, predicates: Iterable[ox.NamedNode]) -> dict[str, str] | None:
        """What the first of some properties that is there says of a thing, or None."""
        for predicate in predicates:
            said = (quad.object for quad in self._store.about(node, predicate))
            texts = [text for text in said if isinstance(text, ox.Literal)]
            if texts:
                return self.best(texts)
        return None

    def summary(self, node: Any) -> dict[str, str] | None:
        """A sentence or two on a thing, or None."""
        if node not in self._summaries:
            self._summaries[node] = self.best(self._store.summaries(node))
        return self._summaries[node]

    def named(self, predicate: Any, value: Any) -> dict[str, str] | None:
        """What pages call a value of a property that has no name of its own, or None."""
        names = self._store.once(_named).get((predicate, value))
        return self.best(names) if names else None

    def kind(self, node: Any) -> dict[str, str] | None:
        """The name of the closest class of a thing, or None."""
        if node not in self._kinds:
            types = (quad.object for quad in self._store.about(node, _TYPE))
            closest = sorted(self.most_specific(list(types)), key=str)
            self._kinds[node] = self.label(closest[0]) if closest else None
        return self._kinds[node]

    def most_specific(self, types: Sequence[Any]) -> list[ox.NamedNode]:
        """Classes without those that another of them is below."""
        above = set().union(*map(self._above, types))
        return [one for one in types if isinstance(one, ox.NamedNode) and one not in above]

    def _above(self, one: Any) -> set[Any]:
        """The classes that are said to be above one."""
        if one not in self._parents:
            self._parents[one] = {quad.object for quad in self._store.about(one, _BELOW)} - {one}
        return self._parents[one]

    def literal(self, value: ox.Literal, predicate: Any = None) -> dict[str, str]:
        """A value (of a property) as it is written (``text``) and as it is said, with its
        ``language`` and a ``tag`` for what a reader would not guess: another language, an unusual
        datatype. One that HTML takes for a time has it as its ``time``."""
        kind = "" if value.language else value.datatype.value
        said, tag, time = value.value, "", ""
        name = self.named(predicate, value) if predicate else None
        if name:
            said = name["text"]
        elif value.language and primary(value.language) != primary(self._languages[0]):
            tag = value.language
        elif kind.startswith(terms.EDTF) or kind in _CALENDAR:
            said = self._first(in_words, value.value)
            time = value.value if _TIME.fullmatch(value.value) else ""
        elif kind in NUMBERS:
            said = self._first(in_figures, value.value)
        elif kind and not kind.startswith(terms.XSD):
            tag = local_name(kind)
        shown = {"text": value.value, "said": said, "language": value.language or "", "tag": tag}
        return {**shown, "time": time} if time else shown

    def _first(self, say: Callable[[str, str], str | None], text: str) -> str:
        """A text as it is said in the first of the reader's languages in which that is known."""
        said = (say(text, primary(tag)) for tag in self._languages)
        return next(filter(None, said), text)

    def link(self, node: Any) -> dict[str, Any]:
        """What a link to a thing shows; ``here`` that it leads to a page of ours though the thing's
        IRI is elsewhere."""
        link = self._links.get(node)
        if link is None:
            link = {"iri": node.value, "label": self.label(node), "summary": self.summary(node)}
            if self._described(node):
                link["here"] = True
            self._links[node] = link
        return dict(link)

    def _described(self, node: Any) -> bool:
        """Whether anything is said here of a thing elsewhere."""
        return not node.value.startswith(self._store.base) and (
            bool(self._store.names(node))  # looked up for the label
            or any(self._store.about(node, _TYPE))
            or any(self._store.about(node))
        )


class Namesakes:
    """The links of one page to things of one name, told apart by their kinds."""

    def __init__(self, store: Store, words: Words) -> None:
        self._store = store
        self._words = words
        self._named: dict[str, dict[str, list[dict[str, Any]]]] = {}

    def add(self, link: dict[str, Any]) -> dict[str, Any]:
        """A link, or what has its IRI and label, as it stands in the content of the page."""
        same = self._named.setdefault(link["label"]["text"], {})
        same.setdefault(link["iri"], []).append(link)
        return link

    def tell_apart(self) -> None:
        """Adds its kind as ``among`` to each link to one of several, where they are of several."""
        several = [same for same in self._named.values() if len(same) > 1]
        self._store.expect([ox.NamedNode(iri) for same in several for iri in same])
        for same in several:
            kinds = {iri: self._words.kind(ox.NamedNode(iri)) for iri in same}
            if len({kind["text"] if kind else "" for kind in kinds.values()}) > 1:
                for iri, links in same.items():
                    for link in links:
                        link["among"] = kinds[iri]


def _named(store: Store) -> dict[tuple[Any, Any], list[ox.Literal]]:
    """The names that the shapes of a release have for values, by property and value."""
    found: dict[tuple[Any, Any], list[ox.Literal]] = {}
    if not store.used((_VALUE_OF,)):
        return found
    for quad in store.about(None, _TYPE, _NAMED_VALUE):
        values = [one.object for one in store.about(quad.subject, _VALUE)]
        names = [one.object for one in store.about(quad.subject, _NAME)]
        for owner in store.about(quad.subject, _VALUE_OF):
            for value in values:
                literals = (name for name in names if isinstance(name, ox.Literal))
                found.setdefault((owner.object, value), []).extend(literals)
    return found


class Readers:
    """The words for the last few choices of languages: most things that a page names are on other
    pages as well, its properties on all."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[tuple[str, ...], Words] = {}

    def words(self, languages: Sequence[str]) -> Words:
        """Those for a reader of some languages, best first."""
        key = tuple(languages)
        words = self._kept.pop(key, None)
        if words is None or words.much:
            words = Words(self._store, languages)
        self._kept[key] = words
        if len(self._kept) > _READERS:
            del self._kept[next(iter(self._kept))]
        return words


def in_figures(text: str, language: str) -> str | None:
    """A number in digits with the marks of a language, long ones in groups of three; None for what
    is none, or a language that we do not write."""
    match = _NUMBER.fullmatch(text)
    if match is None or language not in MARKS:
        return None
    sign, whole, part = match.groups()
    group, point = MARKS[language]
    if len(whole) > _SHORT:
        whole = _THOUSANDS.sub(group, whole)
    return f"{sign}{whole}{point}{part}" if part else f"{sign}{whole}"


def local_name(iri: str) -> str:
    """The last piece of an IRI in words, to show where nothing better is known."""
    pieces = [piece for piece in iri.replace("#", "/").split("/") if piece]
    return _HUMP.sub(lambda hump: " " + hump[0].lower(), pieces[-1]) if pieces else iri


def by_text(texts: Iterable[ox.Literal]) -> list[list[ox.Literal]]:
    """Texts with those beside them that only differ in their language."""
    found: dict[str, list[ox.Literal]] = {}
    for text in texts:
        found.setdefault(text.value, []).append(text)
    return list(found.values())
