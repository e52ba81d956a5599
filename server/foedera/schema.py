"""A thing as schema.org describes it: for programs that know no other vocabulary.

It is made of what a release says in the words of schema.org itself, of standard properties that
stand for some of these, and of queries that the publication gives: a ``sh:SPARQLRule`` of a shape
that ``dcterms:conformsTo`` schema.org constructs what else can be said of a thing of its target,
``$this``; a query in ``sh:select`` whose node does so selects each ``?value`` of ``$this`` that is
too unsure to be passed on, as what it stands there or as what a rule makes of it.

The IRIs of schema.org are http here, as in its own JSON-LD context.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import pyoxigraph as ox

from foedera import formats, terms
from foedera.stores.base import Store

_TYPE = ox.NamedNode(terms.TYPE)
_DUMP = ox.NamedNode(terms.VOID + "dataDump")

_CLASSES = {
    terms.FOAF + "Person": "Person",
    terms.FOAF + "Organization": "Organization",
    terms.FOAF + "Document": "CreativeWork",
    terms.PROV + "Person": "Person",
    terms.PROV + "Organization": "Organization",
    terms.DCTERMS + "Location": "Place",
    terms.VOID + "Dataset": "Dataset",
    terms.DCAT + "Dataset": "Dataset",
    terms.DCAT + "Catalog": "DataCatalog",
    terms.DCAT + "Distribution": "DataDownload",
    terms.SKOS + "Concept": "DefinedTerm",
    terms.SKOS + "ConceptScheme": "DefinedTermSet",
    terms.OWL + "Ontology": "DefinedTermSet",
    terms.OWL + "Class": "DefinedTerm",
    terms.RDFS + "Class": "DefinedTerm",
    terms.OWL + "ObjectProperty": "DefinedTerm",
    terms.OWL + "DatatypeProperty": "DefinedTerm",
    terms.OWL + "AnnotationProperty": "DefinedTerm",
    terms.RDF + "Property": "DefinedTerm",
}
"""Classes whose members are of a class of schema.org."""

_OF_ALL = {
    terms.SKOS + "altLabel": "alternateName",
    terms.OWL + "sameAs": "sameAs",
    terms.SKOS + "exactMatch": "sameAs",
    terms.DCTERMS + "identifier": "identifier",
    terms.FOAF + "givenName": "givenName",
    terms.FOAF + "familyName": "familyName",
    terms.FOAF + "member": "member",
    terms.FOAF + "img": "image",
    terms.FOAF + "depiction": "image",
    terms.PROV + "startedAtTime": "startDate",
    terms.PROV + "endedAtTime": "endDate",
    terms.WGS84 + "lat": "latitude",
    terms.WGS84 + "long": "longitude",
    terms.SKOS + "inScheme": "inDefinedTermSet",
    terms.SKOS + "hasTopConcept": "hasDefinedTerm",
    terms.SKOS + "notation": "termCode",
    terms.RDFS + "isDefinedBy": "inDefinedTermSet",
}
"""Properties that are those of schema.org under another name."""

_OF_WORKS = {
    terms.DCTERMS + "license": "license",
    terms.DCTERMS + "creator": "creator",
    terms.DCTERMS + "contributor": "contributor",
    terms.DCTERMS + "publisher": "publisher",
    terms.DCTERMS + "created": "dateCreated",
    terms.DCTERMS + "issued": "datePublished",
    terms.DCTERMS + "modified": "dateModified",
    terms.DCTERMS + "language": "inLanguage",
    terms.DCTERMS + "source": "isBasedOn",
    terms.DCTERMS + "spatial": "spatialCoverage",
    terms.DCTERMS + "isPartOf": "isPartOf",
    terms.DCTERMS + "hasPart": "hasPart",
    terms.DCTERMS + "subject": "about",
    terms.DCTERMS + "abstract": "abstract",
    terms.OWL + "versionInfo": "version",
    terms.DCAT + "version": "version",
    terms.DCAT + "keyword": "keywords",
    terms.DCAT + "dataset": "dataset",
    terms.DCAT + "distribution": "distribution",
    terms.DCAT + "downloadURL": "contentUrl",
    terms.VOID + "dataDump": "distribution",
}
"""The same for what is made, such as a text or a dataset; a person has no licence."""

_NOT_MADE = frozenset({"Person", "Organization", "Place", "Event", "Role", "DefinedTerm"})

_DATES = frozenset(
    {"startDate", "endDate", "dateCreated", "datePublished", "dateModified", "foundingDate"}
)
"""Properties whose value is a date by the context of schema.org."""

_ADDRESSES = frozenset({"url", "sameAs", "license", "image", "contentUrl", "logo"})
"""Properties whose value is an address by that context, and tells nothing of what is there."""

_TEXTS = tuple(ox.NamedNode(iri) for iri in terms.SUMMARIES)
_TITLE = ox.NamedNode(terms.DCTERMS + "title")
_TEMPORAL = ox.NamedNode(terms.DCTERMS + "temporal")
_BEGIN, _END = (ox.NamedNode(terms.DCAT + name) for name in ("startDate", "endDate"))

_MOST = 25
"""How many values of one property a page tells."""

_MANY = 8 * _MOST
"""How many are looked at for that: of a property, or of what a rule finds."""


def triples(store: Store, thing: ox.NamedNode, most: int = 0) -> list[ox.Triple]:
    """All that schema.org has words for about a thing, with the kinds and names of what that
    mentions. In a fixed order, each once; the thing always has a class. Of a thing of which a
    great deal is said, ``most`` values of a property are looked at, or with 0 all."""
    found = _said(store, thing, most)
    return sorted(found, key=lambda triple: (triple.subject != thing, *map(str, triple)))


def _said(store: Store, thing: ox.NamedNode, most: int) -> Iterable[ox.Triple]:
    """The same in any order."""
    rules = store.once(_rules)
    unsure = rules.withheld(store, thing)
    counted = store.linked(thing, inverse=False) if most else {}
    pieces = (store.some(thing, ox.NamedNode(one), skip=0, most=most) for one in counted)
    quads = chain.from_iterable(pieces) if counted else store.about(thing)
    said = [(q.predicate, q.object) for q in quads if q.object not in unsure]
    types = [value for predicate, value in said if predicate == _TYPE]
    kinds = _kinds(types)
    found: dict[ox.Triple, None] = {}

    def add(subject: Any, name: str, values: Iterable[Any]) -> None:
        for value in values:
            if name in _DATES:
                value = _date(name, value)
            if value is not None:
                found.setdefault(ox.Triple(subject, ox.NamedNode(terms.SCHEMA + name), value))

    names = [value for predicate, value in said if predicate == _TITLE] or _names(store, thing)
    add(thing, "name", names)
    add(thing, "alternateName", (one for one in _names(store, thing) if one not in names))
    add(thing, "description", _description(said))
    made = not kinds & _NOT_MADE
    for predicate, value in said:
        word = _word(predicate)
        name = word or _OF_ALL.get(predicate.value) or (made and _OF_WORKS.get(predicate.value))
        if name and (word or isinstance(value, ox.NamedNode) or name not in ("sameAs", "image")):
            add(thing, name, [value])
        elif made and predicate == _TEMPORAL:
            add(thing, "temporalCoverage", _interval(store, value))
    for triple in rules.constructed(store, thing, [*types, *(p for p, _ in said)], most):
        if triple.object in unsure and triple.subject == thing:
            continue
        if triple.predicate == _TYPE:
            found.setdefault(triple)
        else:
            add(triple.subject, _word(triple.predicate), [triple.object])
    if thing.value.startswith(store.base):
        add(thing, "url", [thing])
    if thing.value == store.manifest["publication"]["dataset"]:
        dumps = [o for p, o in said if p == _DUMP and isinstance(o, ox.NamedNode)]
        whole = ox.NamedNode(f"{store.base}graphs?default&format={formats.TURTLE.ending}")
        add(thing, "distribution", dumps or [whole])
        for dump in dumps or [whole]:
            found.setdefault(ox.Triple(dump, _TYPE, ox.NamedNode(terms.SCHEMA + "DataDownload")))
            add(dump, "contentUrl", [dump])
            fmt = formats.by_ending(re.split("[.=]", dump.value)[-1], formats.GRAPHS)
            add(dump, "encodingFormat", [ox.Literal(fmt.media_type)] if fmt else [])
    _name_all(store, found, thing, kinds)
    return found


def _name_all(
    store: Store, found: dict[ox.Triple, None], thing: ox.NamedNode, kinds: frozenset[str]
) -> None:
    """Add the class of the thing, and class and names of all that is mentioned."""
    told = {triple.subject for triple in found if triple.predicate == _TYPE}
    mentioned: dict[Any, None] = {}
    for triple in found:
        mentioned.setdefault(triple.subject)
        if triple.predicate != _TYPE and _word(triple.predicate) not in _ADDRESSES:
            mentioned.setdefault(triple.object)
    mentioned.pop(thing, None)
    nodes = [node for node in mentioned if isinstance(node, (ox.NamedNode, ox.BlankNode))]
    store.expect(nodes)
    kinds_of = store.once(_Kinds).of
    for node in (thing, *nodes):
        names = [] if node == thing else _names(store, node)
        mine = kinds if node == thing else kinds_of(node) if names else frozenset()
        if not mine and node not in told and (names or node == thing):
            mine = frozenset({"Thing"})
        for predicate, values in (
            (ox.NamedNode(terms.SCHEMA + "name"), names),
            (_TYPE, [ox.NamedNode(terms.SCHEMA + name) for name in mine]),
        ):
            found.update((ox.Triple(node, predicate, value), None) for value in values)


class _Kinds:
    """The classes of schema.org of what is mentioned, remembered: everywhere the same few."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.of = lru_cache(maxsize=50_000)(self._of)

    def _of(self, node: Any) -> frozenset[str]:
        types = [quad.object for quad in self._store.about(node, _TYPE)]
        kinds = _kinds(types)
        if not kinds:
            return kinds
        unsure = self._store.once(_rules).withheld(self._store, node)
        return _kinds(one for one in types if one not in unsure)


def _names(store: Store, node: Any) -> list[ox.Literal]:
    return [t.object for t in store.names(node) if isinstance(t.object, ox.Literal)]


def _description(said: Sequence[tuple[ox.NamedNode, Any]]) -> list[ox.Literal]:
    """What the first of the properties that sum a thing up says."""
    for predicate in _TEXTS:
        texts = [v for p, v in said if p == predicate and isinstance(v, ox.Literal)]
        if texts:
            return texts
    return []


def _word(node: Any) -> str:
    """The name of a term of schema.org; "" for any other."""
    iri = node.value if isinstance(node, ox.NamedNode) else ""
    for space in terms.SCHEMAS:
        if iri.startswith(space):
            return str(iri[len(space) :])
    return ""


def _kinds(types: Iterable[Any]) -> frozenset[str]:
    """The classes of schema.org that some classes are, or are for."""
    found = (_word(one) or _CLASSES.get(getattr(one, "value", ""), "") for one in types)
    return frozenset(name for name in found if name)


# Dates

_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")


def _date(name: str, value: Any) -> ox.Literal | None:
    """A date as ISO 8601 has it; None where a text is no sure date. Of an interval (EDTF, level 0)
    its end for an ``endDate``, its beginning for a ``startDate``."""
    if not isinstance(value, ox.Literal):
        return None
    text = value.value
    if text.count("/") == 1 and name in ("startDate", "endDate"):
        text = text.split("/")[name == "endDate"]
    if _MOMENT.fullmatch(text) and _there(text[:10]):
        return ox.Literal(text, datatype=ox.NamedNode(terms.SCHEMA + "DateTime"))
    if _there(text):
        return ox.Literal(text, datatype=ox.NamedNode(terms.SCHEMA + "Date"))
    return None


def _there(text: str) -> bool:
    """Whether a text is a year, a month or a day of the calendar."""
    match = _DAY.fullmatch(text)
    if not match:
        return False
    try:
        datetime.date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return False
    return True


def _interval(store: Store, period: Any) -> list[ox.Literal]:
    """A period as two dates with a stroke between, open where one is not known."""
    if not isinstance(period, (ox.NamedNode, ox.BlankNode)):
        return []
    found = []
    for end in (_BEGIN, _END):
        dates = (_date("", quad.object) for quad in store.about(period, end))
        found.append(next((date.value for date in dates if date), ".."))
    return [] if found == ["..", ".."] else [ox.Literal("/".join(found))]


# What a publication gives


@dataclass(frozen=True)
class _Rules:
    """The queries of a publication: for whom, and what."""

    constructs: tuple[tuple[frozenset[Any], str], ...]
    selects: tuple[str, ...]
    unsure: Mapping[Any, frozenset[Any]]

    def withheld(self, store: Store, thing: Any) -> frozenset[Any]:
        """The values of a thing that are too unsure to be passed on."""
        found = set(self.unsure.get(thing, ()))
        for text in self.selects if isinstance(thing, ox.NamedNode) else ():
            rows: Any = store.query(text, values={"this": thing})
            found.update(row["value"] for row in rows)
        return frozenset(found)

    def constructed(
        self, store: Store, thing: ox.NamedNode, targets: Iterable[Any], most: int
    ) -> list[ox.Triple]:
        """What they say of a thing of some classes, with some properties, in schema.org's words;
        of ``most`` solutions of each, or with 0 of all. A blank node that a query would make is
        left out: its name would never be the same."""
        mine = frozenset(targets)
        found = []
        for meant, text in self.constructs:
            if meant & mine:
                limit = f"\nLIMIT {most}" if most and not _LIMIT.search(text) else ""
                made: Any = store.query(text + limit, values={"this": thing})
                found += [
                    triple
                    for triple in made
                    if _word(triple.object if triple.predicate == _TYPE else triple.predicate)
                    and all(
                        not isinstance(node, ox.BlankNode) or any(store.about(node))
                        for node in (triple.subject, triple.object)
                    )
                ]
        return found


_LIMIT = re.compile(r"\blimit\b", re.IGNORECASE)
_CONFORMS = f"dcterms:conformsTo <{terms.SCHEMA}>"

_GIVEN = f"""
PREFIX sh: <{terms.SH}>
PREFIX dcterms: <{terms.DCTERMS}>
SELECT DISTINCT ?query ?text ?target {{
  {{ ?query a sh:SPARQLRule ; {_CONFORMS} ; sh:construct ?text .
     ?shape sh:rule ?query ; sh:targetClass|sh:targetSubjectsOf ?target }}
  UNION {{ ?query {_CONFORMS} ; sh:select ?text }}
}}
"""

_PREFIXES = f"""
PREFIX sh: <{terms.SH}>
PREFIX dcterms: <{terms.DCTERMS}>
SELECT DISTINCT ?query ?prefix ?namespace {{
  ?query {_CONFORMS} ; sh:prefixes/sh:declare ?one .
  ?one sh:prefix ?prefix ; sh:namespace ?namespace
}} ORDER BY ?prefix
"""


def _rules(store: Store) -> _Rules:
    given = any(terms.SH + name in store.numbers["properties"] for name in ("construct", "select"))
    rows: Any = store.query(_GIVEN) if given else ()
    targets: dict[tuple[Any, str], set[Any]] = {}
    for row in rows:
        known = targets.setdefault((row["query"], row["text"].value), set())
        if row["target"]:
            known.add(row["target"])
    prefixes: dict[Any, str] = {}
    declared: Any = store.query(_PREFIXES) if targets else ()
    for row in declared:
        line = f"PREFIX {row['prefix'].value}: <{row['namespace'].value}>\n"
        prefixes[row["query"]] = prefixes.get(row["query"], "") + line
    constructs, selects = [], []
    for (query, text), meant in sorted(targets.items(), key=str):
        whole = prefixes.get(query, "") + text
        if meant:
            constructs.append((frozenset(meant), whole))
        else:
            selects.append(whole)
    return _Rules(tuple(constructs), *_unsure(store, selects))


_AT_ONCE = 50_000
"""Up to how many unsure values are asked for at once, for all things; more are for each thing."""


def _unsure(
    store: Store, selects: Sequence[str]
) -> tuple[tuple[str, ...], dict[Any, frozenset[Any]]]:
    """The queries that are asked for each thing, and what the others say of all things."""
    found: dict[Any, set[Any]] = {}
    each = []
    for text in selects:
        rows: Any = () if _LIMIT.search(text) else store.query(f"{text}\nLIMIT {_AT_ONCE + 1}")
        pairs = [(row["this"], row["value"]) for row in rows]
        if _LIMIT.search(text) or len(pairs) > _AT_ONCE:
            each.append(text)
            continue
        for this, value in pairs:
            found.setdefault(this, set()).add(value)
    return tuple(each), {this: frozenset(values) for this, values in found.items()}


# For pages

CONTEXT = "https://schema.org"
"""What its JSON-LD names as the meaning of its words."""


def embedded(store: Store, thing: ox.NamedNode, languages: Sequence[str]) -> dict[str, Any]:
    """The same as JSON-LD for a page, by the context of schema.org, which nobody needs to fetch.

    What a page has for people stands here once: texts other than the names of the thing in the
    reader's language only (``languages``, best first), and no more than `_MOST` of a kind.
    """
    about: dict[Any, dict[ox.NamedNode, list[Any]]] = {}
    for triple in _said(store, thing, _MANY):
        about.setdefault(triple.subject, {}).setdefault(triple.predicate, []).append(triple.object)
    order = {tag: place for place, tag in enumerate(dict.fromkeys((*languages, "en", "")))}
    content = _Page(about, order).node(thing)
    return {"@context": CONTEXT, **content}


_WHOLE = re.compile(r"0|-?[1-9]\d{0,14}")
"""A whole number that JSON writes as it is, and every reader holds."""

_FIRST = ("name", "alternateName", "description", "url", "startDate", "endDate")


def _in_one_language(values: Sequence[Any]) -> Sequence[Any]:
    """Texts without those in other languages than the first; other values as they are."""
    first = getattr(values[0], "language", None)
    return [one for one in values if not first or getattr(one, "language", None) in (first, None)]


class _Page:
    """The writing of one thing's JSON-LD."""

    def __init__(
        self, about: Mapping[Any, Mapping[ox.NamedNode, Sequence[Any]]], order: Mapping[str, int]
    ) -> None:
        self._about = about
        self._order = order
        self._written: set[Any] = set()

    def node(self, node: Any) -> dict[str, Any]:
        """A thing with what is said of it where it is first mentioned, and then its IRI alone."""
        name = {} if isinstance(node, ox.BlankNode) else {"@id": node.value}
        said = dict(self._about.get(node, {}))
        if node in self._written or not said:
            return name
        main = not self._written
        self._written.add(node)
        kinds = sorted(_word(kind) for kind in said.pop(_TYPE, ()))
        content: dict[str, Any] = {"@type": kinds[0] if len(kinds) == 1 else kinds} if kinds else {}
        content |= name

        def place(predicate: ox.NamedNode) -> tuple[int, str]:
            word = _word(predicate)
            return (_FIRST.index(word) if word in _FIRST else len(_FIRST), word)

        for predicate in sorted(said, key=place):
            word = _word(predicate)
            values: Sequence[Any] = sorted(said[predicate], key=self._place)
            if not main or word not in ("name", "alternateName"):
                values = _in_one_language(values)
            written = [self._value(word, value) for value in values[:_MOST]]
            content[word] = written[0] if len(written) == 1 else written
        return content

    def _place(self, value: Any) -> tuple[int, str]:
        language = getattr(value, "language", None) or ""
        return self._order.get(language, len(self._order)), str(value)

    def _value(self, word: str, value: Any) -> Any:
        if not isinstance(value, ox.Literal):
            if word in _ADDRESSES and isinstance(value, ox.NamedNode):
                return value.value
            return self.node(value)
        if value.language:
            return {"@language": value.language, "@value": value.value}
        kind = value.datatype.value
        if kind == terms.XSD + "string" and word not in _DATES | _ADDRESSES:
            return value.value
        if kind == terms.SCHEMA + "Date" and word in _DATES:
            return value.value
        if kind == terms.XSD + "integer" and _WHOLE.fullmatch(value.value):
            return int(value.value)
        return {"@type": _word(value.datatype) or kind, "@value": value.value}


def script(content: Mapping[str, Any]) -> str:
    """JSON that is safe inside a script element of HTML, where nothing is unescaped."""
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return written.translate(_UNSAFE)


_UNSAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
