"""What no shape says: terms that do not exist, wrong prefixes, IRIs that lead nowhere, texts of the
wrong form, and things that are very likely there already."""

from __future__ import annotations

import calendar
import difflib
import html
import re
import tomllib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.check import said, turtle
from foedera.check.base import Base
from foedera.check.findings import Finding, Spot
from foedera.check.fixes import short
from foedera.check.reading import Document, Statement
from foedera.check.rules import Rules

_TYPE = ox.NamedNode(terms.TYPE)
_LABELS = tuple(ox.NamedNode(iri) for iri in terms.LABELS)
_SAME_AS = ox.NamedNode(terms.OWL + "sameAs")

_CLASSES = frozenset({terms.OWL + "Class", terms.RDFS + "Class"})
_PROPERTIES = frozenset(
    {
        terms.RDF + "Property",
        *(
            f"{terms.OWL}{kind}Property"
            for kind in ("Object", "Datatype", "Annotation", "Ontology", "Functional")
        ),
    }
)

_SMALL = 50_000
"""Triples of a base of which all names are compared with those of a contribution."""


_COMPARED = 300
"""Names of a contribution for which a near one is looked for: of so many few are mistyped."""


@dataclass(frozen=True)
class Vocabulary:
    """The terms that a publication knows: its own, and those that its shapes use.

    ``declared`` are those of its ontology, in the namespaces ``own``; ``names`` leads from what a
    term is called, folded, to its IRIs.
    """

    base: str
    prefixes: Mapping[str, str]
    declared: frozenset[str]
    own: frozenset[str]
    names: Mapping[str, tuple[str, ...]]
    links: frozenset[str]
    apart: frozenset[tuple[str, str]]
    tagged: bool

    @classmethod
    def of(cls, rules: Rules) -> Vocabulary:
        """The vocabulary of a publication's rules."""
        declared: set[str] = set()
        links: set[str] = set()
        apart: set[tuple[str, str]] = set()
        names: dict[str, set[str]] = defaultdict(set)
        labels = tagged = 0
        for one in rules.ontology:
            if not isinstance(one.subject, ox.NamedNode):
                continue
            iri, value = one.subject.value, one.object
            if one.predicate == _TYPE and isinstance(value, ox.NamedNode):
                if value.value in _CLASSES | _PROPERTIES:
                    declared.add(iri)
                if value.value == terms.OWL + "ObjectProperty":
                    links.add(iri)
            elif one.predicate.value == terms.OWL + "disjointWith":
                apart |= {(iri, _value(value)), (_value(value), iri)}
            elif one.predicate in _LABELS and isinstance(value, ox.Literal):
                names[folded(value.value)].add(iri)
                labels += 1
                tagged += bool(value.language)
        for iri in declared:
            names[folded(_local(iri))].add(iri)
        own = {iri[: len(iri) - len(_local(iri))] for iri in declared}
        own = {one for one in own if one.startswith(rules.base)}
        return cls(
            rules.base,
            {**turtle.USUAL, **rules.prefixes},
            frozenset(declared),
            frozenset(own),
            {name: tuple(sorted(iris & declared)) for name, iris in names.items() if name},
            frozenset(links),
            frozenset(apart),
            tagged > 0.95 * labels,
        )

    def nearest(self, iri: str) -> str:
        """The declared term that an unknown one most likely means, or ""; best one of the same
        namespace."""
        local = folded(_local(iri))
        space = iri[: len(iri) - len(_local(iri))]
        own = [name for name, iris in self.names.items() if any(space in one for one in iris)]
        for names in (own, self.names):
            plain = [name for name in (local, local.rstrip("s"), local + "s") if name in names]
            for name in plain or difflib.get_close_matches(local, names, n=1, cutoff=0.75):
                known = sorted(
                    self.names[name],
                    key=lambda one: (
                        not one.startswith(space),
                        _local(one)[:1].islower() != _local(iri)[:1].islower(),
                    ),
                )
                if known:
                    return known[0]
        return ""


def lint(documents: Sequence[Document], vocabulary: Vocabulary, base: Base | None) -> list[Finding]:
    """All that is found in some documents, which are one contribution.

    Without a base nothing is said of what may be published.
    """
    return _Lint(documents, vocabulary, base).all()


def folded(text: str) -> str:
    """A name without what spellings differ in: case, accents, spaces and marks, order of words."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(sorted(re.findall(r"\w+", plain)))


def _local(iri: str) -> str:
    return re.split("[/#]", iri)[-1]


@cache
def _vocabularies() -> dict[str, tuple[str, ...]]:
    """The names of vocabularies that everybody uses, by namespace."""
    path = Path(__file__).with_name("vocabularies.toml")
    rows = tomllib.loads(path.read_text(encoding="utf-8"))
    return {space: tuple(names.split()) for space, names in rows.items()}


def _misspelt(space: str, local: str) -> str:
    """The term of a well-known vocabulary that is nearly one that it has not; "" where none is.

    What is like none of them is not told of: a newer edition may have it.
    """
    names = _vocabularies().get(space, ())
    if local in names:
        return ""
    plain = {name.lower(): name for name in names}
    close = difflib.get_close_matches(local.lower(), plain, n=1, cutoff=0.8)
    return space + plain[close[0]] if close else ""


def _alike(local: str, locals_: Iterable[str]) -> str:
    """The name that is nearly another one, and has the same numbers, for which it may well be
    mistyped; "" where none is."""
    numbers = _NUMBER.findall(local)
    close = difflib.get_close_matches(local, locals_, n=3, cutoff=0.8)
    return next((one for one in close if _NUMBER.findall(one) == numbers), "")


_NUMBER = re.compile(r"\d+")


def _usual(tag: str) -> str:
    """The language tag that is meant by one that is not the usual one; else ""."""
    language, *regions = tag.lower().split("-")
    if regions == ["uk"]:  # Ukrainian, as a language; the country is GB
        return f"{_LANGUAGES.get(language, language)}-GB"
    return _LANGUAGES.get(language, "")


def _value(node: Any) -> str:
    return str(getattr(node, "value", ""))


class _Lint:
    """One contribution under the lamp."""

    def __init__(
        self, documents: Sequence[Document], vocabulary: Vocabulary, base: Base | None
    ) -> None:
        self._documents = documents
        self._vocabulary = vocabulary
        self._base = base
        self._shortened = dict(vocabulary.prefixes)
        for document in documents:
            self._shortened |= {one.name: one.iri for one in document.prefixes.values()}
        self._of: dict[Any, list[Statement]] = defaultdict(list)
        self._in: dict[int, Document] = {}
        for document in documents:
            for one in document.statements:
                self._of[one.triple.subject].append(one)
                self._in[id(one)] = document
        self._subjects = [node for node in self._of if isinstance(node, ox.NamedNode)]
        self._published: dict[Any, set[ox.Triple]] = defaultdict(set)
        if base is not None:
            for triple in base.out(self._subjects):
                self._published[triple.subject].add(triple)

    def all(self) -> list[Finding]:
        found = [
            finding
            for document in self._documents
            for part in (self._prefixes, self._terms, self._literals)
            for finding in part(document)
        ]
        for whole in (self._dangling, self._things, self._known, self._meanings, self._repeated):
            found += whole()
        return found

    def _find(
        self,
        code: str,
        severity: str,
        document: Document,
        spot: Spot,
        fix: str = "",
        focus: Any = None,
        value: Any = None,
        **words: str,
    ) -> Finding:
        return Finding(
            "lint",
            severity,
            document.name,
            spot.line,
            spot.column,
            said.messages(code, words),
            code=code,
            end_line=spot.end_line,
            end_column=spot.end_column,
            focus=_value(focus),
            value=_value(value),
            term="" if value is None else str(value),
            fix=fix,
            standing="introduced" if self._base is not None else "",
        )

    def _where(self, statement: Statement) -> Document:
        return self._in[id(statement)]

    def _short(self, iri: str) -> str:
        return short(ox.NamedNode(iri), self._shortened)

    # Prefixes

    def _prefixes(self, document: Document) -> Iterator[Finding]:
        known = self._vocabulary.prefixes
        unused = []
        written = Counter(_WITH_PREFIX.findall(document.text))
        written -= Counter(_DECLARED.findall(document.text))
        for name, prefix in document.prefixes.items():
            fix = f"@prefix {name}: <{known.get(name, '')}> ."
            meant = known.get(name)
            if meant and meant != prefix.iri and _same_place(meant, prefix.iri):
                words = {"prefix": name, "iri": meant, "other": prefix.iri}
                yield self._find("prefix-wrong", "warning", document, prefix.spot, fix, **words)
            if not written[name]:
                unused.append(prefix)
        if unused:  # most people begin with the same lines: one word on it is enough
            names = ", ".join(f"{one.name}:" for one in unused)
            yield self._find("prefix-unused", "info", document, unused[0].spot, prefixes=names)

    # Terms

    def _terms(self, document: Document) -> Iterator[Finding]:
        told: set[Any] = set()
        for one in document.statements:
            triple = one.triple
            used = [(triple.predicate, one.predicate)]
            if triple.predicate == _TYPE and isinstance(triple.object, ox.NamedNode):
                used.append((triple.object, one.object))
            for term, spot in used:
                iri = term.value
                space = iri[: len(iri) - len(_local(iri))]
                if iri in self._vocabulary.declared or term in self._of or (term, spot) in told:
                    continue
                if space in self._vocabulary.own:
                    near = self._vocabulary.nearest(iri) if len(told) < _COMPARED else ""
                elif not (near := _misspelt(space, _local(iri))):
                    continue
                told.add((term, spot))
                code = "term-unknown-near" if near else "term-unknown"
                words = {"term": self._short(iri), "near": self._short(near) if near else ""}
                fix = words["near"]
                yield self._find(
                    code, "warning", document, spot, fix, triple.subject, term, **words
                )
            if (
                isinstance(triple.subject, ox.NamedNode)
                and triple.subject.value in self._vocabulary.declared
                and triple.subject not in told
            ):
                told.add(triple.subject)
                words = {"term": self._short(triple.subject.value)}
                yield self._find(
                    "term-redefined", "warning", document, one.subject, "", triple.subject, **words
                )

    # Literals

    def _literals(self, document: Document) -> Iterator[Finding]:
        for one in document.statements:
            value = one.triple.object
            if isinstance(value, ox.Literal):
                for code, severity, fix, words in self._of_literal(one.triple, value):
                    yield self._find(
                        code,
                        severity,
                        document,
                        one.object,
                        fix,
                        one.triple.subject,
                        value,
                        **words,
                    )

    def _of_literal(
        self, triple: ox.Triple, value: ox.Literal
    ) -> Iterator[tuple[str, str, str, dict[str, str]]]:
        text = value.value
        kind = value.datatype.value
        if kind.startswith(terms.XSD) and not value.language:
            name = kind.removeprefix(terms.XSD)
            ill = _ill(name, text)
            if ill:
                fix = _typed(name, text)
                yield ill, "violation", fix, {"text": text[:60], "kind": f"xsd:{name}"}
        if triple.predicate.value in self._vocabulary.links and re.fullmatch(r"https?://\S+", text):
            yield "literal-iri", "warning", f"<{text}>", {"text": text[:60]}
        if kind == terms.XSD + "string" or value.language:
            yield from self._of_text(triple, value)

    def _of_text(
        self, triple: ox.Triple, value: ox.Literal
    ) -> Iterator[tuple[str, str, str, dict[str, str]]]:
        text, tag = value.value, value.language or ""
        ending = f"@{tag}" if tag else ""
        shown = {"text": text[:60], "tag": tag}

        def written(other: str) -> str:
            return f"{ox.Literal(other)}{ending}"

        if text != text.strip():
            yield "literal-space", "warning", written(text.strip()), shown
        if any(unicodedata.category(letter) == "Cc" and letter not in "\n\t\r" for letter in text):
            plain = "".join(one for one in text if unicodedata.category(one) != "Cc")
            yield "literal-control", "violation", written(plain), shown
        if not unicodedata.is_normalized("NFC", text):
            yield "literal-nfc", "warning", written(unicodedata.normalize("NFC", text)), shown
        if re.search(r"&(?:[a-z]{2,8}|#\d{2,5}|#x[0-9a-f]{2,5});", text, re.IGNORECASE):
            yield "literal-entity", "warning", written(html.unescape(text)), shown
        mended = _mojibake(text)
        if mended:
            yield "literal-mojibake", "warning", written(mended), {**shown, "mended": mended[:60]}
        meant = _usual(tag)
        if meant:
            yield (
                "language-unknown",
                "warning",
                f"{ox.Literal(text)}@{meant}",
                {**shown, "meant": meant},
            )
        if tag.split("-")[0] in ("en", "it") and _CJK.search(text) and not _LATIN.search(text):
            yield "language-script", "warning", f"{ox.Literal(text)}@ja", shown
        if not tag and self._vocabulary.tagged and triple.predicate in _LABELS:
            yield "language-missing", "warning", f"{ox.Literal(text)}@en", shown

    # Things

    def _dangling(self) -> Iterator[Finding]:
        """What is mentioned below the base, and nowhere described."""
        if self._base is None:
            return
        space = self._vocabulary.base
        mentioned: dict[Any, list[tuple[Document, Statement]]] = defaultdict(list)
        for document in self._documents:
            for one in document.statements:
                node = one.triple.object
                if isinstance(node, ox.NamedNode) and node.value.startswith(space):
                    mentioned[node].append((document, one))
        unknown = {node.value for node in mentioned if node not in self._of}
        unknown -= self._base.known(unknown)
        compared = 0
        for node, places in mentioned.items():
            iri = node.value
            if iri not in unknown or "#" in iri or iri in self._vocabulary.declared:
                continue
            if iri[: -len(_local(iri)) or None] in self._vocabulary.own:
                continue  # told of as a term
            places = [one for one in places if one[1].triple.predicate != _TYPE]
            near = self._near(iri) if places and compared < _COMPARED else ""
            compared += 1
            code = "iri-dangling-near" if near else "iri-dangling"
            words = {"iri": self._short(iri), "near": self._short(near) if near else ""}
            for document, one in places:
                subject = one.triple.subject
                yield self._find(
                    code, "warning", document, one.object, words["near"], subject, node, **words
                )

    def _near(self, iri: str) -> str:
        """The IRI that one most likely means."""
        own = [node.value for node in self._subjects if node.value != iri]
        there = [one for one in _index(self._base).iris if one != iri] if self._base else []
        plain = iri.lower().replace("_", "-")
        for one in (*own, *there):
            if one.lower().replace("_", "-") == plain:
                return one
        local = _local(iri)
        start = iri[: len(iri) - len(local)]
        alike = [_local(one) for one in (*own, *there) if start + _local(one) == one]
        close = _alike(local, alike)
        if close:
            return start + close
        return next((one for one in (*own, *there) if _local(one) == local), "")

    def _things(self) -> Iterator[Finding]:
        """Things of the publication's own without a kind, or without a name."""
        for node in self._subjects:
            if not node.value.startswith(self._vocabulary.base) or "#" in node.value:
                continue
            known = {one.triple.predicate for one in self._of[node]} | {
                triple.predicate for triple in self._published.get(node, ())
            }
            first = self._of[node][0]
            document = self._where(first)
            words = {"iri": self._short(node.value)}
            if _TYPE not in known:
                yield self._find(
                    "thing-untyped", "warning", document, first.subject, "", node, **words
                )
            if not known & set(_LABELS):
                fix = f'{words["iri"]} rdfs:label "…"@en .'
                yield self._find(
                    "thing-unnamed", "info", document, first.subject, fix, node, **words
                )

    def _known(self) -> Iterator[Finding]:
        """New things that are very likely there already."""
        if self._base is None:
            return
        fresh = [node for node in self._subjects if not self._published.get(node)]
        names = {
            node: {
                one.triple.object
                for one in self._of[node]
                if one.triple.predicate in _LABELS and isinstance(one.triple.object, ox.Literal)
            }
            for node in fresh
        }
        asked = {name for of_node in names.values() for name in of_node}
        found: dict[Any, set[Any]] = defaultdict(set)
        for triple in self._base.into(asked, _LABELS):
            found[triple.object].add(triple.subject)
        index = _index(self._base)
        near = {
            node: sorted(
                {
                    other.value
                    for name in of_node
                    for other in (*found.get(name, ()), *index.named.get(folded(name.value), ()))
                    if isinstance(other, ox.NamedNode) and other != node
                }
            )
            for node, of_node in names.items()
        }
        others = {ox.NamedNode(iri) for iris in near.values() for iri in iris}
        kinds: dict[Any, set[Any]] = defaultdict(set)
        for triple in self._base.out(others, [_TYPE]):
            kinds[triple.subject].add(triple.object)
        for node, iris in near.items():
            mine = {
                one.triple.object
                for one in self._of[node]
                if one.triple.predicate == _TYPE
                and _value(one.triple.object) in self._vocabulary.declared
            }
            for iri in iris:
                theirs = kinds.get(ox.NamedNode(iri), set())
                if mine and theirs and not mine & theirs:
                    continue
                first = self._of[node][0]
                words = {"iri": self._short(node.value), "near": self._short(iri)}
                yield self._find(
                    "thing-known",
                    "warning",
                    self._where(first),
                    first.subject,
                    words["near"],
                    node,
                    ox.NamedNode(iri),
                    **words,
                )
                break
        yield from self._linked()

    def _linked(self) -> Iterator[Finding]:
        """New things that are the same elsewhere as one that is there."""
        assert self._base is not None
        links = {
            one.triple.object: one
            for statements in self._of.values()
            for one in statements
            if one.triple.predicate == _SAME_AS
        }
        for triple in sorted(self._base.into(links, [_SAME_AS]), key=str):
            one = links[triple.object]
            if triple.subject == one.triple.subject or not isinstance(triple.subject, ox.NamedNode):
                continue
            words = {
                "iri": self._short(_value(one.triple.subject)),
                "near": self._short(triple.subject.value),
                "link": _value(triple.object),
            }
            yield self._find(
                "thing-same-link",
                "warning",
                self._where(one),
                one.object,
                words["near"],
                one.triple.subject,
                triple.subject,
                **words,
            )

    def _meanings(self) -> Iterator[Finding]:
        """IRIs that mean something else already."""
        for node in self._subjects:
            before = self._published.get(node)
            if not before:
                continue
            kinds = {_value(one.object) for one in before if one.predicate == _TYPE}
            names = {
                (one.predicate, one.object.language or ""): one.object.value
                for one in before
                if one.predicate in _LABELS and isinstance(one.object, ox.Literal)
            }
            for one in self._of[node]:
                triple, value = one.triple, one.triple.object
                document = self._where(one)
                if triple.predicate == _TYPE:
                    other = next(
                        (kind for kind in kinds if (kind, _value(value)) in self._vocabulary.apart),
                        "",
                    )
                    if other:
                        words = {"iri": self._short(node.value), "kind": self._short(other)}
                        yield self._find(
                            "iri-other-kind",
                            "violation",
                            document,
                            one.object,
                            "",
                            node,
                            value,
                            **words,
                        )
                elif triple.predicate in _LABELS and isinstance(value, ox.Literal):
                    name = names.get((triple.predicate, value.language or ""))
                    if name is None or triple in before:
                        continue
                    alike = difflib.SequenceMatcher(None, folded(name), folded(value.value))
                    if alike.ratio() < 0.5:
                        words = {"iri": self._short(node.value), "name": name}
                        yield self._find(
                            "iri-other-name",
                            "warning",
                            document,
                            one.object,
                            "",
                            node,
                            value,
                            **words,
                        )

    def _repeated(self) -> Iterator[Finding]:
        """What is said there already: one finding, since it does no harm."""
        again = [
            one
            for node in self._subjects
            for one in self._of[node]
            if one.triple in self._published.get(node, ())
        ]
        if again:
            words = {"times": f"{len(again):,}"}
            yield self._find(
                "thing-said-already",
                "info",
                self._where(again[0]),
                again[0].subject,
                "",
                again[0].triple.subject,
                **words,
            )


@dataclass(frozen=True)
class _Index:
    """The IRIs and names of a small base."""

    iris: tuple[str, ...]
    named: Mapping[str, tuple[Any, ...]]


def _index(base: Base) -> _Index:
    """Made once for each base; of a large one it holds nothing."""
    kept: _Index | None = getattr(base, "_lint_index", None)
    if kept is None:
        triples = base.everything(_SMALL) or []
        named: dict[str, list[Any]] = defaultdict(list)
        for one in triples:
            if one.predicate in _LABELS and isinstance(one.object, ox.Literal):
                named[folded(one.object.value)].append(one.subject)
        subjects = {one.subject.value for one in triples if isinstance(one.subject, ox.NamedNode)}
        kept = _Index(
            tuple(sorted(subjects)),
            {name: tuple(dict.fromkeys(nodes)) for name, nodes in named.items() if name},
        )
        base._lint_index = kept  # type: ignore[attr-defined]
    return kept


def _same_place(one: str, other: str) -> bool:
    """Whether two namespaces differ only in what people mistype."""

    def plain(iri: str) -> str:
        return re.sub(r"^https?://(www\.)?", "", iri).rstrip("/#").lower()

    return difflib.SequenceMatcher(None, plain(one), plain(other)).ratio() > 0.85


_WITH_PREFIX = re.compile(r"(?<![\w:.-])([\w.-]*):")
_DECLARED = re.compile(r"prefix\s+([\w.-]*):", re.IGNORECASE)


# Literals that are ill-typed


_FORMS = {
    "integer": r"[+-]?\d+",
    "int": r"[+-]?\d+",
    "nonNegativeInteger": r"\+?\d+|-0+",
    "positiveInteger": r"\+?0*[1-9]\d*",
    "decimal": r"[+-]?(\d+(\.\d*)?|\.\d+)",
    "double": r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?INF|NaN",
    "boolean": r"true|false|0|1",
    "gYear": r"-?\d{4,}(Z|[+-]\d\d:\d\d)?",
    "gYearMonth": r"-?\d{4,}-(0[1-9]|1[0-2])(Z|[+-]\d\d:\d\d)?",
    "anyURI": r"\S*",
    "language": r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*",
}
"""The texts of datatypes (XML Schema Part 2), white space aside."""

_DATE = re.compile(r"-?(\d{4,})-(\d\d)-(\d\d)(Z|[+-]\d\d:\d\d)?")
_MOMENT = re.compile(r"-?(\d{4,})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?")


def _ill(kind: str, text: str) -> str:
    """The code of what is wrong with a text of a datatype, or ""."""
    plain = text.strip()
    if kind in ("date", "dateTime"):
        found = (_DATE if kind == "date" else _MOMENT).fullmatch(plain)
        if not found:
            return "literal-ill-typed"
        year, month, day = (int(found[part]) for part in (1, 2, 3))
        if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year or 4, month)[1]:
            return "date-impossible"
        if kind == "dateTime" and (int(found[4]) > 24 or int(found[5]) > 59 or int(found[6]) > 59):
            return "date-impossible"
        return ""
    form = _FORMS.get(kind)
    return "" if form is None or re.fullmatch(form, plain) else "literal-ill-typed"


def _typed(kind: str, text: str) -> str:
    """The literal that was probably meant, or ""."""
    plain = text.strip()
    meant = ""
    if kind == "boolean":
        meant = _TRUTHS.get(plain.lower(), "")
    elif kind in ("integer", "decimal", "int", "nonNegativeInteger", "positiveInteger"):
        meant = _number(plain)
    elif kind == "date":
        found = re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", plain)
        if found:
            meant = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"
        found = re.fullmatch(r"(\d{4})[./-](\d{1,2})[./-](\d{1,2})", plain)
        if found:
            meant = f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"
    return f'"{meant}"^^xsd:{kind}' if meant and not _ill(kind, meant) else ""


_TRUTHS = {"yes": "true", "sì": "true", "si": "true", "no": "false", "true": "true"} | {
    "false": "false",
    "y": "true",
    "n": "false",
}


def _number(text: str) -> str:
    """A number without the marks between its thousands, and with a dot before its decimals."""
    if re.fullmatch(r"[+-]?\d{1,3}([ ,.'’]\d{3})+", text):
        return re.sub(r"[ ,.'’]", "", text)
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+\.\d+", text):
        return text.replace(",", "")
    if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})*,\d+", text):
        return text.replace(".", "").replace(",", ".")
    return ""


def _mojibake(text: str) -> str:
    """The text that was read in the wrong encoding, or ""."""
    if not re.search("[ÃÂâã]", text):
        return ""
    for encoding in ("cp1252", "latin-1"):
        try:
            mended = text.encode(encoding).decode()
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        return mended if mended != text else ""
    return ""


_LANGUAGES = {
    "eng": "en", "ita": "it", "jpn": "ja", "jp": "ja", "deu": "de", "ger": "de", "fra": "fr",
    "fre": "fr", "spa": "es", "por": "pt", "zho": "zh", "chi": "zh", "cn": "zh", "kor": "ko",
    "kr": "ko", "rus": "ru", "gr": "el", "cz": "cs", "dk": "da", "se": "sv", "english": "en",
    "italian": "it", "italiano": "it", "japanese": "ja", "german": "de", "french": "fr",
}  # fmt: skip
"""Tags that people write for languages, and the right ones (BCP 47, section 2.2.1)."""

_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_LATIN = re.compile("[A-Za-z]")
