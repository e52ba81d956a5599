"""What users ask: each question's example query gives the answer of the sources, and no other."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from werkzeug.test import Client

import facts
from foedera import terms

Ask = Callable[[str], list[dict[str, str]]]


@dataclass(frozen=True)
class Question:
    """A question of the list: its number, its query, the columns that answer it, the answer."""

    number: int
    query: str
    columns: str
    answer: str
    in_order: bool = False

    def __str__(self) -> str:
        return f"{self.number}-{self.query}"

    def of(self, rows: list[dict[str, str]]) -> list[list[str]]:
        """The columns that answer the question, each row once."""
        kept = [tuple(row[name] for name in self.columns.split()) for row in rows]
        return [list(row) for row in dict.fromkeys(kept)]

    @property
    def rows(self) -> list[list[str]]:
        return [
            [" ".join(cell.split()) for cell in line.split("|")]
            for line in self.answer.strip().splitlines()
        ]


QUESTIONS = [
    Question(
        1,
        "persons",
        "name",
        """
        Adolfo Urso
        Yasutoshi Nishimura
        Giuseppe Amelio
        Moreno Lupi
        Gae Aulenti
        Toshimoto Mitomo
        Kaz Hadano
        Terushi Shimizu
        Giorgia Meloni
        Fumio Kishida
        Gina Raimondo
        Alessio Piana
        Darryl Bautista
        """,
    ),
    Question(
        2,
        "companies",
        "name",
        """
        Microtest
        Sony
        Sony Venture Capital
        Sony Semiconductor Solutions
        STMicroelectronics
        Technoprobe
        Leonardo
        Rapidus
        IBM
        """,
    ),
    Question(3, "joint-statement-signing", "date placeName", "2023-12-13 | Tokyo"),
    Question(
        5,
        "raise-members",
        "name",
        """
        IIT
        CNR
        University of Genoa
        """,
    ),
    Question(
        6,
        "rapidus-investment",
        "kind value currency convertedByName",
        """
        original  | 70000000000 | JPY |
        converted | 526000000   | USD | Sputnik
        """,
    ),
    Question(
        7,
        "cultural-institute-building",
        "building placeName architectName",
        """
        site/iic-tokyo | Kudan-Minami | Gae Aulenti
        site/iic-tokyo | Chiyoda-ku   | Gae Aulenti
        site/iic-tokyo | Tokyo        | Gae Aulenti
        site/iic-tokyo | Japan        | Gae Aulenti
        """,
    ),
    Question(
        9,
        "joint-statement-topics",
        "name account",
        """
        strategic cooperation                            | stated
        economic, industrial and technological cooperation | stated
        industrial partnership                           | stated
        advanced technologies                            | stated
        new-generation technologies                      | stated
        semiconductors                                   | stated
        artificial intelligence                          | stated
        quantum technologies                             | stated
        biotechnology                                    | stated
        energy                                           | stated
        infrastructure                                   | stated
        investment                                       | stated
        quantum mechanics                                | other account
        """,
    ),
    Question(
        10,
        "joint-statement-topics-not-in-headline",
        "name",
        """
        industrial partnership
        economic, industrial and technological cooperation
        new-generation technologies
        energy
        infrastructure
        investment
        quantum technologies
        """,
    ),
    Question(
        11,
        "joint-statement-implementers",
        "name countryName",
        """
        Istituto Commercio Estero         | Italy
        Japan External Trade Organization | Japan
        """,
    ),
    Question(
        12,
        "sony-bodies",
        "body personName",
        """
        org/sony                         | Toshimoto Mitomo
        org/sony-venture-capital         | Kaz Hadano
        org/sony-semiconductor-solutions | Terushi Shimizu
        org/sony-research-trento         |
        """,
    ),
    Question(
        14,
        "liguria-mission-organisers",
        "name roleName",
        """
        Liguria International                | organiser
        Italian Chamber of Commerce for Japan | co-organiser
        """,
    ),
    Question(
        15,
        "liguria-meetings",
        "body subject",
        """
        org/embassy-italy-tokyo               |
        org/shibuya-startup-support           | joint projects
        org/shibuya-startup-support           | Explore possible joint projects with \
                                                Ligurian bodies
        org/central-japan-economic-federation | university-industry collaboration
        org/nagoya-innovators-garage          | university-industry collaboration
        org/nagoya-university-incubator       | university-industry collaboration
        org/japan-finance-corporation         | finance of small and medium firms
        org/airc                              | artificial intelligence
        org/airc                              | research on artificial intelligence
        org/tiri                              | innovation
        org/tiri                              | industrial cooperation
        org/tiri                              | Explore more openings for innovation and \
                                                cooperation of firms
        """,
    ),
    Question(
        17,
        "misspelt-names",
        "form name",
        """
        Ursus                       | Adolfo Urso
        minister Ursus              | Adolfo Urso
        Adolfo Ursus                | Adolfo Urso
        Nishimurasigned             | Yasutoshi Nishimura
        Yasutoshi Nishimurasigned   | Yasutoshi Nishimura
        SONYToshimoto Mitomo        | Toshimoto Mitomo
        SONYToshimoto               | Sony
        Sony Semiconductor Solution | Sony Semiconductor Solutions
        IBMAn                       | IBM
        Japansanctioned             | Japan
        Italia e Japan              | Italy
        Italia e Japan              | Japan
        The acronym                 | Signing of the Italy-Japan joint statement
        Firma joint statement su partnership industriali \
                                    | Signing of the Italy-Japan joint statement
        partecipated                | Microtest at the round table of companies
        """,
    ),
    Question(
        18,
        "unexpanded-acronyms",
        "form",
        """
        IIT
        CNR
        AIRC
        """,
    ),
    Question(
        20,
        "events-on-13-december-2023",
        "thing certainty",
        """
        event/signing-2023-12-13            | certain
        event/urso-sony-meeting             | certain
        stmt/urso-2023-12-13                | certain
        stmt/urso-chips-it                  | certain
        stmt/urso-sony-research-trento      | certain
        event/urso-mission-japan            | under way
        event/tokyo-bilateral-2023          | under way
        event/second-day                    | candidate
        event/opening-session               | possible
        event/urso-presentation             | possible
        stmt/urso-italy-japan-collaboration | possible
        event/workshop-semiconductors       | possible
        event/company-round-table           | possible
        event/semicon-japan-2023            | possible
        event/microtest-selection           | possible
        event/liguria-mission               | possible
        """,
    ),
    Question(
        21,
        "events-in-january-2023",
        "event date",
        """
        event/elevation-2023-01          | 2023-01
        event/washington-ministerial     | 2023-01-06
        event/nishimura-press-conference | 2023-01-06
        """,
    ),
    Question(
        22,
        "events-in-tokyo",
        "event",
        """
        event/tokyo-bilateral-2023
        event/opening-session
        event/second-day
        event/workshop-semiconductors
        event/company-round-table
        event/urso-presentation
        event/signing-2023-12-13
        event/urso-sony-meeting
        event/visit-embassy
        event/visit-shibuya
        event/tokyo-closing
        event/talks-jfc
        event/talks-airc
        event/visit-tiri
        """,
    ),
    Question(
        23,
        "liguria-mission-order",
        "event stagesBefore",
        """
        event/visit-shibuya   | 0
        event/visit-embassy   | 0
        event/nagoya-meetings | 2
        event/tokyo-closing   | 3
        event/talks-jfc       | 3
        event/talks-airc      | 3
        event/visit-tiri      | 5
        """,
        in_order=True,
    ),
    Question(
        25,
        "on-behalf-of",
        "actorName principalName eventName basis",
        """
        Giuseppe Amelio     | Microtest     | Italy-Japan bilateral meeting in Tokyo     | stated
        Moreno Lupi         | Microtest     | Italy-Japan bilateral meeting in Tokyo     | stated
        Adolfo Urso         | Italy         | Signing of the Italy-Japan joint statement | inferred
        Yasutoshi Nishimura | Japan         | Signing of the Italy-Japan joint statement | inferred
        Yasutoshi Nishimura | Japan         | Japan-US ministerial meeting in Washington | inferred
        Gina Raimondo       | United States | Japan-US ministerial meeting in Washington | inferred
        """,
    ),
    Question(
        26,
        "agreements-building-on-others",
        "later earlier",
        "agr/italy-japan-joint-statement | agr/italy-japan-strategic-partnership",
    ),
    Question(
        28,
        "persons-in-several-events",
        "name events",
        """
        Adolfo Urso         | 5
        Yasutoshi Nishimura | 4
        """,
        in_order=True,
    ),
    Question(30, "piana-and-the-delegation", "answer", "unknown"),
    Question(
        32,
        "persons-in-no-event",
        "name",
        """
        Gae Aulenti
        Alessio Piana
        Darryl Bautista
        """,
    ),
    Question(
        34,
        "sources-without-agreements",
        "source saidOfRelation",
        """
        source/liguria-japan   |
        source/microtest-tokyo | A cooperation of Italy and Japan in economy, industry and \
                                 technology began with the meeting.
        """,
    ),
    Question(35, "events-in-2024", "event certainty", "event/liguria-mission | possible"),
    Question(
        37,
        "evidence-for-the-signing-date",
        "date source start end basis",
        """
        2023-12-13 | source/mimit-2023-12-13 | 1    | 16   | inferred
        2023-12-13 | source/mimit-2023-12-13 | 1024 | 1038 | inferred
        """,
        in_order=True,
    ),
    Question(40, "implied-exchange-rate", "from to rate", "JPY | USD | 133.08"),
    Question(
        42,
        "external-links",
        "thing link",
        """
        polity/italy            | http://www.wikidata.org/entity/Q38
        polity/italy            | http://publications.europa.eu/resource/authority/country/ITA
        polity/italy            | ISO 3166-1 IT
        polity/italy            | ISO 3166-1 ITA
        polity/italy            | ISO 3166-1 380
        polity/japan            | http://www.wikidata.org/entity/Q17
        polity/japan            | http://publications.europa.eu/resource/authority/country/JPN
        polity/japan            | ISO 3166-1 JP
        polity/japan            | ISO 3166-1 JPN
        polity/japan            | ISO 3166-1 392
        polity/usa              | http://www.wikidata.org/entity/Q30
        polity/usa              | http://publications.europa.eu/resource/authority/country/USA
        polity/usa              | ISO 3166-1 US
        polity/usa              | ISO 3166-1 USA
        polity/usa              | ISO 3166-1 840
        polity/liguria          | ISO 3166-2 IT-42
        place/italy             | https://sws.geonames.org/3175395/
        place/japan             | https://sws.geonames.org/1861060/
        place/usa               | https://sws.geonames.org/6252001/
        place/tokyo             | https://sws.geonames.org/1850147/
        place/nagoya            | https://sws.geonames.org/1856057/
        place/osaka             | https://sws.geonames.org/1853909/
        place/pavia             | https://sws.geonames.org/3171366/
        place/trento            | https://sws.geonames.org/3165243/
        place/genova            | https://sws.geonames.org/3176219/
        place/moscow            | https://sws.geonames.org/524901/
        place/washington        | https://sws.geonames.org/4140963/
        org/cnr                 | https://ror.org/04zaypm56
        org/iit                 | https://ror.org/042t93s57
        org/unige               | https://ror.org/0107c5v14
        org/nagoya-university   | https://ror.org/04chrp450
        amount/rapidus-investment-jpy | JPY
        amount/rapidus-investment-usd | USD
        """,
    ),
]
"""The 28 questions of the list, by its numbers, with the answers that the four texts give."""

BEYOND = [
    Question(
        0,
        "actors-in-several-sources",
        "actor sources",
        """
        polity/japan                     | 4
        org/government-japan             | 3
        person/yasutoshi-nishimura       | 3
        person/adolfo-urso               | 2
        org/government-italy             | 2
        polity/italy                     | 2
        org/sony-semiconductor-solutions | 2
        """,
        in_order=True,
    ),
    Question(
        0,
        "joint-statement-signatories",
        "signatory partyName postName",
        """
        person/adolfo-urso         | Italy | Minister of Enterprise and Made in Italy
        person/yasutoshi-nishimura | Japan | Minister of Economy, Trade and Industry of Japan
        """,
    ),
    Question(
        0,
        "invited-not-known-to-attend",
        "actor",
        """
        org/leonardo
        org/sony-semiconductor-solutions
        org/stmicroelectronics
        org/technoprobe
        """,
    ),
]
"""What other example queries answer."""

NUMBERS = [1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 18]
NUMBERS += [20, 21, 22, 23, 25, 26, 28, 30, 32, 34, 35, 37, 40, 42]


def examples() -> dict[str, tuple[str, dict[tuple[str, str], str]]]:
    """The example queries by name: their text, and what is said of them in which language."""
    found = {}
    for one in facts.load().parsed:
        if one.file.path.startswith("ontology/queries/"):
            said = {
                (triple.predicate.value, getattr(triple.object, "language", None) or ""): getattr(
                    triple.object, "value", ""
                )
                for triple in one.triples
            }
            name = one.file.path.removeprefix("ontology/queries/").removesuffix(".ttl")
            found[name] = (said[terms.SH + "select", ""], said)
    return found


@pytest.fixture
def ask(dataset_client: Client) -> Ask:
    """Puts a query to the published dataset; things in the rows are without their beginning."""

    def ask(query: str) -> list[dict[str, str]]:
        answer = dataset_client.get(f"/sparql?query={quote(query)}", headers={"Accept": "text/csv"})
        assert (answer.status_code, answer.mimetype) == (200, "text/csv"), answer.text
        rows = csv.DictReader(answer.text.splitlines())
        return [
            {name: (cell or "").removeprefix(facts.ID) for name, cell in row.items()}
            for row in rows
        ]

    return ask


def test_the_questions_are_the_28_of_the_list() -> None:
    assert [question.number for question in QUESTIONS] == NUMBERS


@pytest.mark.parametrize("question", [*QUESTIONS, *BEYOND], ids=str)
def test_an_example_query_gives_the_answer_of_the_sources(question: Question, ask: Ask) -> None:
    query, _ = examples()[question.query]
    found = question.of(ask(query))
    assert found == question.rows if question.in_order else sorted(found) == sorted(question.rows)


@pytest.mark.parametrize("name", sorted(examples()))
def test_an_example_query_says_what_it_asks_and_shows_in_two_languages(name: str) -> None:
    _, said = examples()[name]
    for property in (terms.LABEL, terms.DESCRIPTION):
        for language in ("en", "it"):
            assert said.get((property, language)), (property, language)
    assert said[terms.LABEL, "en"].endswith("?")
    assert said[terms.LABEL, "it"].endswith("?")


@pytest.mark.parametrize("name", sorted(examples()))
def test_an_example_query_runs_and_gives_rows(name: str, ask: Ask) -> None:
    assert ask(examples()[name][0]) != []


PREFIXES = "".join(
    f"PREFIX {prefix}: <{iri}>\n"
    for prefix, iri in {
        "": terms.FOEDERA,
        "skos": terms.SKOS,
        "rdfs": terms.RDFS,
        "xsd": terms.XSD,
        **{
            kind: f"{facts.ID}{kind}/"
            for kind in ("agr", "event", "org", "person", "place", "polity", "role", "topic")
        },
        "status": f"{facts.ID}status/",
    }.items()
)

FURTHER = {
    "Which universities are in it?": (
        "SELECT ?n { ?u a :University ; skos:prefLabel ?n }",
        ["Nagoya University", "University of Genoa"],
    ),
    "Who holds or held an office of minister?": (
        "SELECT ?n { ?t :role role:minister ; :holder/skos:prefLabel ?n }",
        ["Adolfo Urso", "Yasutoshi Nishimura"],
    ),
    "Which public bodies are Japan's?": (
        "SELECT ?n { ?o a :PublicBody ; :organOf polity:japan ; skos:prefLabel ?n }",
        [
            "Government of Japan",
            "Japan External Trade Organization",
            "Ministry of Economy, Trade and Industry",
        ],
    ),
    "Which organisations have their seat in Tokyo?": (
        "SELECT ?n { ?o a :Organization ; :seat/:within* place:tokyo ; skos:prefLabel ?n }",
        [
            "Embassy of Italy in Tokyo",
            "Italian Cultural Institute in Tokyo",
            "Ministry of Economy, Trade and Industry",
            "Shibuya Start-up Support",
            "Tokyo Metropolitan Industrial Technology Research Institute",
        ],
    ),
    "Which agreements were concluded in which city?": (
        "SELECT ?n { ?a a :Agreement ; :concludedAt/:place ?p ; skos:prefLabel ?x ."
        ' ?p skos:prefLabel ?y BIND ( STRLANG(CONCAT(?x, " / ", ?y), "en") AS ?n )'
        ' FILTER ( LANG(?x) = "en" && LANG(?y) = "en" ) }',
        [
            "Italy-Japan joint statement of 13 December 2023 / Tokyo",
            "Japan-US agreement on semiconductor production / Washington",
        ],
    ),
    "Which agreements are only expected?": (
        "SELECT ?n { ?a a :Agreement ; :status status:expected ; skos:prefLabel ?n }",
        [
            "Collaboration of Rapidus and IBM",
            "Collaboration of Rapidus and the US National Science and Technology Council",
        ],
    ),
    "Which events dealt with semiconductors, counting narrower topics?": (
        "SELECT DISTINCT ?n { ?e a :Event ; :topic/skos:broader* topic:semiconductors ;"
        " skos:prefLabel ?n }",
        [
            "First 7-nanometre test chips of the semiconductor industry",
            "Japan-US ministerial meeting in Washington",
            "Selection of Microtest by the ministry",
            "Workshop on technology frontiers and semiconductors",
            "Yasutoshi Nishimura's press conference after the Washington meeting",
        ],
    ),
    "At which events were Urso and Nishimura both present?": (
        "SELECT ?n { ?e :hasParticipant person:adolfo-urso , person:yasutoshi-nishimura ;"
        " skos:prefLabel ?n }",
        ["Second day of the Tokyo meeting", "Signing of the Italy-Japan joint statement"],
    ),
    "Whom did a minister meet who acted as the executive of a company?": (
        "SELECT DISTINCT ?n { ?p :inEvent ?e ; :inCapacityOf/:role role:minister ."
        " ?q :inEvent ?e ; :inCapacityOf/:role/skos:broader* role:executive ;"
        " :actor/skos:prefLabel ?n }",
        ["Kaz Hadano", "Terushi Shimizu", "Toshimoto Mitomo"],
    ),
    "Who was surely minister on 1 June 2023?": (
        "SELECT DISTINCT ?n { ?t :role role:minister ; :holder/skos:prefLabel ?n ; :seenOn ?a , ?b"
        ' FILTER ( STR(?a) <= "2023-06-01" && STR(?b) >= "2023-06-01" ) }',
        ["Yasutoshi Nishimura"],
    ),
    "What happened in Japan, certainly in 2023?": (
        "SELECT DISTINCT ?n { ?e a :Event ; :place/:within* place:japan ; skos:prefLabel ?n ;"
        " :earliest ?a ; :latest ?b FILTER ( YEAR(?a) = 2023 && YEAR(?b) = 2023 ) }",
        [
            "Adolfo Urso's meeting with Sony",
            "Italy-Japan bilateral meeting in Tokyo",
            "Opening session of the Tokyo meeting",
            "Round table of Italian and Japanese companies",
            "Second day of the Tokyo meeting",
            "Semicon Japan 2023",
            "Signing of the Italy-Japan joint statement",
            "Urso's presentation of the strategic plan",
            "Workshop on technology frontiers and semiconductors",
        ],
    ),
    "What was under way on 13 December 2023, its first and last day unknown?": (
        "SELECT ?n { ?e a :Event ; :seenOn ?d ; skos:prefLabel ?n"
        ' FILTER ( STR(?d) = "2023-12-13" ) }',
        ["Adolfo Urso's official mission to Japan"],
    ),
    "What came before the meetings in Nagoya?": (
        "SELECT ?n { event:nagoya-meetings :follows+ ?e . ?e skos:prefLabel ?n }",
        ["Visit to Shibuya Start-up Support", "Visit to the Embassy of Italy in Tokyo"],
    ),
    "Who hosted what?": (
        "SELECT DISTINCT ?n { ?i :role role:host ; :actor/skos:prefLabel ?n }",
        [
            "Embassy of Italy in Tokyo",
            "Government of Italy",
            "Government of Japan",
            "Shibuya Start-up Support",
            "Tokyo Metropolitan Industrial Technology Research Institute",
        ],
    ),
    "Which parties of agreements took part in no event?": (
        "SELECT DISTINCT ?n { ?a :party ?p . ?p skos:prefLabel ?n"
        " FILTER NOT EXISTS { ?p :participatesIn ?e } }",
        ["Italy", "Japan", "US National Science and Technology Council", "United States"],
    ),
    "Of which events does a source give no place?": (
        "SELECT ?n { ?e a :Event ; :unplacedReason ?why ; skos:prefLabel ?n"
        " FILTER NOT EXISTS { ?e :place ?p } }",
        [
            "First 7-nanometre test chips of the semiconductor industry",
            "Liguria's preparation for Expo Osaka 2025",
            "Raising of Italy-Japan relations to Strategic Partnership",
            "Selection of Microtest by the ministry",
            "Yasutoshi Nishimura's press conference after the Washington meeting",
        ],
    ),
    "Who is quoted word for word?": (
        'SELECT DISTINCT ?n { ?s :directness "direct" ; :speaker/skos:prefLabel ?n }',
        ["Adolfo Urso", "Alessio Piana", "Yasutoshi Nishimura"],
    ),
    "Which topics has Nishimura's remark in common with the joint statement?": (
        "SELECT DISTINCT ?n { ?s a :Statement ; :speaker person:yasutoshi-nishimura ; :topic ?t ."
        " agr:italy-japan-joint-statement :topic ?t . ?t skos:prefLabel ?n ."
        ' ?s :directness "direct" }',
        ["biotechnology", "semiconductors"],
    ),
    "Which bodies were represented in the Ligurian delegation?": (
        "SELECT ?n { ?o :representedIn/:delegationOf org:regione-liguria ; skos:prefLabel ?n }",
        ["Filse", "Liguria Region", "RAISE"],
    ),
    "Which links do we hold for mere candidates?": (
        "SELECT ?n { ?a a :Assertion ; :assertedSubject ?s ; :assertedPredicate ?p ;"
        " :assertedObject ?o ; rdfs:label ?n FILTER ( ?o != ?s ) FILTER NOT EXISTS { ?s ?p ?o }"
        " FILTER NOT EXISTS { ?a :contradicts ?other } }",
        [
            "Microtest began about 1999",
            "Microtest is the likely publisher of the text microtest-tokyo",
            "The second day may be 13 December 2023",
        ],
    ),
}
"""More questions of the same kinds; their queries are written from the ontology's words alone."""


def asked(query: str) -> str:
    """A further question's query, whole: with its prefixes, for names in English."""
    return PREFIXES + query.removesuffix("}") + 'FILTER ( LANG(?n) = "en" ) }'


@pytest.mark.parametrize("question", FURTHER)
def test_a_question_asked_in_the_words_of_the_ontology_is_answered(question: str, ask: Ask) -> None:
    query, names = FURTHER[question]
    assert sorted(row["n"] for row in ask(asked(query))) == names


def test_everything_of_ours_has_an_english_label() -> None:
    assert (
        facts.load().select(
            "SELECT ?thing { ?thing a ?kind FILTER ( STRSTARTS(STR(?kind), STR(:)) )"
            ' FILTER NOT EXISTS { ?thing rdfs:label ?label FILTER ( LANG(?label) = "en" ) } }'
        )
        == []
    )


def test_every_event_has_a_date_or_says_why_not_and_a_place_or_says_why_not() -> None:
    for value, reason in ((":date", ":undatedReason"), (":place", ":unplacedReason")):
        assert (
            facts.load().select(
                f"SELECT ?event {{ ?event a :Event FILTER ( EXISTS {{ ?event {value} ?value }}"
                f" = EXISTS {{ ?event {reason} ?why }} ) }}"
            )
            == []
        )


def test_whoever_takes_part_in_whatever_way_does_so_in_a_role_with_a_label() -> None:
    assert (
        facts.load().select(
            "SELECT ?i { ?i a :Involvement FILTER NOT EXISTS {"
            ' ?i :role/skos:prefLabel ?name FILTER ( LANG(?name) = "en" ) } }'
        )
        == []
    )
