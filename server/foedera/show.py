"""What pages show of things: names in the reader's language, facts in the order of their shapes.

Shapes make pages as well as rules. ``sh:group``, ``sh:order`` and ``sh:name`` of a property shape
say under which heading, where and by what name a property stands (SHACL, section 2.3.2); an inverse
path gives what leads here a place and a name; ``dash:viewer dash:DetailsViewer`` shows the facts of
a value in place (DASH, "Viewers"), and ``dash:propertyRole dash:KeyInfoRole`` shows the values
below the title as well. A group that is ``:folded`` is opened by who wants it. What no shape speaks
of comes after, by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pyoxigraph as ox

from foedera import machines, panels, provenance, retired, terms, vocabulary
from foedera.describe import Found, document_iri, find, genid, retirement, signs, things
from foedera.errors import NotFound
from foedera.query import wire
from foedera.query.worker import Reply
from foedera.rdfa import Clash, Marks, Names
from foedera.stores.base import Store
from foedera.words import Namesakes, Readers, Words, by_text

_TYPE = ox.NamedNode(terms.TYPE)
_FIRST = ox.NamedNode(terms.FIRST)
_REST = ox.NamedNode(terms.REST)
_LABELS = tuple(ox.NamedNode(iri) for iri in terms.LABELS)
_IN_THE_HEAD = frozenset((*_LABELS, *map(ox.NamedNode, terms.SUMMARIES), _TYPE))

_CLASSES = (ox.NamedNode(terms.OWL + "Class"), ox.NamedNode(terms.RDFS + "Class"))

_BEGINNINGS = tuple(ox.NamedNode(iri) for iri in terms.BEGINNINGS)

_TRUE = ("true", "1")
"""As xsd:boolean may be written."""

_LAST = 1e9
"""Where what has no sh:order stands."""

_SORTED = 1000
"""Up to how many values of one property are put in order."""


@dataclass(frozen=True)
class Row:
    """Where and how a property is shown on pages of a class."""

    place: tuple[float, float]
    group: ox.NamedNode | None = None
    names: tuple[ox.Literal, ...] = ()
    details: bool = False
    key: bool = False

    def merged(self, other: Row) -> Row:
        """Both said of one property, by shapes of several of a thing's classes."""
        first, second = sorted((self, other), key=lambda row: row.place)
        return Row(
            first.place,
            first.group or second.group,
            first.names or second.names,
            first.details or second.details,
            first.key or second.key,
        )


Key = tuple[ox.NamedNode, bool]
"""A property, and whether it is read backwards."""


@dataclass(frozen=True)
class Plan:
    """What the shapes and the ontology of a release say about its pages."""

    rows: Mapping[Any, Mapping[Key, Row]]
    own: tuple[str, ...]
    inverses: Mapping[ox.NamedNode, Sequence[ox.NamedNode]]
    below: frozenset[tuple[ox.NamedNode, ox.NamedNode]]
    beginnings: tuple[ox.NamedNode, ...]
    folded: frozenset[Any]

    def of(self, targets: Iterable[Any]) -> dict[Key, Row]:
        """The rows for a thing of some classes, with some properties."""
        found: dict[Key, Row] = {}
        for one in targets:
            for key, row in self.rows.get(one, {}).items():
                found[key] = found[key].merged(row) if key in found else row
        return found


_ROWS = f"""
PREFIX sh: <{terms.SH}>
PREFIX owl: <{terms.OWL}>
PREFIX rdfs: <{terms.RDFS}>
PREFIX dash: <{terms.DASH}>
PREFIX foedera: <{terms.FOEDERA}>
SELECT ?target ?shape ?forward ?backward ?order ?group ?groupOrder ?details ?key ?folded {{
  {{ ?node sh:targetClass|sh:targetSubjectsOf ?target }} UNION {{
    VALUES ?kind {{ owl:Class rdfs:Class }}
    ?node a sh:NodeShape , ?kind
    BIND(?node AS ?target)
  }}
  ?node sh:property ?shape .
  {{ ?shape sh:path ?forward FILTER(isIRI(?forward)) }}
  UNION {{ ?shape sh:path/sh:inversePath ?backward }}
  OPTIONAL {{ ?shape sh:order ?order }}
  OPTIONAL {{
    ?shape sh:group ?group FILTER(isIRI(?group))
    OPTIONAL {{ ?group sh:order ?groupOrder }}
  }}
  BIND(EXISTS {{ ?shape dash:viewer dash:DetailsViewer }} AS ?details)
  BIND(EXISTS {{ ?shape dash:propertyRole dash:KeyInfoRole }} AS ?key)
  BIND(EXISTS {{ ?shape sh:group/foedera:folded true }} AS ?folded)
}}
"""


def _plan(store: Store) -> Plan:
    def number(term: Any) -> float:
        try:
            return float(term.value)
        except (AttributeError, ValueError):
            return _LAST

    found = store.query(_ROWS)
    assert isinstance(found, ox.QuerySolutions)
    solutions = list(found)
    dataset = store.manifest["publication"]["dataset"]  # of which every page tells the makers
    also = [ox.NamedNode(dataset)] if dataset else []
    store.expect([*(solution["shape"] for solution in solutions), *also])
    rows: dict[Any, dict[Key, Row]] = {}
    folded: set[Any] = set()
    for solution in solutions:
        path: Any = solution["forward"] or solution["backward"]
        if not isinstance(path, ox.NamedNode):
            continue
        names = (q.object for q in store.about(solution["shape"], ox.NamedNode(terms.SH + "name")))
        group: Any = solution["group"]
        details: Any = solution["details"]
        important: Any = solution["key"]
        closed: Any = solution["folded"]
        if closed.value in _TRUE:
            folded.add(group)
        row = Row(
            (number(solution["groupOrder"]), number(solution["order"])),
            group,
            tuple(name for name in names if isinstance(name, ox.Literal)),
            details.value in _TRUE,
            important.value in _TRUE,
        )
        known = rows.setdefault(solution["target"], {})
        key = (path, solution["forward"] is None)
        known[key] = known[key].merged(row) if key in known else row
    spaces = store.about(None, ox.NamedNode(terms.VANN + "preferredNamespaceUri"))
    own = (store.base, *sorted(str(getattr(quad.object, "value", "")) for quad in spaces))
    inverses: dict[ox.NamedNode, list[ox.NamedNode]] = {}
    pairs = _pairs(store, terms.OWL + "inverseOf")
    for forth, back in sorted(pairs | {(b, a) for a, b in pairs}, key=str):
        inverses.setdefault(forth, []).append(back)
    below = _pairs(store, terms.RDFS + "subPropertyOf")
    return Plan(rows, own, inverses, below, store.used(_BEGINNINGS), frozenset(folded))


def _pairs(store: Store, iri: str) -> frozenset[tuple[ox.NamedNode, ox.NamedNode]]:
    return frozenset(
        (quad.subject, quad.object)
        for quad in store.about(None, ox.NamedNode(iri))
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode)
    )


MANY = 300
"""How many blank nodes one page shows; further ones have pages of their own."""

_DEEP = 6
"""How deep blank nodes stand in each other on a page."""

_NAMES = 30
"""How many names of a thing stand in its head."""

_DETAILED = 10
"""How many values of one property are shown with their facts in place."""

_AT_ONCE = 3
"""How many values of one property stand below the title."""

_PROPERTIES = 60
"""How many properties one page shows."""

_VALUES = 400
"""About how many values one page shows, of all properties together."""

_THINGS = 50
"""How many things of a document one page shows."""


@dataclass(frozen=True)
class Part:
    """Which piece of what is known of a thing a page shows.

    Page after page of its properties; or of the values of one ``property``; or what a blank
    ``node`` holds, and with ``inverse`` what leads to it.
    """

    page: int = 1
    property: ox.NamedNode | None = None
    inverse: bool = False
    node: ox.BlankNode | None = None


_EVERYTHING = Part(page=0)
"""All properties, with the first values of each."""


def page(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """What the page of a thing, or of a document's things, shows, as JSON.

    The call holds ``iris``, ``languages`` (the reader's, best first), ``values`` (how many of one
    property are listed), and may hold ``page``, ``property``, ``inverse`` and ``node`` (`Part`).
    The head is that of `describe.Found`. The answer has the ``iri`` of the first thing, and
    ``things``: each has ``iri``, ``label``, ``summary``, ``names`` in other languages, ``types``,
    what is told of it in ``brief`` (lists of ``values``), ``sections`` (each a ``heading`` or None,
    whether it is ``folded``, and ``facts``), ``follows`` (facts that only follow
    from others, or say them in other languages), ``links`` (what leads here and is not shown as a
    fact) and how many these are (``leading``); ``alone`` is a blank node that is shown by itself,
    ``members`` the count of a class, ``terms`` the properties shown, with what they mean. A fact
    has its ``property``, ``inverse``, the full ``count``, ``values`` and, where there are ``more``,
    their count and where they are. Of an ontology the first page has the first thing only, and the
    terms are its ``vocabulary``; ``count`` is that of all things of a document.

    All pages together say in RDFa what is known of the thing; ``rdfa``, ``about`` and ``prefix``
    are attributes. Blank nodes have the same names on all of them.

    Raises NotFound where there is no such page.
    """
    found = find(store, call["iris"])
    about = found.things
    end = retirement(store, found)
    if "moved" in end:
        reply.head(end)
        return
    store.expect(about)
    words = store.once(Readers).words(call["languages"])
    try:
        content, namesakes = _content(store, words, found, call, Marks(store.once(_short)))
    except Clash:
        content, namesakes = _content(store, words, found, call, Marks(Names({})))
    first, named = content["first"], isinstance(about[0], ox.NamedNode)
    if first and named and len(about) == 1:
        panel = provenance.panel(store, words, about[0], call.get("at", ()))
        content["things"][0]["source"] = panel
        for stretch in (panel or {}).get("stretches", ()):
            for one in stretch["on"]:
                namesakes.add(one)
        types = (quad.object for quad in store.about(about[0], _TYPE))
        content["things"][0]["panels"] = panels.of(store, words, about[0], types, namesakes)
    namesakes.tell_apart()
    head = signs(store, found)
    content["machines"] = (
        machines.of_document(store, words, found, head, call["languages"])
        if first and named
        else None
    )
    content["retired"] = _retired(store, words, found.thing) if end else None
    reply.head({**head, **end})
    reply.write(wire.packed(content))


def _retired(store: Store, words: Words, thing: Any) -> dict[str, Any] | None:
    """What the page of a thing that is gone says of that."""
    gone = retired.of(store, thing)
    if not isinstance(gone, retired.Gone):
        return None
    return {
        "when": gone.when[0].value if gone.when else "",
        "why": words.best(gone.why),
        "by": [words.link(one) for one in gone.by],
    }


def _short(store: Store) -> Names:
    """Names for the marks: the prefixes of the release, and one for all things below the base."""
    space = f"{store.base}id/"
    others = {name: one for name, one in store.prefixes.items() if not one.startswith(space)}
    return Names({"id": space, **others})


def _content(
    store: Store, words: Words, found: Found, call: dict[str, Any], marks: Marks
) -> tuple[dict[str, Any], Namesakes]:
    """What a page shows, and the links in it."""
    part, namesakes = _part(call), Namesakes(store, words)
    about = found.things
    one = part.property or part.node
    if len(about) == 1 or (one and found.thing):
        page = _Page(store, words, marks, namesakes, about[0], call["values"], True)
        things = [page.content(part)]
        pages, terms_ = things[0]["pages"], None
    else:
        documented = vocabulary.is_ontology(store, about[0])
        pages = documented + -(-len(about) // _THINGS)
        if one or part.page > pages:
            raise _no_page(part.page, pages)
        at = (part.page - 1 - documented) * _THINGS
        terms_ = vocabulary.document(store, words, about[1:]) if at < 0 else None
        things = [
            _Page(
                *(store, words, marks, namesakes),
                *(thing, call["values"], at >= 0 and thing in found.led_to),
            ).content(_EVERYTHING)
            for thing in (about[at : at + _THINGS] if at >= 0 else about[:1])
        ]
    content = {
        "iri": things[0]["iri"],
        "things": things,
        "vocabulary": terms_,
        "prefix": marks.prefix,
        "first": part == Part(),
        "page": part.page,
        "pages": pages,
        "count": len(about),
    }
    return content, namesakes


def _part(call: Mapping[str, Any]) -> Part:
    """Raises NotFound for a name that no property or blank node can have."""
    property_, node = call.get("property"), call.get("node")
    try:
        return Part(
            call.get("page", 1),
            ox.NamedNode(property_) if property_ else None,
            call.get("inverse", False),
            ox.BlankNode(node) if node else None,
        )
    except ValueError:
        raise NotFound("There is no such page of this thing", "Its first page leads on.") from None


def _no_page(page: int, pages: int) -> NotFound:
    return NotFound(f"There is no page {page} of this", f"The last one is page {pages}.")


class _Facts:
    """What is said of a node and, with ``incoming``, what leads to it; counted, and read as far
    as it is needed. The members of a class are left to the page of the class."""

    def __init__(self, store: Store, node: Any, incoming: bool) -> None:
        self._store = store
        self._node = node
        self._read: dict[Key, list[Any]] = {}
        self.counts: dict[Key, int] = {}
        for inverse in (False, True) if incoming else (False,):
            self._count(inverse)

    def _count(self, inverse: bool) -> None:
        known = self._store.linked(self._node, inverse)
        if known:
            found = {(ox.NamedNode(iri), inverse): count for iri, count in known.items()}
            found.pop((_TYPE, True), None)
            self.counts.update(found)
            return
        read: dict[Key, list[Any]] = {}
        for quad in self._store.about(*((None, None, self._node) if inverse else (self._node,))):
            read.setdefault((quad.predicate, inverse), []).append(
                quad.subject if inverse else quad.object
            )
        read.pop((_TYPE, True), None)
        self._read.update(read)
        self.counts.update({key: len(values) for key, values in read.items()})

    def all(self, key: Key) -> list[Any]:
        """All values of a property."""
        if key not in self._read:
            count = self.counts.get(key, 0)
            self._read[key] = self.some(key, 0, count) if count else []
        return self._read[key]

    def some(self, key: Key, skip: int, most: int) -> list[Any]:
        """Some values of a property, in an order that a release keeps."""
        if key in self._read:
            return self._read[key][skip : skip + most]
        predicate, inverse = key
        ends = (None, predicate, self._node) if inverse else (self._node, predicate, None)
        quads = self._store.some(*ends, skip=skip, most=most)
        return [quad.subject if inverse else quad.object for quad in quads]

    def has(self, key: Key, value: Any) -> bool:
        """Whether a property has a value."""
        predicate, inverse = key
        ends = (value, self._node) if inverse else (self._node, value)
        return key in self.counts and any(self._store.about(ends[0], predicate, ends[1]))


class _Page:
    """The making of one thing's page; ``whole`` with what leads here."""

    def __init__(
        self,
        store: Store,
        words: Words,
        marks: Marks,
        namesakes: Namesakes,
        thing: ox.NamedNode | ox.BlankNode,
        most: int,
        whole: bool,
    ) -> None:
        self._store = store
        self._words = words
        self._marks = marks
        self._namesakes = namesakes
        self._thing = thing
        self._nameless = isinstance(thing, ox.BlankNode)
        self._iri = f"{genid(store.base)}{self._name(thing)}" if self._nameless else thing.value
        self._most = most
        self._plan = store.once(_plan)
        self._facts = _Facts(store, thing, whole)
        first = sorted(self._facts.some((_TYPE, False), 0, most), key=str)
        self._types = first if (_TYPE, False) in self._facts.counts else []
        self._specific = words.most_specific(self._types)
        own = (predicate for predicate, inverse in self._facts.counts if not inverse)
        self._rows = self._plan.of([*self._types, *own])
        self._open: set[Any] = {thing} if self._nameless else set()
        self._owned: set[Any] = set(self._open)
        self._terms: dict[str, dict[str, Any]] = {}
        self._explained: set[ox.NamedNode] = set()
        self._inference: dict[tuple[Key, Any], bool] = {}

    def content(self, part: Part) -> dict[str, Any]:
        """All of a page. Raises NotFound."""
        label = self._words.label(self._thing)
        if self._nameless and not self._store.names(self._thing):
            label = {"text": "", "language": ""}
        content: dict[str, Any] = {
            "iri": self._iri,
            "nameless": self._name(self._thing) if self._nameless else None,
            "label": label,
            "summary": self._words.summary(self._thing),
            "names": [],
            "types": self._kinds(),
            "brief": [],
            "sections": [],
            "follows": [],
            "links": [],
            "alone": None,
            "members": self._store.numbers["classes"].get(self._thing.value, 0),
            "anchor": self._iri.partition("#")[2] or "itself",
            "about": self._marks.about(self._marked(part.node or self._thing)),
            "pages": 1,
        }
        if not self._nameless:
            self._namesakes.add({"iri": self._iri, "label": label})
        if part.property:
            content |= self._values_of(part, (part.property, part.inverse))
        elif part.node:
            if not any(self._store.about(part.node)):
                raise NotFound("There is no such page of this thing", "Its first page leads on.")
            content["alone"] = self._blank(part.node, 1, part.inverse, None)
        else:
            content |= self._outline(part.page)
            if part.page < 2:
                head, others = self._head(label, content["summary"])
                content |= head
                content["brief"] = self._brief()
                content["follows"] = [*others, *content["follows"]]
        content["leading"] = sum(fact["count"] for fact in content["links"])
        content["terms"] = [one for one in self._terms.values() if one["summary"]]
        return content

    def _outline(self, page: int) -> dict[str, Any]:
        """What the page of some properties shows, in the order of the shapes."""
        keys = [key for key in self._facts.counts if key[1] or key[0] not in _IN_THE_HEAD]
        ordered = self._ordered(keys, self._rows)
        outline = self._outlined(ordered) if page else [ordered]
        if page > len(outline):
            raise _no_page(page, len(outline))
        sections: dict[Any, list[dict[str, Any]]] = {}
        follows, links = [], []
        for key in outline[page - 1]:
            row = self._rows.get(key)
            count, values = self._listed(key, 0)
            rest = count - len(values)
            repeated = [one for one in values if self._repeats(key, one, row)]
            if rest and len(repeated) < len(values):  # those further on are not looked at
                repeated = []
            if repeated:
                follows.append(self._fact(key, repeated, None, rest + len(repeated)))
                values = [one for one in values if one not in repeated]
            if values and key[1] and row is None:
                links.append(self._fact(key, values, None, rest + len(values)))
            elif values:
                fact = self._fact(key, values, row, rest + len(values))
                sections.setdefault(row.group if row else None, []).append(fact)
        return {
            "sections": [
                {
                    "heading": self._words.label(group) if group else None,
                    "folded": group in self._plan.folded,
                    "facts": facts,
                }
                for group, facts in sections.items()
            ],
            "follows": follows,
            "links": links,
            "pages": len(outline),
        }

    def _outlined(self, keys: Sequence[Key]) -> list[list[Key]]:
        """The properties of each page."""
        pages: list[list[Key]] = [[]]
        size = 0
        for key in keys:
            more = min(self._facts.counts[key], self._most)
            if len(pages[-1]) == _PROPERTIES or (pages[-1] and size + more > _VALUES):
                pages.append([])
                size = 0
            pages[-1].append(key)
            size += more
        return pages

    def _values_of(self, part: Part, key: Key) -> dict[str, Any]:
        """What a page of one property's values shows."""
        facts = _Facts(self._store, part.node, incoming=True) if part.node else self._facts
        skip = (part.page - 1) * self._most
        if key not in facts.counts:
            raise NotFound(f"Nothing is known of <{key[0].value}> here", "The first page leads on.")
        if part.node:
            count = facts.counts[key]
            values = facts.some(key, skip, self._most)
        else:
            count, values = self._listed(key, skip)
        pages = -(-count // self._most)
        if part.page > max(1, pages):
            raise _no_page(part.page, pages)
        row = None if part.node else self._rows.get(key)
        fact = self._fact(key, values, row, count, part)
        section = {"heading": None, "folded": False, "facts": [fact]}
        return {"sections": [section], "pages": pages}

    def _kinds(self) -> list[dict[str, Any]]:
        """Links to the closest classes; ``again`` where one is called as another before it."""
        found: dict[str, dict[str, Any]] = {}
        kinds = []
        for one in self._specific:
            name = self._words.named(_TYPE, one)
            kind = {**self._words.link(one), **({"label": name} if name else {})}
            kind["again"] = kind["label"]["text"] in found
            found[kind["label"]["text"]] = kind
            kinds.append(kind)
        return kinds

    def _brief(self) -> list[dict[str, Any]]:
        """What a reader wants to know at once, without marks: it is told again below."""
        told = [
            key for key, row in self._rows.items() if row.key and self._facts.counts.get(key, 0)
        ]
        brief = []
        for key in self._ordered(told, self._rows):
            count, values = self._listed(key, 0)
            shown = [self._plain(one, key[0]) for one in values[:_AT_ONCE]]
            brief.append({"values": shown, "more": count - len(shown)})
        return brief

    def _head(
        self, label: dict[str, str], summary: dict[str, str] | None
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """What stands before all facts, with its marks; and the facts for what does not fit."""
        spelled: dict[ox.Literal, list[ox.NamedNode]] = {}
        left: dict[Key, list[Any]] = {}
        title, lead = _literal(label), _literal(summary)
        told = [key for key in self._facts.counts if key[0] in _IN_THE_HEAD and not key[1]]
        for key in sorted(told, key=str):
            predicate, _ = key
            named = predicate in _LABELS
            if predicate == _TYPE or self._facts.counts[key] > (_NAMES if named else self._most):
                left[key] = []
                continue
            for value in sorted(self._facts.all(key), key=str):
                if _is_plain(value) if named else value == lead:
                    spelled.setdefault(value, []).append(predicate)
                else:
                    left.setdefault(key, []).append(value)
        head: dict[str, Any] = {"label": label, "summary": summary, "names": []}
        for texts in by_text(spelled):
            first = title if title in texts else texts[0]
            name = {
                "text": first.value,
                "language": first.language or "",
                "rdfa": self._marks.literal(spelled[first], first, first.value),
                "twins": [
                    {
                        "language": text.language or "",
                        "rdfa": self._marks.literal(spelled[text], text, None),
                    }
                    for text in texts
                    if text != first
                ],
            }
            if first == title:
                head["label"] = name
            elif first == lead:
                head["summary"] = name
            else:
                head["names"].append(name)
        if self._facts.counts.get((_TYPE, False), 0) <= self._most:
            head["types"] = [
                {**kind, "rdfa": self._marks.value(_TYPE, one)}
                for kind, one in zip(self._kinds(), self._specific, strict=True)
            ]
            left[_TYPE, False] = [one for one in self._types if one not in self._specific]
            if not left[_TYPE, False]:
                del left[_TYPE, False]
        others = []
        for key, values in left.items():
            count, listed = (len(values), values) if values else self._listed(key, 0)
            others.append(self._fact(key, listed, None, count))
        return head, others

    def _listed(self, key: Key, skip: int) -> tuple[int, list[Any]]:
        """How many values of a property are shown, and those of one page; in order where they
        are not too many.

        What leads here and is said the other way round as well stands there.
        """
        facts, count = self._facts, self._facts.counts[key]
        forth = self._forth(key)
        if count > _SORTED:
            if any(facts.counts[one] == count for one in forth):
                return 0, []
            return count, facts.some(key, skip, self._most)
        values = facts.all(key)
        if forth:
            values = [one for one in values if not any(facts.has(key, one) for key in forth)]
        return len(values), self._sorted(values)[skip : skip + self._most]

    def _forth(self, key: Key) -> list[Key]:
        """The properties of a thing that say what some property says of it from the other side,
        where no shape gives that a place."""
        if not key[1] or key in self._rows:
            return []
        return [
            (forth, False)
            for forth in self._plan.inverses.get(key[0], ())
            if (forth, False) in self._facts.counts
        ]

    def _back(self, key: Key, value: Any) -> list[ox.NamedNode]:
        """The properties by which a value leads here, and which are not shown as such."""
        if key[1] or isinstance(value, ox.Literal | ox.Triple):
            return []
        return [
            back
            for back in self._plan.inverses.get(key[0], ())
            if (back, True) not in self._rows and self._facts.has((back, True), value)
        ]

    def _inferred(self, predicate: Any, value: Any) -> bool:
        """Whether no file states this of the thing, nor says it the other way round."""
        if not self._follows((predicate, False), value):
            return False
        return isinstance(value, ox.Literal) or not any(
            any(self._store.about(value, back, self._thing))
            and not self._store.follows(ox.Triple(value, back, self._thing))
            for back in self._plan.inverses.get(predicate, ())
        )

    def _follows(self, key: Key, value: Any) -> bool:
        """Whether a value of the thing is there because it was inferred."""
        found = self._inference.get((key, value))
        if found is None:
            ends = (value, self._thing) if key[1] else (self._thing, value)
            found = self._store.follows(ox.Triple(ends[0], key[0], ends[1]))
            self._inference[key, value] = found
        return found

    def _repeats(self, key: Key, value: Any, row: Row | None) -> bool:
        """Whether a value only repeats what another property says more closely, or what another
        vocabulary makes of it."""
        predicate, inverse = key
        if not self._follows(key, value):
            return False
        if row is None and not predicate.value.startswith(self._plan.own):
            return True
        return any(
            (other[0], predicate) in self._plan.below and self._facts.has(other, value)
            for other in self._facts.counts
            if other[0] != predicate and other[1] == inverse
        )

    def _ordered(self, keys: Iterable[Key], rows: Mapping[Key, Row]) -> list[Key]:
        """As the shapes have it; then the publication's own properties, then others, by name."""

        def place(key: Key) -> Any:
            row = rows.get(key)
            own = key[0].value.startswith(self._plan.own)
            name = self._words.label(key[0])["text"].lower()
            first = row.place if row else (_LAST, _LAST)
            return (*first, key[1], not own, name, key[0].value)

        return sorted(keys, key=place)

    def _fact(
        self,
        key: Key,
        values: Sequence[Any],
        row: Row | None = None,
        count: int | None = None,
        part: Part | None = None,
    ) -> dict[str, Any]:
        """A property of the thing, or of a part's blank node, with all or some of its values."""
        predicate, inverse = key
        part = part or Part()
        mine = part.node is None
        named = row or (self._rows.get(key) if mine else None)
        foreign = not self._store.names(predicate)  # has no name of its own
        called = named and (foreign or (row and (inverse or row.details)))
        name = self._words.best(named.names) if named and called else None
        shown = self._property(predicate)
        count = len(values) if count is None else count
        rest = count - (part.page - 1) * self._most - len(values)
        return {
            "property": {**shown, "label": name or shown["label"]},
            "inverse": inverse and name is None,
            "count": count,
            "values": [
                self._value(
                    one,
                    key,
                    inferred=mine and not inverse and self._inferred(predicate, one),
                    details=bool(row and row.details) and at < _DETAILED,
                    mirrors=self._back(key, one) if mine else (),
                    of=part.node,
                )
                for at, one in enumerate(values)
            ],
            "more": self._more(key, rest, part.page + 1, part.node),
        }

    def _property(self, predicate: ox.NamedNode) -> dict[str, Any]:
        if predicate.value not in self._terms:
            self._terms[predicate.value] = self._words.link(predicate)
        return self._link(predicate)

    def _link(self, node: ox.NamedNode) -> dict[str, Any]:
        """A link, which says what it leads to the first time."""
        link = self._words.link(node)
        if node in self._explained:
            link["summary"] = None
        self._explained.add(node)
        return link

    def _named_link(self, node: ox.NamedNode, predicate: ox.NamedNode) -> dict[str, Any]:
        """A link to a value of a property, told apart from others of the same name."""
        link = {"kind": "link", **self._link(node)}
        name = self._words.named(predicate, node)
        return self._namesakes.add({**link, "label": name} if name else link)

    def _more(self, key: Key, rest: int, page: int, node: Any = None) -> dict[str, Any] | None:
        """How many values there are beside those listed, and where."""
        if rest <= 0:
            return None
        asked = {"node": self._name(node)} if node else {}
        asked["property"] = key[0].value
        if key[1]:
            asked["inverse"] = "1"
        return {
            "count": rest,
            "iri": self._iri,
            "query": urlencode({**asked, "page": page}),
        }

    def _sorted(self, values: Sequence[Any]) -> list[Any]:
        """What has a date by that, then the rest by name."""

        def place(node: Any) -> tuple[bool, str, str, str]:
            if isinstance(node, ox.NamedNode):
                begun = self._begun(node)
                return begun == "", begun, self._words.label(node)["text"].lower(), node.value
            return True, "", str(node), ""

        return sorted(values, key=place) if 1 < len(values) <= _SORTED else list(values)

    def _begun(self, node: ox.NamedNode) -> str:
        """When a thing began, as text that sorts; "" where nothing says."""
        for predicate in self._plan.beginnings:
            for quad in self._store.about(node, predicate):
                return str(getattr(quad.object, "value", ""))
        return ""

    def _value(
        self,
        node: Any,
        key: Key,
        *,
        inferred: bool = False,
        details: bool = False,
        mirrors: Sequence[ox.NamedNode] = (),
        depth: int = 1,
        of: Any = None,
    ) -> dict[str, Any]:
        """One value of the thing, or of a blank node, with its marks: a link, a text, or a blank
        node with what it holds."""
        predicate, inverse = key
        shown: dict[str, Any]
        if isinstance(node, ox.Literal):
            shown = {"kind": "text", **self._words.literal(node, predicate)}
            shown["rdfa"] = self._marks.literal((predicate,), node, shown["said"])
        elif isinstance(node, ox.Triple):
            shown = {"kind": "text", **_quoted(node)}
        elif isinstance(node, ox.NamedNode):
            shown = self._named_link(node, predicate)
            shown["parts"] = self._parts(node) if details else []
            shown["rdfa"] = self._marks.value(predicate, node, inverse, mirrors)
        else:
            shown = self._blank(node, depth, inverse, (predicate, of or self._thing))
            shown["rdfa"] = self._marks.value(predicate, self._name(node), inverse, mirrors)
        shown["inferred"] = inferred
        if of is None and not self._nameless and not isinstance(node, ox.BlankNode):
            ends = (node, self._thing) if inverse else (self._thing, node)
            shown["why"] = provenance.code(ox.Triple(ends[0], predicate, ends[1]))
            if inverse and self._facts.counts.get(key, 0) > provenance.CROWD:
                shown["asked"] = node.value
        return shown

    def _name(self, node: Any) -> str:
        """What a blank node is called on all pages."""
        return str(node.value)

    def _marked(self, node: ox.NamedNode | ox.BlankNode) -> ox.NamedNode | str:
        """A node as the marks have it."""
        return self._name(node) if isinstance(node, ox.BlankNode) else node

    def _blank(
        self, node: Any, depth: int, owner: bool, by: tuple[ox.NamedNode, Any] | None
    ) -> dict[str, Any]:
        """What a blank node holds; of one that leads to something (``owner``), also what leads to
        it. ``by`` is the property and the node through which it was come to.

        It stands once on a page. Too deep, or one too many, it has a page of its own.
        """
        told = node in self._open
        if told and (not owner or node in self._owned):
            return {"kind": "again", "name": self._name(node)}
        if depth > _DEEP or len(self._open | self._owned) >= MANY:
            return self._elsewhere(node, owner)
        if told:
            return self._with(node, self._held(node, depth, (True,), by))
        head = self._list_head(node) if owner else node
        cells = self._cells(head)
        if not cells:
            return self._with(node, self._held(node, depth, (False, True)[: 1 + owner], by))
        self._open.update(cell for cell, _, _ in cells)
        self._owned.update((head, node) if owner else ())
        last = cells[-1][2]
        further = isinstance(last, ox.BlankNode) and last not in self._open
        return {
            **self._with(node, self._held(head, depth, (True,), None) if owner else []),
            "kind": "list",
            "anchor": self._iri.partition("#")[2] or "itself",
            "about": self._marks.about(self._name(head)),
            "items": [
                {
                    **self._value(first, (_FIRST, False), depth=depth + 1, of=cell),
                    "cell": self._marks.about(self._name(cell)),
                    "rest": self._marks.value(
                        _REST, self._name(rest) if isinstance(rest, ox.BlankNode) else rest
                    ),
                }
                for cell, first, rest in cells
            ],
            "further": self._elsewhere(last, False) if further else None,
        }

    def _with(self, node: Any, parts: list[dict[str, Any]]) -> dict[str, Any]:
        return {"kind": "blank", "name": self._name(node), "parts": parts}

    def _elsewhere(self, node: Any, owner: bool) -> dict[str, Any]:
        asked = {"node": self._name(node), **({"inverse": "1"} if owner else {})}
        return {"kind": "elsewhere", "iri": self._iri, "query": urlencode(asked)}

    def _held(
        self, node: Any, depth: int, sides: Sequence[bool], by: tuple[ox.NamedNode, Any] | None
    ) -> list[dict[str, Any]]:
        """Facts of a blank node: those that it holds, those that lead to it (True), or both."""
        facts = _Facts(self._store, node, incoming=True in sides)
        if False in sides:
            self._open.add(node)
        if True in sides:
            self._owned.add(node)
        held = []
        for key in self._ordered((key for key in facts.counts if key[1] in sides), {}):
            values = facts.some(key, 0, self._most)
            if True in sides and (key[0], values) == (by and by[0], [by and by[1]]):
                continue  # it was come to this way
            held.append(
                {
                    "property": self._property(key[0]),
                    "inverse": key[1],
                    "count": facts.counts[key],
                    "values": [self._value(one, key, depth=depth + 1, of=node) for one in values],
                    "more": self._more(key, facts.counts[key] - len(values), 2, node),
                }
            )
        return held

    def _cells(self, head: Any) -> list[tuple[Any, Any, Any]]:
        """The cells of a list with their first and rest, as far as they are nothing but that."""
        cells: list[tuple[Any, Any, Any]] = []
        seen = set(self._open)
        while isinstance(head, ox.BlankNode) and head not in seen and len(seen) < MANY:
            seen.add(head)
            pieces = [(quad.predicate, quad.object) for quad in self._store.about(head)]
            held = dict(pieces)
            if len(pieces) != 2 or held.keys() != {_FIRST, _REST}:
                break
            cells.append((head, held[_FIRST], held[_REST]))
            head = held[_REST]
        return cells

    def _list_head(self, node: Any) -> Any:
        """The first cell of the list that a node is a cell of."""
        seen = {node}
        while True:
            before = list(self._store.about(None, None, node))
            if len(before) != 1 or before[0].predicate != _REST:
                break
            if not isinstance(before[0].subject, ox.BlankNode) or before[0].subject in seen:
                break
            node = before[0].subject
            seen.add(node)
        return node

    def _parts(self, node: ox.NamedNode) -> list[dict[str, Any]]:
        """What is stated of a value and does not lead back: shown within the page of the thing,
        and said on its own."""
        found: dict[Key, list[Any]] = {}
        types = []
        for quad in self._store.about(node):
            if quad.predicate == _TYPE:
                types.append(quad.object)
            elif (
                quad.predicate not in _IN_THE_HEAD
                and quad.object != self._thing
                and not self._store.follows(quad)
            ):
                found.setdefault((quad.predicate, False), []).append(quad.object)
        rows = self._plan.of([*types, *(predicate for predicate, _ in found)])
        return [
            {
                "property": self._link(key[0]),
                "count": len(found[key]),
                "values": [self._plain(one, key[0]) for one in self._sorted(found[key])[:20]],
            }
            for key in self._ordered(found, rows)
        ]

    def _plain(self, node: Any, predicate: ox.NamedNode, depth: int = 1) -> dict[str, Any]:
        """A value of a property, without marks."""
        if isinstance(node, ox.NamedNode):
            return self._named_link(node, predicate)
        if isinstance(node, ox.Literal):
            return {"kind": "text", **self._words.literal(node, predicate)}
        if isinstance(node, ox.Triple):
            return {"kind": "text", **_quoted(node)}
        held: dict[ox.NamedNode, list[Any]] = {}
        for quad in self._store.about(node) if depth <= _DEEP else ():
            held.setdefault(quad.predicate, []).append(quad.object)
        parts = [
            {
                "property": self._link(predicate),
                "count": len(values),
                "values": [self._plain(one, predicate, depth + 1) for one in values[:20]],
            }
            for predicate, values in held.items()
        ]
        return {"kind": "blank", "parts": parts}


def _quoted(triple: ox.Triple) -> dict[str, str]:
    """A triple as a value, which RDFa has no mark for."""
    return {"text": str(triple), "said": str(triple), "language": "", "tag": ""}


def _literal(text: dict[str, str] | None) -> ox.Literal | None:
    return ox.Literal(text["text"], language=text["language"] or None) if text else None


def _is_plain(value: Any) -> bool:
    """Whether a value is a text, with or without a language."""
    plain = isinstance(value, ox.Literal)
    return plain and (bool(value.language) or value.datatype.value == terms.XSD + "string")


def overview(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """What the first page names: classes and examples, as JSON.

    The call holds ``languages``, ``classes`` and ``examples`` (IRIs). Of a class it says whether it
    is the publication's ``own``, and whether it comes ``first``, since its things have panels.
    """
    words = Words(store, call["languages"])
    own, first = store.once(_plan).own, panels.classes(store)
    content = {
        "classes": [
            {**words.link(node), "own": node.value.startswith(own), "first": node in first}
            for node in map(ox.NamedNode, call["classes"])
        ],
        "examples": [words.link(ox.NamedNode(iri)) for iri in call["examples"]],
        "machines": machines.of_site(store, words, call["languages"]),
    }
    reply.head({})
    reply.write(wire.packed(content))


def members(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """The things of a class, as JSON: in the order of their names, where they are not too many.

    The call holds ``iri``, ``languages``, ``skip`` and ``most``. The answer has the ``count`` of
    those with a name of their own, how many are ``unnamed``, how many are gone through in
    ``total``, and whether they are ``ordered``. Raises NotFound where nothing is of the class.
    """
    node = things(store, [call["iri"]])[0]
    count = store.numbers["classes"].get(node.value, 0)
    if not count and not any(any(store.about(node, _TYPE, one)) for one in _CLASSES):
        raise NotFound(
            f"Nothing here is of a class <{node.value}>",
            f"What is known of it stands at {document_iri(store.base, node.value)}",
        )
    unnamed = store.numbers.get("unnamed", {}).get(node.value, 0)
    words = Words(store, call["languages"])
    skip, most = call["skip"], call["most"]
    ordered = count <= _ORDERED
    if ordered:
        shown = store.once(_Orders).of(node, words, call["languages"])[skip : skip + most]
    else:
        found = store.some(None, _TYPE, node, skip=skip, most=most)
        shown = [quad.subject for quad in found if isinstance(quad.subject, ox.NamedNode)]
    namesakes = Namesakes(store, words)
    content = {
        **words.link(node),
        "count": count - unnamed,
        "unnamed": unnamed,
        "total": count - unnamed if ordered else count,
        "ordered": ordered,
        "members": [namesakes.add(words.link(one)) for one in shown],
    }
    namesakes.tell_apart()
    reply.head({})
    reply.write(wire.packed(content))


_ORDERED = 10_000
"""How many things of a class are put in order."""

_REMEMBERED = 50_000
"""How many things stay in orders that were made."""


class _Orders:
    """The things of classes in the order of their names, the last few of them remembered: page
    after page asks for the same."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._made: dict[tuple[str, ...], list[ox.NamedNode]] = {}

    def of(self, node: ox.NamedNode, words: Words, languages: Sequence[str]) -> list[ox.NamedNode]:
        key = (node.value, *languages)
        if key not in self._made:
            found = (quad.subject for quad in self._store.about(None, _TYPE, node))
            named = [one for one in found if isinstance(one, ox.NamedNode)]
            named.sort(key=lambda one: (words.label(one)["text"].lower(), one.value))
            while self._made and sum(map(len, self._made.values())) > _REMEMBERED - len(named):
                del self._made[next(iter(self._made))]
            self._made[key] = named
        return self._made[key]


OPERATIONS = {"page": page, "overview": overview, "members": members}
"""What a worker can do for pages, by name."""
