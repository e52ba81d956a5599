"""The rules in shapes/, each shown by an example that keeps it and one that breaks it alone.

An example is a file in tests/data/, `<class>.valid.<why>.ttl` or `<class>.invalid.<why>.ttl`. What
it names and does not describe comes from world.ttl there, or from ontology/. An invalid one begins
with what is to be found in it, a line each, the rule that it is for first; nothing else may be:

    # expect: Violation agr:one-party shape:AgreementShape-party sh:minCount

That is severity, focus node, shape and the constraint in it; or, in place of the last two, a SPARQL
constraint, or a query in shapes/. A valid one names what SPARQL finds nothing wrong in: `# keeps:`.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from rdflib import OWL, RDF, RDFS, SH, XSD
from rdflib.extras.shacl import parse_shacl_path

from foedera import bridge, check, folder

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = Path(__file__).parent / "data"
BASE = "https://w3id.org/foedera/"
NS = rdflib.Namespace(BASE + "ns#")
SHAPE = rdflib.Namespace(BASE + "shapes/")
EDTF = rdflib.URIRef("http://id.loc.gov/datatypes/edtf/EDTF")

VALID = sorted(path.name for path in EXAMPLES.glob("*.valid.*.ttl"))
INVALID = sorted(path.name for path in EXAMPLES.glob("*.invalid.*.ttl"))


@dataclass(frozen=True, order=True)
class Found:
    """One finding. ``rule`` is a shape and its constraint, a SPARQL constraint, or a query."""

    severity: str
    focus: str
    rule: str


def graph(*files: folder.File) -> rdflib.Graph:
    return bridge.add(rdflib.Graph(), (t for file in files for t in file.parse(BASE).triples))


def file(name: str) -> folder.File:
    path = EXAMPLES / name
    content = path.read_bytes()
    return folder.File(path, f"data/{name}", hashlib.sha256(content).hexdigest(), len(content))


# The rules


@cache
def publication() -> folder.Folder:
    return folder.read(ROOT)


@cache
def shapes() -> rdflib.Graph:
    """All but the file that only says how pages look, and would slow every example."""
    files = publication().of("shapes")
    return graph(*(one for one in files if one.path != "shapes/pages.ttl"))


@cache
def queries() -> dict[str, str]:
    return {
        one.path.removeprefix("shapes/"): one.location.read_text(encoding="utf-8")
        for one in publication().hygiene()
    }


NO_CONSTRAINT = {
    "path", "name", "order", "group", "severity", "message", "property", "sparql", "targetClass",
    "targetSubjectsOf", "qualifiedValueShape",
}  # fmt: skip


def constraints(shape: rdflib.term.Node) -> list[str]:
    """What a shape asks for, by the names of SHACL's parameters."""
    names = {str(p).removeprefix(str(SH)) for p in shapes().predicates(shape) if p in SH}
    return sorted(names.difference(NO_CONSTRAINT))


def speaking() -> list[rdflib.term.Node]:
    """The shapes that can be broken by themselves: those that say something to the author."""
    return sorted(
        shape
        for kind in (SH.NodeShape, SH.PropertyShape)
        for shape in shapes().subjects(RDF.type, kind)
        if constraints(shape) and (shape, SH.message, None) in shapes()
    )


def sparql_constraints() -> list[rdflib.term.Node]:
    return sorted(set(shapes().objects(None, SH.sparql)))


def rules() -> list[str]:
    """Every constraint of a shape, every SPARQL constraint, every query."""
    plain = [f"{shape} sh:{name}" for shape in speaking() for name in constraints(shape)]
    return sorted([*plain, *map(str, sparql_constraints()), *queries()])


# What is found in an example, and what is to be

PUBLICATION = [
    rdflib.URIRef(f"{BASE}id/{name}")
    for name in ("dataset/world", "project/foedera", "catalog/foedera")
]
"""What every publication says of itself."""


@cache
def terms() -> rdflib.Graph:
    return graph(*(one for one in publication().of("ontology") if one.path == "ontology/core.ttl"))


@cache
def things() -> rdflib.Graph:
    """What an example may lean on: the small world, and the concepts."""
    schemes = [one for one in publication().of("ontology") if "/schemes/" in one.path]
    return graph(file("world.ttl"), *schemes)


@cache
def hierarchy() -> rdflib.Graph:
    """All that the shapes need of the ontology."""
    classes = rdflib.Graph()
    for triple in terms().triples((None, RDFS.subClassOf, None)):
        classes.add(triple)
    return classes


@cache
def store() -> ox.Store:
    """A store of the ontology, where each example is a guest."""
    terms_only = ox.Store()
    terms_only.extend(quads(terms()))
    return terms_only


def quads(some: rdflib.Graph) -> list[ox.Quad]:
    return [ox.Quad(*map(bridge.to_oxigraph, triple)) for triple in some]


@cache
def whole(name: str) -> rdflib.Graph:
    """An example with all that it leans on, directly or not."""
    example = graph(file(name))
    described = set(example.subjects())
    names = [*example.all_nodes(), *PUBLICATION]
    for node in names:  # grows as we go
        if node not in described:
            described.add(node)
            for triple in things().triples((node, None, None)):
                example.add(triple)
                names.append(triple[2])
    return example


def found(name: str) -> list[Found]:
    """All that the shapes and the queries find in an example."""
    return sorted([*found_by_shapes(name), *found_by_queries(name)])


def found_by_shapes(name: str) -> Iterator[Found]:
    _, report, text = pyshacl.validate(
        whole(name) + hierarchy(), shacl_graph=shapes(), inference="none"
    )
    assert isinstance(report, rdflib.Graph), text
    for result in report.objects(None, SH.result):
        component = str(report.value(result, SH.sourceConstraintComponent))
        parameter = component.removeprefix(str(SH)).removesuffix("ConstraintComponent")
        shape = report.value(result, SH.sourceShape)
        yield Found(
            str(report.value(result, SH.resultSeverity)).removeprefix(str(SH)),
            str(report.value(result, SH.focusNode)),
            str(
                report.value(result, SH.sourceConstraint)
                or f"{shape} sh:{parameter[0].lower()}{parameter[1:]}"
            ),
        )


def found_by_queries(name: str) -> Iterator[Found]:
    guest = quads(whole(name))
    store().extend(guest)
    try:
        for path, query in queries().items():
            for row in store().query(query):
                yield Found(row["severity"].value.capitalize(), row["focus"].value, path)
    finally:
        for quad in guest:
            store().remove(quad)


@cache
def expected(name: str) -> list[Found]:
    """What the first lines of an example say that will be found."""
    findings = []
    for line in headed(name, "# expect: "):
        severity, focus, rule = line.split(" ", 2)
        findings.append(Found(severity, focus, rule))
    return sorted(findings)


def headed(name: str, mark: str) -> list[str]:
    """The first lines of an example that begin with a mark, their names in full."""
    prefixes = {**file(name).parse(BASE).prefixes, "shape": str(SHAPE)}

    def full(word: str) -> str:
        prefix, colon, rest = word.partition(":")
        return prefixes[prefix] + rest if colon and prefix in prefixes else word

    lines = file(name).location.read_text(encoding="utf-8").splitlines()
    marked = (line.removeprefix(mark) for line in lines if line.startswith(mark))
    return [" ".join(map(full, line.split())) for line in marked]


# The examples


@pytest.mark.parametrize("name", ["world.ttl", *VALID])
def test_a_valid_example_conforms(name: str) -> None:
    assert found(name) == []


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_example_breaks_its_rule_and_no_other(name: str) -> None:
    assert expected(name)
    assert found(name) == expected(name)


def test_every_rule_has_an_example_that_breaks_it() -> None:
    """The rule that an example is for comes first in it; what else it cannot help comes after."""
    meant = {headed(name, "# expect: ")[0].split(" ", 2)[2] for name in INVALID}
    assert sorted(set(rules()) - meant) == []


def test_every_rule_has_an_example_that_keeps_it_and_not_idly() -> None:
    """A shape sees values in it; what is written in SPARQL is named by the example: `# keeps:`."""
    kept = set()
    for name in VALID:
        example = whole(name) + hierarchy()
        kept |= {f"{shape} sh:" for shape in speaking() if sees_something(shape, example)}
        kept |= set(headed(name, "# keeps: "))
    plain, sparql = (
        {rule for rule in rules() if (" sh:" in rule) == shaped} for shaped in (True, False)
    )
    assert sorted(sparql - kept) == []
    assert sorted({re.sub(r"(?<= sh:).*", "", rule) for rule in plain} - kept) == []


def sees_something(shape: rdflib.term.Node, example: rdflib.Graph) -> bool:
    owner = shapes().value(None, SH.property, shape) or shape
    targets = {
        node
        for kind in shapes().objects(owner, SH.targetClass)
        for below in example.transitive_subjects(RDFS.subClassOf, kind)
        for node in example.subjects(RDF.type, below)
    }
    for predicate in shapes().objects(owner, SH.targetSubjectsOf):
        targets |= set(example.subjects(predicate))
    path = shapes().value(shape, SH.path)
    if path is None:
        return bool(targets)
    walk = parse_shacl_path(shapes(), path)
    return any(True for node in targets for _ in example.objects(node, walk))


# What the rules say of themselves


def test_every_kind_of_thing_has_a_shape() -> None:
    """Each class of the ontology is the target of a shape, or below one that is."""
    targets = set(shapes().objects(None, SH.targetClass))
    assert not [
        kind
        for kind in terms().subjects(RDF.type, OWL.Class)
        if kind in NS and not targets & set(terms().transitive_objects(kind, RDFS.subClassOf))
    ]


@pytest.mark.whole
def test_the_shapes_are_right_by_the_shapes_of_shacl() -> None:
    pyshacl.validate(rdflib.Graph(), shacl_graph=shapes(), meta_shacl=True)


def test_the_shapes_use_no_word_that_shacl_has_not() -> None:
    """An engine takes no notice of such a word, and finds that all conforms."""
    assert not {
        node
        for triple in shapes()
        for node in triple
        if isinstance(node, rdflib.URIRef) and node.startswith(str(SH)) and node not in SH
    }


@pytest.mark.parametrize("rule", [*speaking(), *sparql_constraints()], ids=lambda rule: rule[36:])
def test_every_rule_has_a_name_and_says_what_to_write_in_english_and_italian(
    rule: rdflib.URIRef,
) -> None:
    assert rule in SHAPE
    assert languages(rule, SH.message) == ["en", "it"]
    if (rule, RDF.type, SH.NodeShape) in shapes():
        assert languages(rule, RDFS.label) == ["en", "it", "ja"]
    if (rule, RDF.type, SH.PropertyShape) in shapes():
        assert languages(rule, SH.name) == ["en", "it", "ja"]
        assert len(list(shapes().objects(rule, SH.order))) == 1
        assert (shapes().value(rule, SH.group), RDF.type, SH.PropertyGroup) in shapes()
        assert shapes().value(rule, SH.severity) in (SH.Violation, SH.Warning, SH.Info)


def languages(subject: rdflib.term.Node, predicate: rdflib.URIRef) -> list[str]:
    return sorted(text.language for text in shapes().objects(subject, predicate))


def test_the_properties_of_a_shape_have_an_order() -> None:
    for shape in shapes().subjects(RDF.type, SH.NodeShape):
        orders = [shapes().value(one, SH.order) for one in shapes().objects(shape, SH.property)]
        assert len(set(orders)) == len(orders), shape


# Dates: EDTF, and what follows from it


TEXTS = {
    "a day": "1985-04-12",
    "a month": "1985-04",
    "a year": "1985",
    "a moment": "1985-04-12T23:20:30",
    "a moment in UTC": "1985-04-12T23:20:30Z",
    "a moment in a zone of hours": "1985-04-12T23:20:30-04",
    "a moment in a zone": "1985-04-12T23:20:30+04:30",
    "years": "1964/2008",
    "months": "2024-01/2024-11",
    "days": "2004-02-01/2004-02-08",
    "from a day into a year": "2004-02-01/2005",
    "a year of five digits": "Y170000002",
    "long before Christ": "Y-170000002",
    "a season": "2001-21",
    "uncertain": "1984?",
    "approximate": "2004-06~",
    "both": "2004-06-11%",
    "some day": "1985-04-XX",
    "some month": "2004-XX",
    "some day of some month": "1985-XX-XX",
    "a decade": "201X",
    "a century": "20XX",
    "open end": "1985-04-12/..",
    "open start": "../1985-04-12",
    "unknown end": "1985/",
    "unknown start": "/1985-04",
    "uncertain ends": "1984?/2004-06~",
    "before Christ": "-1985",
    "year nought": "0000",
    "up to": "[..2025]",
    "from": "[2023-12..]",
    "between": "[2024-01..2024-11]",
    "one of": "[1667,1668,1670..1672]",
    "all of": "{1667,1668,1670..1672}",
    "all up to": "{..1984}",
}
"""Levels 0 and 1 of EDTF, by the examples of its specification, and the lists of level 2."""

NO_TEXTS = (
    "", " 2023", "2023 ", "12 December 2023", "13-12-2023", "2023/12/13", "2023-1", "2023-13",
    "2023-00", "2023-12-32", "2023-12-00", "20231213", "23", "2023-12-13T10:00", "2023-25",
    "2023-12-13T25:00:00", "2023-12-13Z", "2023-12-1X", "2023-W12", "~2023", "2023??", "Y2023", "X",
    "/", "..", "../..", "2023..", "..2025", "[..2025", "..2025]", "[..2025}", "[]", "[2023;2024]",
    "2023/2024/2025", "2023/open", "open", "unknown",
)  # fmt: skip


def test_what_is_edtf_passes_and_nothing_else() -> None:
    """Each text is the date of a thing of its own; one run judges all of them."""
    asked = [*TEXTS.values(), *NO_TEXTS]
    dates = rdflib.Graph()
    things = {rdflib.URIRef(f"urn:thing:{number}"): text for number, text in enumerate(asked)}
    for thing, text in things.items():
        dates.add((thing, NS.date, rdflib.Literal(text, datatype=EDTF)))
    _, report, _ = pyshacl.validate(dates, shacl_graph=shapes(), inference="none")
    results = report.objects(None, SH.result)
    refused = {things[report.value(result, SH.focusNode)] for result in results}
    assert refused == set(NO_TEXTS)


BOUNDS = (
    ("2023-12-13", "2023-12-13T00:00:00Z", "2023-12-13T23:59:59Z"),
    ("2023-04", "2023-04-01T00:00:00Z", "2023-04-30T23:59:59Z"),
    ("2023-02", "2023-02-01T00:00:00Z", "2023-02-28T23:59:59Z"),
    ("2024-02", "2024-02-01T00:00:00Z", "2024-02-29T23:59:59Z"),
    ("2000-02", "2000-02-01T00:00:00Z", "2000-02-29T23:59:59Z"),
    ("1900-02", "1900-02-01T00:00:00Z", "1900-02-28T23:59:59Z"),
    ("2023", "2023-01-01T00:00:00Z", "2023-12-31T23:59:59Z"),
    ("201X", "2010-01-01T00:00:00Z", "2019-12-31T23:59:59Z"),
    ("20XX", "2000-01-01T00:00:00Z", "2099-12-31T23:59:59Z"),
    ("2023-XX-XX", "2023-01-01T00:00:00Z", "2023-12-31T23:59:59Z"),
    ("2023-11-XX", "2023-11-01T00:00:00Z", "2023-11-30T23:59:59Z"),
    ("2023-12-13T10:20:30", "2023-12-13T10:20:30Z", "2023-12-13T10:20:30Z"),
    ("2023-12-13T10:20:30+01:00", "2023-12-13T09:20:30Z", "2023-12-13T09:20:30Z"),
    ("2024-01/2024-11", "2024-01-01T00:00:00Z", "2024-11-30T23:59:59Z"),
    ("[2024-01..2024-11]", "2024-01-01T00:00:00Z", "2024-11-30T23:59:59Z"),
    ("{1667,1668,1670..1672}", "1667-01-01T00:00:00Z", "1672-12-31T23:59:59Z"),
    ("[..2025]", "", "2025-12-31T23:59:59Z"),
    ("../2025", "", "2025-12-31T23:59:59Z"),
    ("/2025", "", "2025-12-31T23:59:59Z"),
    ("[2023-12..]", "2023-12-01T00:00:00Z", ""),
    ("2023-12/..", "2023-12-01T00:00:00Z", ""),
    ("2023-12/", "2023-12-01T00:00:00Z", ""),
    ("1999~", "1998-01-01T00:00:00Z", "2000-12-31T23:59:59Z"),
    ("1999?", "1999-01-01T00:00:00Z", "1999-12-31T23:59:59Z"),
)
"""Dates, and the moments that follow from them ("" where none does)."""


@pytest.mark.parametrize(("date", "earliest", "latest"), BOUNDS)
def test_the_bounds_that_follow_from_a_date_are_right_and_others_wrong(
    date: str, earliest: str, latest: str
) -> None:
    assert wrong_bounds(date, earliest, latest) == []
    too_late, too_early = "2999-06-15T12:00:00Z", "0999-06-15T12:00:00Z"
    assert wrong_bounds(date, too_late, too_early) == ["earliest", "latest"]
    if earliest and latest:
        assert wrong_bounds(date, "", "") == ["earliest", "latest"]


def wrong_bounds(date: str, earliest: str, latest: str) -> list[str]:
    dates = ox.Store()
    for name, text, kind in (
        ("date", date, EDTF), ("earliest", earliest, XSD.dateTime), ("latest", latest, XSD.dateTime)
    ):  # fmt: skip
        if text:
            literal = ox.Literal(text, datatype=ox.NamedNode(str(kind)))
            dates.add(ox.Quad(ox.NamedNode("urn:thing"), ox.NamedNode(str(NS[name])), literal))
    return [
        name
        for name in ("earliest", "latest")
        if list(dates.query(queries()[f"hygiene/date-{name}.rq"]))
    ]


# The whole way: a folder, checked


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> check.Report:
    """What `foedera check` says of a publication of all the invalid examples at once."""
    home = tmp_path_factory.mktemp("examples")
    for part in ("ontology", "shapes"):
        shutil.copytree(ROOT / part, home / part)
    (home / "data").mkdir()
    for name in ["world.ttl", *INVALID]:
        shutil.copy(EXAMPLES / name, home / "data" / name)
    return check.check(folder.read(home))[0]


def messages(rule: str) -> dict[str, str]:
    """What a rule of the shapes says, by language."""
    said = shapes().objects(rdflib.URIRef(rule.split(" ")[0]), SH.message)
    return {message.language: str(message) for message in said}


@pytest.mark.parametrize("name", INVALID)
def test_the_check_of_a_folder_finds_it_too_and_says_where(name: str, report: check.Report) -> None:
    here = [one for one in report.findings if one.file == f"data/{name}"]
    for finding in expected(name):
        words = messages(finding.rule)
        told = [
            one
            for one in here
            if (one.severity.capitalize(), one.focus) == (finding.severity, finding.focus)
            and (
                all(one.message(language).startswith(text) for language, text in words.items())
                if words
                else one.rule.endswith(finding.rule)
            )
        ]
        assert told, finding
        for one in told:
            assert one.message("it") != one.message("en")
            line = file(name).location.read_text(encoding="utf-8").splitlines()[one.line - 1]
            steps = re.findall("<([^<>]*)>", one.path) or [one.path]
            names = "|".join(map(local, (*steps, one.focus)))
            assert re.search(rf"[:/#]({names})\b", line), one


def local(iri: str) -> str:
    return re.escape(re.split(r"[/#:]", iri.strip("<>"))[-1]) or "^"
