"""Panels: what a publication wants seen of a thing at one look, by queries among its shapes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from werkzeug.test import Client

import engines
from conftest import Page, Serve
from foedera import check, folder, panels, release
from foedera.settings import Settings
from foedera.stores.embedded import EmbeddedStore
from foedera.stores.load import load
from foedera.stores.remote import RemoteStore
from foedera.web import create_app
from foedera.words import Words

EX = "https://example.org/"
FOEDERA = "https://w3id.org/foedera/"
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
SH = "http://www.w3.org/ns/shacl#"

PREFIXES = """
@prefix : <https://example.org/ns#> .
@prefix edtf: <http://id.loc.gov/datatypes/edtf/> .
@prefix f: <https://w3id.org/foedera/ns#> .
@prefix id: <https://example.org/id/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix shapes: <https://example.org/shapes/> .
@prefix wgs84: <http://www.w3.org/2003/01/geo/wgs84_pos#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

QUERY = "PREFIX : <https://example.org/ns#> SELECT $this "

FLEET = (
    PREFIXES
    + '''
<https://example.org/id/dataset> a <http://rdfs.org/ns/void#Dataset> ;
    <http://rdfs.org/ns/void#uriSpace> "https://example.org/" .

:Ship a owl:Class ; rdfs:label "ship"@en .
:Ferry a owl:Class ; rdfs:subClassOf :Ship ; rdfs:label "ferry"@en .
:Line a owl:Class ; rdfs:label "line"@en .

id:maru a :Ferry ; rdfs:label "Maru"@en ;
    :calledAt [ :port id:genoa ; :on "2023-12-13"^^edtf:EDTF ] ,
        [ :port id:pavia ; :on "[..2023-06]"^^edtf:EDTF ] , [ :port id:tokyo ] ;
    :crew id:anna , id:bruno ; :note "fast"@en , "veloce"@it ; :load 70000000000 .
id:rex a :Ship ; rdfs:label "Rex"@en ; :note "big"@en ; :load 1 ; :after id:maru ;
    :crew id:anna , id:carla , id:bruno .
id:conte a :Ship ; rdfs:label "Conte"@en ; :crew id:carla ; :after id:rex .
id:bare a :Ship ; rdfs:label "Bare"@en .
id:genoa rdfs:label "Genoa"@en , "Genova"@it ; wgs84:lat 44.4 ; wgs84:long 8.9 .
id:tokyo rdfs:label "Tokyo"@en ; wgs84:lat 35.7 ; wgs84:long 139.7 .
id:pavia rdfs:label "Pavia"@en .
id:anna rdfs:label "Anna"@en ; :sails id:maru , id:rex .
id:bruno rdfs:label "Bruno"@en ; :sails id:rex .
id:carla rdfs:label "Carla"@en ; :sails id:rex , id:conte .

shapes:ours sh:declare [ sh:prefix "" ; sh:namespace "https://example.org/ns#"^^xsd:anyURI ] ,
    [ sh:prefix "wgs84" ; sh:namespace "http://www.w3.org/2003/01/geo/wgs84_pos#"^^xsd:anyURI ] .
shapes:column a f:PanelColumn ; f:variable "port" ; sh:name "Port"@en , "Porto"@it .
shapes:calls a f:Panel ; f:panelFor :Ship ; f:panelKind "timeline" ; sh:order 2 ;
    sh:name "Calls"@en , "Scali"@it ; sh:prefixes shapes:ours ; sh:select """
        SELECT $this ?details ?port ?date {
            $this :calledAt ?details . ?details :port ?port OPTIONAL { ?details :on ?date }
        }""" .
shapes:crew a f:Panel ; f:panelFor :Ship ; f:panelKind "network" ; sh:order 1 ;
    sh:name "Crew"@en ; sh:prefixes shapes:ours ; sh:select """
        SELECT $this ?sailor ?shipOfTheirs {
            $this :crew ?sailor . ?sailor :sails ?shipOfTheirs
        }""" .
shapes:map a f:Panel ; f:panelFor :Ship ; f:panelKind "map" ; sh:order 3 ;
    sh:name "Ports"@en ; sh:prefixes shapes:ours ; sh:select """
        SELECT $this ?port ?lat ?long {
            $this :calledAt ?call . ?call :port ?port
            OPTIONAL { ?port wgs84:lat ?lat ; wgs84:long ?long }
        }""" .
shapes:chain a f:Panel ; f:panelFor :Ship ; f:panelKind "chain" ; sh:order 4 ;
    sh:name "Succession"@en ; sh:prefixes shapes:ours ; sh:select """
        SELECT $this ?ship ?before {
            { $this :after ?before BIND ($this AS ?ship) }
            UNION { $this :after+ ?ship . ?ship :after ?before }
            UNION { ?ship :after+ $this ; :after ?before }
        }""" .
shapes:notes a f:Panel ; f:panelFor :Ferry ; f:panelKind "table" ;
    sh:name "Notes"@en ; sh:prefixes shapes:ours ;
    sh:select "SELECT $this ?note ?load { $this :note ?note ; :load ?load }" .
shapes:broken a f:Panel ; f:panelFor :Ship ; f:panelKind "table" ; sh:name "Broken"@en ;
    sh:select "SELECT $this ?x { $this :nothing" .
shapes:whole a f:Panel ; f:panelKind "timeline" ; sh:name "Of everything"@en ;
    sh:select "SELECT ?thing ?date { ?thing <https://example.org/ns#on> ?date }" .
'''
)
"""Ships: a publication of others. One of its panels cannot be read, and one is of the dataset."""

Read = Callable[..., str]


@pytest.fixture(scope="module")
def fleet(serve: Serve, plain_settings: Settings) -> Client:
    return Client(create_app(plain_settings, serve(FLEET)))


@pytest.fixture
def ship(fleet: Client) -> Read:
    """The page of a ship."""

    def ship(name: str, language: str = "en") -> str:
        answer = fleet.get(f"/doc/{name}.html?lang={language}")
        assert answer.status_code == 200
        return answer.text

    return ship


def sections(page: str) -> dict[str, str]:
    """The panels of a page, by their headings."""
    found = re.findall(r'<section class="panel.*?</section>', page, re.DOTALL)
    return {re.search(r"<h2[^>]*>(.*?)</h2>", one)[1]: one for one in found}  # type: ignore[index]


def text(html: str) -> str:
    """What a reader sees of a piece of a page."""
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]*>", " ", html)).strip()


def rows(section: str) -> list[list[str]]:
    """The rows of a panel's table, headings included."""
    return [
        [text(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", section, re.DOTALL)
    ]


# How a publication says it


def test_panels_stand_in_their_order_on_the_pages_of_their_class_and_of_narrower_ones(
    ship: Read,
) -> None:
    assert [*sections(ship("maru"))] == ["Crew", "Calls", "Ports", "Succession", "Notes"]
    assert [*sections(ship("rex"))] == ["Crew", "Succession"]


def test_a_panel_with_nothing_to_show_is_left_out(ship: Read) -> None:
    assert sections(ship("bare")) == {}
    assert sections(ship("genoa")) == {}


def test_headings_and_names_are_in_the_readers_language(ship: Read) -> None:
    found = sections(ship("maru", "it"))
    assert [*found][1] == "Scali"
    assert rows(found["Scali"])[0] == ["Porto", "Quando"]
    assert "Genova" in found["Scali"]
    assert '<span lang="en">Crew</span>' in found


def test_a_column_without_a_heading_goes_by_its_variable(ship: Read) -> None:
    assert rows(sections(ship("maru"))["Crew"])[0] == [
        *("sailor", "In common", "ship of theirs"),
    ]


def test_solutions_for_one_thing_are_one_row_and_with_whom_most_is_shared_comes_first(
    ship: Read,
) -> None:
    assert rows(sections(ship("rex"))["Crew"])[1:] == [
        ["Anna", "2", "Maru , Rex"],
        ["Carla", "2", "Conte , Rex"],
        ["Bruno", "1", "Rex"],
    ]


def test_of_a_text_in_several_languages_the_readers_is_shown(ship: Read) -> None:
    assert rows(sections(ship("maru"))["Notes"])[1] == ["fast", "70,000,000,000"]
    italian = sections(ship("maru", "it"))['<span lang="en">Notes</span>']
    assert "veloce" in italian
    assert '<span title="70000000000">70.000.000.000</span>' in italian


def test_times_stand_in_order_and_what_has_none_last(ship: Read) -> None:
    assert rows(sections(ship("maru"))["Calls"])[1:] == [
        ["Pavia", "June 2023 or earlier"],
        ["Genoa", "13 December 2023"],
        ["Tokyo", "no date"],
    ]


def test_what_is_open_is_dashed_and_what_is_sure_is_solid_and_the_legend_says_so(
    ship: Read,
) -> None:
    calls = sections(ship("maru"))["Calls"]
    open_, day = re.findall(r'class="(?:open|day)[^"]*">(.*?)<text', calls, re.DOTALL)
    assert "<line" in open_
    assert "<rect" not in open_
    assert "<line" not in day
    assert "the dashes are possible, not certain" in calls
    assert "known to the day" in calls


def test_a_map_shows_what_has_coordinates_and_the_table_beside_it_the_rest(ship: Read) -> None:
    ports = sections(ship("maru"))["Ports"]
    spots = re.findall(r'<circle cx="([\d.]+)" cy="([-\d.]+)"', ports)
    assert sorted(spots) == [("139.7", "-35.7"), ("8.9", "-44.4")]
    assert [row[0] for row in rows(ports)[1:]] == ["Genoa", "Pavia", "Tokyo"]


def test_a_chain_has_what_comes_before_and_after_in_order_and_marks_this_one(ship: Read) -> None:
    chain = sections(ship("rex"))["Succession"]
    steps = re.findall(r"<li( aria-current=\"true\")?>(.*?)</li>", chain, re.DOTALL)
    assert [text(step) for _, step in steps] == ["Maru", "Rex this one", "Conte"]
    assert [bool(here) for here, _ in steps] == [False, True, False]


def test_a_network_shows_those_around_the_thing_and_as_text_how_much_they_share(
    ship: Read,
) -> None:
    crew = sections(ship("rex"))["Crew"]
    assert crew.count("<line") == 3
    assert all(f">{name}</text>" in crew for name in ("Anna", "Bruno", "Carla", "Rex"))


def test_a_panel_that_cannot_be_read_never_breaks_the_page(ship: Read) -> None:
    assert "Broken" not in ship("maru")


def test_a_panel_of_the_whole_dataset_stands_on_no_page_of_a_thing(ship: Read) -> None:
    assert "Of everything" not in ship("maru")


def test_pages_with_panels_are_whole_for_strict_readers(ship: Read) -> None:
    for name in ("maru", "rex", "conte"):
        page = Page(ship(name))
        assert [one for one in page.all("th") if "scope" not in one] == []
        assert [one for one in page.all("section") if "style" in one] == []


def test_pictures_are_for_the_eye_alone_and_no_stop_for_the_keyboard(ship: Read) -> None:
    for picture in re.findall(r"<svg.*?</svg>", ship("maru"), re.DOTALL):
        assert 'aria-hidden="true"' in picture
        assert picture.count("<a href") == picture.count('tabindex="-1"')


# What is not shown


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (panels.MOST, ""),
        (panels.MOST + 1, "1 more is not shown here; all that is known follows below."),
        (panels.MOST + 9, "9 more are not shown here; all that is known follows below."),
        (700, "There are more; all that is known follows below."),
    ],
)
def test_no_panel_is_longer_than_its_bound_and_what_is_cut_is_said(
    serve: Serve, plain_settings: Settings, count: int, said: str
) -> None:
    turtle = (
        PREFIXES
        + f"""
        id:line a :Line ; :ship {" , ".join(f"id:s{n}" for n in range(count))} .
        shapes:ships a f:Panel ; f:panelFor :Line ; f:panelKind "table" ; sh:name "Ships"@en ;
            sh:select "{QUERY} ?ship {{ $this :ship ?ship }}" .
    """
    )
    client = Client(create_app(plain_settings, serve(turtle)))
    page = client.get(
        f"/about?iri={quote(EX + 'id/line', safe='')}", headers={"Accept": "text/html"}
    )
    panel = sections(page.text)["Ships"]
    assert len(rows(panel)) == 1 + panels.MOST
    assert text("".join(re.findall(r'<p class="aside">.*?</p>', panel))) == said


def test_further_pages_of_a_thing_have_no_panels(dataset_client: Client) -> None:
    hidden = quote("http://www.w3.org/2004/02/skos/core#hiddenLabel", safe="")
    page = dataset_client.get(f"/doc/person/adolfo-urso.html?property={hidden}")
    assert page.status_code == 200
    assert sections(page.text) == {}


# What is wrong with a panel, told before it is published


@pytest.mark.parametrize(
    ("panel", "said", "line"),
    [
        (
            'f:panelKind "table" ;\n sh:select "SELECT $this ?x { $this ?p" .',
            "its query does not parse",
            3,
        ),
        (
            'f:panelKind "table" ;\n sh:select "SELECT ?x { ?x ?y ?z }" .',
            "its query does not select $this",
            3,
        ),
        (
            'f:panelKind "table" ;\n sh:select "ASK { $this ?y ?z }" .',
            "its query is no SELECT query",
            3,
        ),
        (
            'f:panelKind "table" ;\n sh:select "SELECT $this ?date { $this ?y ?date }" .',
            "selects nothing that could name a row",
            3,
        ),
        (
            'f:panelKind "pie" ;\n sh:select "SELECT $this ?x { $this ?y ?x }" .',
            "a panel of a class is one of table, people, timeline, chain, network, map",
            2,
        ),
        ('sh:select "SELECT $this ?x { $this ?y ?x }" .', "say which by :panelKind", 2),
        (
            'f:panelKind "table" ;\n sh:select "SELECT $this ?x { $this n:o ?x }" .',
            "its query does not parse",
            3,
        ),
    ],
)
def test_a_panel_that_could_not_be_shown_is_found_with_its_line(
    books: Path, panel: str, said: str, line: int
) -> None:
    head = PREFIXES.strip()
    (books / "shapes" / "panels.ttl").write_text(
        f"{head}\nshapes:p a f:Panel ; f:panelFor :Book ;\n {panel}\n", encoding="utf-8"
    )
    found = check.check(folder.read(books))[0].findings
    assert [(one.severity, one.file) for one in found] == [("violation", "shapes/panels.ttl")]
    assert said in found[0].message()
    assert found[0].line == len(head.splitlines()) + line
    assert found[0].rule == f"{EX}shapes/p"


def test_a_panel_that_can_be_shown_is_no_finding(books: Path) -> None:
    select = "SELECT $this ?x { $this ?y ?x }"
    (books / "shapes" / "panels.ttl").write_text(
        f"{PREFIXES} shapes:p a f:Panel ; f:panelFor :Book ; f:panelKind 'table' ;"
        f" sh:select '{select}' .",
        encoding="utf-8",
    )
    assert check.check(folder.read(books))[0].findings == ()


# Our own panels


@pytest.fixture(scope="module")
def store(dataset: release.Release) -> EmbeddedStore:
    return EmbeddedStore.load(dataset.path)


@pytest.fixture
def ours(dataset_client: Client) -> Read:
    """The panels of one of our things, by their headings."""

    def ours(name: str, language: str = "en") -> Any:
        answer = dataset_client.get(f"/doc/{name}.html?lang={language}")
        assert answer.status_code == 200
        return sections(answer.text)

    return ours


def shown(store: EmbeddedStore, panel: panels.Panel) -> int:
    """On how many pages a panel has something to show."""
    things = {quad.subject for one in panel.classes for quad in store.about(None, TYPE, one)}
    asked = (store.query(panel.query, values={"this": thing}) for thing in things)
    return sum(any(True for _ in answer) for answer in asked)  # type: ignore[union-attr]


def test_every_panel_of_ours_is_shown_somewhere_and_there_is_one_of_every_kind(
    store: EmbeddedStore,
) -> None:
    found = panels.declared(store.about)
    assert [str(one.node) for one in found if panels.fault(one) or not shown(store, one)] == []
    assert {one.kind for one in found} == set(panels.KINDS)


def test_everything_that_our_panels_write_is_in_three_languages(store: EmbeddedStore) -> None:
    def languages(node: Any, predicate: str) -> set[str]:
        texts = store.about(node, ox.NamedNode(predicate))
        return {str(quad.object.language) for quad in texts}  # type: ignore[union-attr]

    ours = {quad.subject for quad in store.about() if "Panel" in getattr(quad.object, "value", "")}
    nodes = {
        quad.subject
        for kind in ("Panel", "PanelColumn")
        for quad in store.about(None, TYPE, ox.NamedNode(f"{FOEDERA}ns#{kind}"))
    }
    assert nodes <= ours
    groups = {
        quad.subject
        for quad in store.about(None, TYPE, ox.NamedNode(f"{SH}PropertyGroup"))
        if "/rows-" in str(quad.subject)
    }
    label = "http://www.w3.org/2000/01/rdf-schema#label"
    assert {one for one in nodes if languages(one, f"{SH}name") != {"en", "it", "ja"}} == set()
    assert {one for one in groups if languages(one, label) != {"en", "it", "ja"}} == set()
    queries = " ".join(panel.query for panel in panels.declared(store.about))
    assert {
        one for one in groups if f"shape:{one.value.rpartition('/')[2]}" not in queries
    } == set()


def test_every_column_of_our_panels_has_a_heading(store: EmbeddedStore) -> None:
    named = {
        str(quad.object.value)  # type: ignore[union-attr]
        for quad in store.about(None, ox.NamedNode(f"{FOEDERA}ns#variable"))
    }
    columns = set()
    for panel in panels.declared(store.about):
        answer: Any = ox.Store().query(panel.query)
        columns |= {one.value for one in answer.variables}
    apart = {"this", "group", "details", "evidence", "date", "begins", "ends", "seen", "before"}
    apart |= {"confidence", "status", "wkt", "lat", "long"}
    assert columns - apart == named


@pytest.mark.parametrize(
    ("name", "heading", "expected"),
    [
        (
            "person/adolfo-urso",
            "Offices, events and words over time",
            [
                *("post/mimit-minister", "org/mimit", "event/signing-2023-12-13", "polity/italy"),
                *("event/urso-sony-meeting", "event/second-day", "stmt/urso-chips-it"),
            ],
        ),
        (
            "person/adolfo-urso",
            "Others in the same events",
            [
                *("person/yasutoshi-nishimura", "person/kaz-hadano", "person/terushi-shimizu"),
                "person/toshimoto-mitomo",
            ],
        ),
        (
            "agr/italy-japan-joint-statement",
            "Between whom, signed by whom, carried out by whom",
            [
                *("polity/italy", "polity/japan", "person/adolfo-urso", "post/mimit-minister"),
                *("person/yasutoshi-nishimura", "post/meti-minister"),
            ],
        ),
        (
            "agr/italy-japan-joint-statement",
            "What it continues, and what continues it",
            ["agr/italy-japan-strategic-partnership"],
        ),
        (
            "agr/italy-japan-joint-statement",
            "Where and when",
            ["event/signing-2023-12-13", "place/tokyo"],
        ),
        (
            "agr/rapidus-investment",
            "Money",
            ["amount/rapidus-investment-jpy", "amount/rapidus-investment-usd", "org/sputnik"],
        ),
        (
            "event/liguria-mission",
            "Who, for whom and in which role",
            ["grp/liguria-delegation", "org/iccj", "role/co-organiser"],
        ),
        ("event/liguria-mission", "Where", ["place/tokyo", "place/nagoya", "place/japan"]),
        (
            "place/tokyo",
            "What took place here",
            ["event/signing-2023-12-13", "event/opening-session", "event/visit-tiri"],
        ),
        ("place/tokyo", "Who is at home here", ["org/meti", "org/iic-tokyo"]),
        ("org/meti", "People", ["person/yasutoshi-nishimura", "post/meti-minister"]),
        ("org/meti", "Part and whole", ["polity/japan", "site/meti", "place/tokyo"]),
        (
            "topic/semiconductors",
            "What is about it",
            [
                *("agr/italy-japan-joint-statement", "agr/rapidus-investment"),
                *("event/workshop-semiconductors", "stmt/nishimura-rapidus", "org/microtest"),
            ],
        ),
        ("polity/italy", "Agreements and commitments", ["agr/italy-japan-joint-statement"]),
        ("post/meti-minister", "Who held it", ["person/yasutoshi-nishimura"]),
    ],
)
def test_what_the_sources_say_stands_in_the_panels(
    ours: Any, name: str, heading: str, expected: list[str]
) -> None:
    panel = ours(name)[heading]
    missing = [one for one in expected if not re.search(rf'href="[^"]*/{one}[?"]', panel)]
    assert missing == []


def test_who_was_invited_is_not_among_those_who_took_part(ours: Any) -> None:
    panel = ours("event/tokyo-bilateral-2023")["Who, for whom and in which role"]
    took_part, invited = panel.split("<tbody>")[1:]
    came = {"Giuseppe Amelio", "Moreno Lupi", "Microtest"}
    asked = {"Leonardo", "STMicroelectronics", "Technoprobe", "Sony Semiconductor Solutions"}
    assert {row[0] for row in rows(took_part)[1:]} == came
    assert {row[0] for row in rows(invited)[1:]} == asked
    assert "whether they came is not said" in text(invited)


def test_who_only_planned_to_come_is_no_company_and_is_marked_as_planned(ours: Any) -> None:
    found = ours("org/regione-liguria")
    assert "expo-osaka-2025" not in found.get("Others in the same events", "")
    (planned,) = [row for row in rows(found["Events over time"]) if row[0].startswith("Expo")]
    assert planned[0] == "Expo Osaka 2025 planned"


def test_an_office_is_certain_when_it_was_seen_and_possible_before_and_after(ours: Any) -> None:
    panel = ours("person/adolfo-urso")["Offices, events and words over time"]
    office = next(row for row in rows(panel) if row[0].startswith("Minister"))
    assert office[0].endswith("confidence: high")
    assert office[1] == (
        "certain 13 December 2023 possible begun: 13 December 2023 or earlier , "
        "ended: 13 December 2023 or later"
    )


def test_the_parts_of_a_mission_stand_in_the_order_in_which_they_came(ours: Any) -> None:
    chain = ours("event/liguria-mission")["Its parts in order"]
    steps = re.findall(r"<li>(.*?)</li>", chain, re.DOTALL)
    assert [re.findall(r'href="/doc/event/([^"?]*)', step) for step in steps] == [
        ["visit-shibuya", "visit-embassy"],
        ["nagoya-meetings"],
        ["tokyo-closing", "talks-jfc", "talks-airc"],
        ["visit-tiri"],
    ]


def test_a_page_says_at_once_when_and_where_it_was(dataset_client: Client) -> None:
    for language, said in (
        ("en", "13 December 2023 · Tokyo"),
        ("it", "13 dicembre 2023 · Tokyo"),
        ("ja", "2023年12月13日 · 東京"),
    ):
        page = dataset_client.get(f"/doc/event/signing-2023-12-13.html?lang={language}").text
        (brief,) = re.findall('<p class="brief">(.*?)</p>', page)
        assert text(brief) == said
        assert '<time title="2023-12-13" datetime="2023-12-13">' in brief


def test_the_page_of_the_dataset_has_what_readers_ask_first_and_folds_what_programs_ask(
    dataset_client: Client,
) -> None:
    page = dataset_client.get("/doc/dataset/foedera.html?lang=it").text
    names = [text(one) for one in re.findall(r"<div><dt>(.*?)</dt>", page)]
    order = ["licenza", "editore", "fonti 4", "tutto in un file 2", "endpoint SPARQL"]
    order.append("prefissi 39")
    assert [name for name in names if name in order] == order
    folded = re.search(r"<summary>Per i programmi</summary>(.*?)</details>", page, re.DOTALL)
    assert folded
    assert "prefissi" in folded[1]
    assert "declare" not in text(page)
    assert ">inglese</span>" in page


def test_every_name_of_a_value_is_in_three_languages(store: EmbeddedStore) -> None:
    kind = ox.NamedNode(f"{FOEDERA}ns#NamedValue")
    nodes = [quad.subject for quad in store.about(None, TYPE, kind)]
    assert nodes
    for node in nodes:
        names = [quad.object for quad in store.about(node, ox.NamedNode(f"{SH}name"))]
        assert {getattr(name, "language", "") for name in names} == {"en", "it", "ja"}


def test_original_and_converted_amounts_stand_apart(ours: Any) -> None:
    panel = ours("agr/rapidus-investment")["Money"]
    assert [row[:2] for row in rows(panel)[1:]] == [
        ["As it was named"],
        ["70,000,000,000", "JPY"],
        ["Converted; not to be added"],
        ["526,000,000", "USD"],
    ]


def test_signatories_have_a_way_to_their_evidence(ours: Any) -> None:
    panel = ours("agr/italy-japan-joint-statement")[
        "Between whom, signed by whom, carried out by whom"
    ]
    assert re.search(r"/doc/involvement/signing-2023-12-13-adolfo-urso[^>]*>2</a>", panel)


def test_a_release_in_an_engine_elsewhere_has_the_same_panels(
    dataset: release.Release, store: EmbeddedStore, tmp_path: Path
) -> None:
    """Each costs one query there, and one the names of all that they show."""
    with engines.started("oxigraph", tmp_path) as endpoint:
        load(endpoint, dataset.path, [], lambda _: None)
        there = RemoteStore.open(dataset.path, endpoint)
        for name in ("person/adolfo-urso", "event/liguria-mission", "topic/semiconductors"):
            thing = ox.NamedNode(f"{FOEDERA}id/{name}")
            types = [quad.object for quad in store.about(thing, TYPE)]
            here = panels.of(store, Words(store, ["it"]), thing, types)
            assert panels.of(there, Words(there, ["it"]), thing, types) == here
