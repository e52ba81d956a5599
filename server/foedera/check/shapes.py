"""A shapes graph, read once: names, messages, paths, and what an engine would pass over."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.check import said
from foedera.check.results import Result

_SH = terms.SH
_LONGEST = 1_000

_KNOWN = frozenset(
    [
        "alternativePath",
        "and",
        "ask",
        "class",
        "closed",
        "conforms",
        "construct",
        "datatype",
        "deactivated",
        "declare",
        "defaultValue",
        "description",
        "detail",
        "disjoint",
        "entailment",
        "equals",
        "flags",
        "focusNode",
        "group",
        "hasValue",
        "ignoredProperties",
        "in",
        "inversePath",
        "labelTemplate",
        "languageIn",
        "lessThan",
        "lessThanOrEquals",
        "maxCount",
        "maxExclusive",
        "maxInclusive",
        "maxLength",
        "message",
        "minCount",
        "minExclusive",
        "minInclusive",
        "minLength",
        "name",
        "namespace",
        "node",
        "nodeKind",
        "nodeValidator",
        "not",
        "oneOrMorePath",
        "optional",
        "or",
        "order",
        "parameter",
        "path",
        "pattern",
        "prefix",
        "prefixes",
        "property",
        "propertyValidator",
        "qualifiedMaxCount",
        "qualifiedMinCount",
        "qualifiedValueShape",
        "qualifiedValueShapesDisjoint",
        "result",
        "resultMessage",
        "resultPath",
        "resultSeverity",
        "select",
        "severity",
        "shapesGraph",
        "shapesGraphWellFormed",
        "sourceConstraint",
        "sourceConstraintComponent",
        "sourceShape",
        "sparql",
        "suggestedShapesGraph",
        "target",
        "targetClass",
        "targetNode",
        "targetObjectsOf",
        "targetSubjectsOf",
        "uniqueLang",
        "update",
        "validator",
        "value",
        "xone",
        "zeroOrMorePath",
        "zeroOrOnePath",
        "rule",
        "condition",
        "subject",
        "predicate",
        "object",
        "expression",
        "filterShape",
        "nodes",
        "intersection",
        "union",
        "this",
        "returnType",
        "values",
    ]
)
"""The properties of SHACL and of SHACL Advanced Features. What else is below its namespace is of a
later version, or misspelt, and engines pass it over."""


class Shapes:
    """The shapes of a publication, as its files have them."""

    def __init__(self, triples: Sequence[ox.Triple]) -> None:
        self.triples: Sequence[ox.Triple] = tuple(triples)
        self._said: dict[tuple[Any, str], list[Any]] = defaultdict(list)
        self._parents: dict[Any, Any] = {}
        for one in self.triples:
            self._said[one.subject, one.predicate.value].append(one.object)
            if isinstance(one.object, ox.BlankNode):
                self._parents.setdefault(one.object, one.subject)

    def of(self, shape: Any, parameter: str) -> list[Any]:
        """The values of a parameter of a shape, by its name in SHACL."""
        return self.at(shape, _SH + parameter)

    def at(self, node: Any, predicate: str) -> list[Any]:
        """The values of a property, by its IRI."""
        return self._said.get((node, predicate), [])

    def members(self, head: Any) -> list[Any]:
        """The members of an RDF list."""
        found: list[Any] = []
        seen = set()
        while head is not None and head not in seen:
            seen.add(head)
            found += self._said.get((head, terms.FIRST), [])
            head = next(iter(self._said.get((head, terms.REST), [])), None)
        return found

    def owner(self, shape: Any) -> Any:
        """The shape with an IRI that an unnamed one belongs to."""
        seen = set()
        while isinstance(shape, ox.BlankNode) and shape not in seen:
            seen.add(shape)
            shape = self._parents.get(shape)
        return shape

    def path_of(self, shape: Any) -> str:
        """The path of a property shape as SPARQL writes it (SHACL, section 2.3.1), or ""."""
        paths = self.of(shape, "path")
        return self.path(paths[0]) if paths else ""

    def path(self, node: Any, depth: int = 0) -> str:
        """A path as SPARQL writes it."""
        if not isinstance(node, ox.BlankNode) or depth > 20:
            return str(node)
        listed = (node, terms.FIRST) in self._said
        for step, before, after in (
            ()
            if listed
            else (
                ("inversePath", "^", ""),
                ("zeroOrMorePath", "", "*"),
                ("oneOrMorePath", "", "+"),
                ("zeroOrOnePath", "", "?"),
            )
        ):
            for inner in self.of(node, step):
                return f"{before}{self.path(inner, depth + 1)}{after}"
        choices = self.of(node, "alternativePath")
        pieces = self.members(choices[0] if choices else node)
        mark = "|" if choices else "/"
        return f"({mark.join(self.path(one, depth + 1) for one in pieces)})"

    def path_words(self, path: str, labels: Callable[[str], dict[str, str]]) -> dict[str, str]:
        """A path in words, in English and Italian, by the names of its properties."""
        found = {}
        for language, (back, then, either) in _STEPS.items():
            words = path[1:-1] if re.fullmatch(r"\([^()]*\)", path) else path

            def named(step: re.Match[str], language: str = language, back: str = back) -> str:
                iri = step[2]
                names = labels(iri)
                own = re.split("[/#]", iri)[-1]
                name = names.get(language) or names.get("en") or names.get("") or own
                return f"{name} ({back})" if step[1] else name

            words = re.sub(r"(\^?)<([^<>]*)>", named, words)
            words = re.sub(r"(?<=\S)/(?=\S)", then, words).replace("|", either)
            found[language] = words
        return found

    def messages(self, result: Result) -> dict[str, str]:
        """What to say of a result, by language tag: the author's words, else ours."""
        places = [result.constraint, result.shape] if result.constraint else [result.shape]
        for place in places:
            texts = [one for one in self.of(place, "message") if isinstance(one, ox.Literal)]
            if not texts:
                continue
            if result.messages and any(self._open(one.value, result) for one in texts):
                return result.messages  # of variables that the engine alone knows
            return {one.language or "en": self._filled(one.value, result) for one in texts}
        return self._generated(result)

    _KNOWN_VARIABLES = ("value", "this", "path", "focusNode", "PATH")

    def _open(self, text: str, result: Result) -> bool:
        """Whether a text has places for what neither the result nor its shape says."""
        return any(
            name not in self._KNOWN_VARIABLES and not self.of(result.shape, name)
            for name in re.findall(r"\{[?$](\w+)\}", text)
        )

    def _filled(self, text: str, result: Result) -> str:
        known = {
            "value": shown(result.value),
            "this": shown(result.focus),
            "focusNode": shown(result.focus),
            "path": result.path,
            "PATH": result.path,
        }

        def put(found: re.Match[str]) -> str:
            name = found[1]
            if name in known:
                return known[name]
            values = self.of(result.shape, name)
            return ", ".join(map(shown, values)) if values else found[0]

        return re.sub(r"\{[?$](\w+)\}", put, text)[:_LONGEST]

    def _generated(self, result: Result) -> dict[str, str]:
        """A sentence of our own, by the constraint component (SHACL, section 4)."""
        name = result.component.removeprefix(_SH).removesuffix("ConstraintComponent")
        parameter = name[:1].lower() + name[1:]
        values = self.of(result.shape, parameter)
        if parameter in ("in", "languageIn"):
            values = [one for head in values for one in self.members(head)]
        found = {}
        for place, (language, text) in enumerate(sentence(name).items()):
            allowed = [_KINDS[one][place] if one in _KINDS else shown(one) for one in values[:10]]
            wanted = ", ".join(allowed) + (" …" if len(values) > 10 else "")
            words = {"value": shown(result.value), "wanted": wanted, "name": name}
            found[language] = _put(text, words) + self._detailed(result, name, language)
        return found

    def _detailed(self, result: Result, name: str, language: str) -> str:
        """What the shapes find that a rule is made of."""
        told = []
        for one in result.details[:_DETAILS]:
            texts = self.messages(one)
            words = texts.get(language) or texts.get("en") or next(iter(texts.values()))
            steps = re.findall("<([^<>]*)>", one.path)
            told.append(f"{re.split('[/#:]', steps[-1])[-1]}: {words}" if steps else words)
        if not told:
            return ""
        lead = _EITHER if name in ("Or", "Xone") else _NAMELY
        return f" {lead[language]} " + " ".join(told)

    def faults(self) -> list[Fault]:
        """What of the shapes checks nothing."""
        found, told = [], set()
        for one in self.triples:
            name = one.predicate.value.removeprefix(_SH)
            if name != one.predicate.value and name not in _KNOWN and name not in told:
                told.add(name)
                found.append(
                    Fault(one, "shapes-unknown", said.messages("shapes-unknown", {"name": name}))
                )
        for one in dangling(self.triples):
            words = {"value": shown(one.object)}
            found.append(Fault(one, "shapes-nowhere", said.messages("shapes-nowhere", words)))
        return found


@dataclass(frozen=True)
class Fault:
    """A triple of the shapes that checks nothing: its code, and why, by language tag."""

    triple: ox.Triple
    code: str
    messages: dict[str, str]


def dangling(triples: Sequence[ox.Triple]) -> list[ox.Triple]:
    """The triples that make a shape of what is described nowhere: DCAT-AP's own have two."""
    described = {one.subject for one in triples}
    return [
        one
        for one in triples
        if one.predicate.value in (_SH + "property", _SH + "node") and one.object not in described
    ]


def sentence(component: str) -> dict[str, str]:
    """What is said where a component finds something, with its places open; its name is as SHACL
    has it, without namespace and ending."""
    english, italian = _SENTENCES.get(component, _OTHERWISE)
    return {"en": english, "it": italian}


def shown(node: Any) -> str:
    """A term as a sentence shows it."""
    if node is None:
        return ""
    if isinstance(node, ox.BlankNode):
        return "[]"
    if isinstance(node, ox.Literal):
        text = node.value if len(node.value) <= 200 else node.value[:200] + "…"
        if node.datatype.value in _BARE and re.fullmatch(r"[+-]?[0-9.]+|true|false", text):
            return text
        return f'"{text}"' + (f"@{node.language}" if node.language else "")
    if node.value.startswith(terms.XSD):
        return f"xsd:{node.value.removeprefix(terms.XSD)}"
    return str(node)


_BARE = frozenset(terms.XSD + kind for kind in ("integer", "decimal", "boolean"))
"""What Turtle writes without quotation marks."""

_KINDS = {
    ox.NamedNode(_SH + name): words
    for name, words in {
        "IRI": ("an IRI", "un IRI"),
        "Literal": ("a text, a number or a date", "un testo, un numero o una data"),
        "BlankNode": ("a thing without a name", "una cosa senza nome"),
        "BlankNodeOrIRI": ("a thing, and no text", "una cosa, e non un testo"),
        "IRIOrLiteral": ("an IRI or a text", "un IRI o un testo"),
        "BlankNodeOrLiteral": (
            "a text or a thing without a name",
            "un testo o una cosa senza nome",
        ),
    }.items()
}
"""The kinds of nodes (SHACL, section 4.1.3), in English and Italian."""


def _put(text: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        text = text.replace("{" + name + "}", value)
    return text


_STEPS = {
    "en": ("backwards", ", and of that ", " or "),
    "it": ("all'inverso", ", e di questo ", " o "),
}
"""How the steps of a path are read: back along a property, then, or."""

_DETAILS = 4
"""Findings inside of one that are told."""

_NAMELY = {"en": "What is wrong:", "it": "Che cosa non va:"}
_EITHER = {"en": "One of these must be mended:", "it": "Una di queste cose va corretta:"}

_OTHERWISE = (
    "This does not keep the rule {name}.",
    "Questo non rispetta la regola {name}.",
)
_SENTENCES: dict[str, tuple[str, str]] = {
    "Class": (
        "{value} must be of the class {wanted}: say that it is, or name another.",
        "{value} deve essere della classe {wanted}: dire che lo è, o indicare altro.",
    ),
    "Datatype": (
        "{value} must have the datatype {wanted}.",
        "{value} deve avere il tipo di dato {wanted}.",
    ),
    "NodeKind": ("{value} must be {wanted}.", "{value} deve essere {wanted}."),
    "MinCount": (
        "At least {wanted} of these must be there: add what is missing.",
        "Ce ne devono essere almeno {wanted}: aggiungere ciò che manca.",
    ),
    "MaxCount": (
        "At most {wanted} of these may be there: take out what is too much.",
        "Ce ne possono essere al massimo {wanted}: togliere ciò che è di troppo.",
    ),
    "MinExclusive": (
        "{value} must be greater than {wanted}.",
        "{value} deve essere maggiore di {wanted}.",
    ),
    "MinInclusive": (
        "{value} must be at least {wanted}.",
        "{value} deve essere almeno {wanted}.",
    ),
    "MaxExclusive": (
        "{value} must be less than {wanted}.",
        "{value} deve essere minore di {wanted}.",
    ),
    "MaxInclusive": (
        "{value} must be at most {wanted}.",
        "{value} deve essere al massimo {wanted}.",
    ),
    "MinLength": (
        "{value} must have at least {wanted} characters.",
        "{value} deve avere almeno {wanted} caratteri.",
    ),
    "MaxLength": (
        "{value} may have at most {wanted} characters.",
        "{value} può avere al massimo {wanted} caratteri.",
    ),
    "Pattern": (
        "{value} does not have the form {wanted}.",
        "{value} non ha la forma {wanted}.",
    ),
    "LanguageIn": (
        "{value} must be in one of these languages: {wanted}.",
        "{value} deve essere in una di queste lingue: {wanted}.",
    ),
    "UniqueLang": (
        "There may be one value in each language: keep one of those that share a language.",
        "Può esserci un valore per lingua: tenere uno solo di quelli nella stessa lingua.",
    ),
    "Equals": (
        "{value} must stand for {wanted} too.",
        "{value} deve stare anche per {wanted}.",
    ),
    "Disjoint": (
        "{value} must not stand for {wanted} as well.",
        "{value} non deve stare anche per {wanted}.",
    ),
    "LessThan": (
        "{value} must be less than the value of {wanted}.",
        "{value} deve essere minore del valore di {wanted}.",
    ),
    "LessThanOrEquals": (
        "{value} must be at most the value of {wanted}.",
        "{value} deve essere al massimo il valore di {wanted}.",
    ),
    "Not": (
        "{value} has what it must not have.",
        "{value} ha ciò che non deve avere.",
    ),
    "And": (
        "{value} does not keep all of the rules that it must keep.",
        "{value} non rispetta tutte le regole dovute.",
    ),
    "Or": (
        "{value} keeps none of the rules of which it must keep one.",
        "{value} non rispetta nessuna delle regole di cui deve rispettarne una.",
    ),
    "Xone": (
        "{value} must keep exactly one of several rules.",
        "{value} deve rispettare esattamente una tra più regole.",
    ),
    "Node": (
        "{value} does not keep the rules of {wanted}.",
        "{value} non rispetta le regole di {wanted}.",
    ),
    "QualifiedMinCount": (
        "There are too few values that keep the rule: at least {wanted} must be there.",
        "Ci sono troppo pochi valori che rispettano la regola: almeno {wanted}.",
    ),
    "QualifiedMaxCount": (
        "There are too many values that keep the rule: at most {wanted} may be there.",
        "Ci sono troppi valori che rispettano la regola: al massimo {wanted}.",
    ),
    "Closed": (
        "This property is not allowed here: take it out, or use one that is.",
        "Questa proprietà qui non è ammessa: toglierla, o usarne una che lo sia.",
    ),
    "HasValue": (
        "The value {wanted} must be among these.",
        "Tra questi deve esserci il valore {wanted}.",
    ),
    "In": (
        "{value} must be one of {wanted}.",
        "{value} deve essere uno tra {wanted}.",
    ),
    "SPARQL": (
        "This breaks a rule that is written as a query.",
        "Questo viola una regola scritta come interrogazione.",
    ),
}
"""What each component finds, in English and Italian."""

COMPONENTS = tuple(_SENTENCES)
"""The names of the constraint components of SHACL (sections 4 and 5)."""
