"""Pages of the whole dataset: timeline, map, network, connections, disagreements."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from werkzeug.test import Client

from chromium import Tab
from conftest import Page, Serve
from foedera.dates import Days, days
from foedera.explore.force import layout
from foedera.service import PAGES, Site
from foedera.settings import Settings
from foedera.views import pictures
from foedera.views.pictures import Moment
from foedera.web import create_app

FOEDERA = "https://w3id.org/foedera/id/"
EX = "https://example.org/id/"

HEAD = """
@prefix : <https://example.org/ns#> .
@prefix f: <https://w3id.org/foedera/ns#> .
@prefix ex: <https://example.org/id/> .
@prefix edtf: <http://id.loc.gov/datatypes/edtf/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <http://schema.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix void: <http://rdfs.org/ns/void#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:data a void:Dataset ; void:uriSpace "https://example.org/" .
"""

CLUB = (
    HEAD
    + """
:Meeting a owl:Class ; rdfs:label "meeting"@en .
:Member a owl:Class ; rdfs:label "member"@en .

ex:panel-timeline a f:Panel ; f:panelKind "timeline" ; sh:select '''
PREFIX : <https://example.org/ns#>
SELECT ?thing ?kind ?date ?seen ?begins ?ends ?reason ?place ?actor {
  VALUES ?kind { :Meeting :Office } ?thing a ?kind
  { ?thing :on ?date } UNION { ?thing :seen ?seen } UNION { ?thing :begins ?begins }
  UNION { ?thing :ends ?ends } UNION { ?thing :undated ?reason }
  UNION { ?thing :at ?place } UNION { ?thing :with ?actor } }''' .
ex:panel-network a f:Panel ; f:panelKind "network" ; sh:select '''
PREFIX : <https://example.org/ns#> SELECT ?actor ?shared { ?shared :with ?actor }''' .
ex:panel-map a f:Panel ; f:panelKind "map" ; sh:select '''
PREFIX : <https://example.org/ns#> PREFIX geo: <http://www.opengis.net/ont/geosparql#>
SELECT ?place ?wkt ?within ?thing ?reason { { ?place geo:asWKT ?wkt } UNION
  { ?place :inside ?within } UNION { ?thing :at ?place } UNION { ?thing :nowhere ?reason } }''' .
ex:panel-connections a f:Panel ; f:panelKind "connections" ; sh:select '''
PREFIX : <https://example.org/ns#>
SELECT ?property ?wider ?link ?avoid { { VALUES ?property { :with :holds :office :knows :at } }
  UNION { VALUES ?wider { :about } } UNION { VALUES ?link { :Office } }
  UNION { VALUES ?avoid { :Hall } } }''' .
ex:panel-disagreements a f:Panel ; f:panelKind "disagreements" ; sh:select '''
PREFIX : <https://example.org/ns#>
SELECT ?one ?other ?says ?rank { ?one :against ?other OPTIONAL { ?one :says ?says }
  OPTIONAL { ?one :rank ?rank } }''' .
ex:panel-of-a-class a f:Panel ; f:panelKind "timeline" ; f:panelFor :Meeting ;
  sh:select "SELECT ?nothing { ?nothing <urn:none> 1 }" .

ex:first a :Meeting ; rdfs:label "First <b>meeting</b>" ; :on "2023-01-06"^^edtf:EDTF ;
  :with ex:ann , ex:bob ; :at ex:hall .
ex:second a :Meeting ; rdfs:label "Second meeting" ; :on "2023-12"^^edtf:EDTF ;
  :with ex:ann , ex:bob , ex:cid ; :at ex:hall .
ex:third a :Meeting ; rdfs:label "Third meeting" ; :on "[..2025]"^^edtf:EDTF ; :with ex:dan .
ex:fourth a :Meeting ; rdfs:label "Fourth meeting" ; :on "2023-06-01?"^^edtf:EDTF ;
  :nowhere "Nobody wrote it down."@en .
ex:fifth a :Meeting ; rdfs:label "Fifth meeting" ; :undated "The page is torn."@en .
ex:office a :Office ; rdfs:label "Chair of the club" ; :seen "2023-12-13"^^edtf:EDTF ;
  :begins "[..2023-12-13]"^^edtf:EDTF ; :ends "[2023-12-13..]"^^edtf:EDTF ;
  :holds ex:ann ; :office ex:club .
ex:hall a :Hall ; rdfs:label "Hall" ; :inside ex:town ;
  <http://www.opengis.net/ont/geosparql#asWKT>
    "POINT(12.5 41.9)"^^<http://www.opengis.net/ont/geosparql#wktLiteral> .
ex:town a :Town ; rdfs:label "Town" .
ex:ann a :Member ; rdfs:label "Ann" .
ex:bob a :Member ; rdfs:label "Bob" .
ex:cid a :Member ; rdfs:label "Cid" ; :knows [ :knows ex:dan ] .
ex:dan a :Member ; rdfs:label "Dan" .
ex:eve a :Member ; rdfs:label "Eve" ; :about ex:dan .
ex:fay a :Member ; rdfs:label "Fay" .
ex:twin-one a :Member ; rdfs:label "Twin" .
ex:twin-two a :Member ; rdfs:label "Twin" .
ex:club a :Club ; rdfs:label "The club" .
ex:claim-one rdfs:label "It rained" ; :says "rain" ; :rank "deprecated" ; :against ex:claim-two .
ex:claim-two rdfs:label "It was dry" ; :rank "preferred" ; :against ex:claim-three .
ex:claim-three rdfs:label "It snowed" ; :rank "normal" .
"""
)

Ask = Callable[..., Any]


def asking(site: Site) -> Ask:
    """Asks a worker of a site, in English."""

    def ask(operation: str, **arguments: Any) -> Any:
        call = {"languages": ["en"], **arguments}
        return json.loads(site.live.pool.call(PAGES, operation, call).body())

    return ask


@pytest.fixture(scope="module")
def club_site(serve: Serve) -> Site:
    """A small publication with panels of its own."""
    return serve(CLUB)


@pytest.fixture(scope="module")
def club(club_site: Site) -> Ask:
    return asking(club_site)


@pytest.fixture(scope="module")
def club_client(club_site: Site, plain_settings: Settings) -> Client:
    return Client(create_app(plain_settings, club_site))


@pytest.fixture(scope="module")
def ours(dataset_site: Site) -> Ask:
    """The dataset of this repository."""
    return asking(dataset_site)


def timeline(ask: Ask, **changes: Any) -> Any:
    asked = {"kinds": [], "during": "", "certain": False, "skip": 0, "most": 1000}
    return ask("timeline", **{**asked, **changes})


def connected(ask: Ask, start: str, goal: str, wide: bool = False) -> Any:
    return ask("connected", start=start, goal=goal, wide=wide)


def stops(found: Any) -> list[list[str]]:
    """The paths of an answer as the last pieces of the IRIs on them."""
    return [
        [path[0]["start"]["iri"], *(step["goal"]["iri"] for step in path)]
        for path in found["paths"]
    ]


def names(things: Any) -> list[str]:
    return [one["label"]["text"] for one in things]


def get(client: Client, path: str, status: int = 200, **parameters: str) -> Page:
    answer = client.get(
        f"{path}?{urlencode(parameters)}" if parameters else path, headers={"Accept": "text/html"}
    )
    assert answer.status_code == status, answer.text
    return Page(answer.text)


# What days a date means


@pytest.mark.parametrize(
    ("text", "first", "last", "doubtful"),
    [
        ("2023-12-13", "2023-12-13", "2023-12-13", False),
        ("2023-12-13T17:30:00Z", "2023-12-13", "2023-12-13", False),
        ("2023-02", "2023-02-01", "2023-02-28", False),
        ("2024", "2024-01-01", "2024-12-31", False),
        ("2023-12~", "2023-12-01", "2023-12-31", True),
        ("[..2023-12-13]", None, "2023-12-13", False),
        ("[2023-01..]", "2023-01-01", None, False),
        ("[2024-01..2024-11]", "2024-01-01", "2024-11-30", False),
        ("2023/2024-02", "2023-01-01", "2024-02-29", False),
        ("2023/..", "2023-01-01", None, False),
        ("2023/", "2023-01-01", None, False),
        ("../2023", None, "2023-12-31", False),
        ("/2023", None, "2023-12-31", False),
    ],
)
def test_a_date_is_bounded_by_days(
    text: str, first: str | None, last: str | None, doubtful: bool
) -> None:
    def day(text: str | None) -> int | None:
        return (days(text) or Days(None, None)).first if text else None

    assert Days(day(first), day(last), doubtful) == days(text)


@pytest.mark.parametrize("text", ["", "soon", "2023-13", "2023-02-30", "12345"])
def test_what_is_no_date_has_no_days(text: str) -> None:
    assert days(text) is None


# The timeline


def test_what_has_a_time_stands_in_order_and_what_has_none_comes_last(club: Ask) -> None:
    entries = timeline(club)["entries"]
    assert [
        (one["iri"].removeprefix(EX), one["state"], one["year"], one["month"]) for one in entries
    ] == [
        ("first", "day", 2023, 1),
        ("fourth", "doubtful", 2023, 6),
        ("second", "period", 2023, 12),
        ("office", "lasting", 2023, 12),
        ("third", "open", 2025, 0),
        ("fifth", "undated", 0, 0),
    ]


def test_an_entry_says_who_where_and_why_it_has_no_date(club: Ask) -> None:
    entries = {one["iri"]: one for one in timeline(club)["entries"]}
    assert names(entries[f"{EX}second"]["actors"]) == ["Ann", "Bob", "Cid"]
    assert names(entries[f"{EX}second"]["places"]) == ["Hall"]
    assert [one["text"] for one in entries[f"{EX}fifth"]["reasons"]] == ["The page is torn."]


def test_a_timeline_of_some_classes_holds_only_those(club: Ask) -> None:
    found = timeline(club, kinds=["https://example.org/ns#Office"])
    assert names(found["entries"]) == ["Chair of the club"]
    assert sorted((one["chosen"] for one in found["kinds"]), reverse=True) == [True, False]


@pytest.mark.parametrize(
    ("during", "certain", "possible"),
    [
        ("2023", ["First <b>meeting</b>", "Second meeting", "Chair of the club"], 5),
        ("2023-01-06", ["First <b>meeting</b>"], 3),
        ("2023-12-13", ["Chair of the club"], 3),
        ("2030", [], 1),
    ],
)
def test_what_surely_lies_in_a_time_is_told_from_what_may(
    club: Ask, during: str, certain: list[str], possible: int
) -> None:
    """In a year: the meeting that is doubtful and the one before the end of 2025 only perhaps."""
    found = timeline(club, during=during)
    assert certain == [one["label"]["text"] for one in found["entries"] if one["certain"]]
    assert (possible, len(certain)) == (found["count"], found["certain"])
    assert certain == names(timeline(club, during=during, certain=True)["entries"])


def test_the_pages_of_a_timeline_add_up_to_all_of_it(ours: Ask) -> None:
    whole = [one["iri"] for one in timeline(ours)["entries"]]
    pages = [
        [one["iri"] for one in timeline(ours, skip=skip, most=7)["entries"]]
        for skip in range(0, len(whole), 7)
    ]
    assert whole == list(itertools.chain.from_iterable(pages))
    assert len(whole) == len(set(whole)) == timeline(ours)["count"]


def test_our_timeline_has_all_events_in_the_order_of_the_texts(ours: Ask) -> None:
    entries = timeline(ours, kinds=["https://w3id.org/foedera/ns#Event"])["entries"]
    assert len(entries) == 25
    order = [one["iri"].removeprefix(f"{FOEDERA}event/") for one in entries]
    told = ["elevation-2023-01", "washington-ministerial", "signing-2023-12-13", "expo-osaka-2025"]
    assert told == [one for one in order if one in told]
    mission = next(one for one in entries if one["iri"].endswith("urso-mission-japan"))
    assert (mission["state"], mission["seen"][0]["text"]) == ("lasting", "2023-12-13")


def test_a_page_of_the_timeline_names_years_and_months(dataset_client: Client) -> None:
    page = get(dataset_client, "/timeline", lang="ja")
    assert "2023年12月" in page.text("h3")
    assert page.all("html")[0]["lang"] == "ja"


def test_links_of_the_picture_lead_to_the_entries_below_it(dataset_client: Client) -> None:
    page = get(dataset_client, "/timeline")
    marks = [one["href"][1:] for one in page.all("a") if one["href"].startswith("#entry-")]
    entries = {one["id"] for one in page.all("li") if "id" in one}
    assert len(marks) > 30
    assert set(marks) <= entries


def test_the_filter_keeps_what_was_asked(club_client: Client) -> None:
    page = get(club_client, "/timeline", during="2023", certain="1", lang="it")
    fields = {one.get("name"): one for one in page.all("input")}
    assert fields["during"]["value"] == "2023"
    assert "checked" in fields["certain"]
    assert fields["lang"] == {"type": "hidden", "name": "lang", "value": "it"}


@pytest.mark.parametrize(
    "query", ["during=soon", "during=2023-1", "kind=no+iri", "page=0", "certain=2", "colour=red"]
)
def test_a_timeline_refuses_what_it_does_not_know(club_client: Client, query: str) -> None:
    answer = club_client.get(f"/timeline?{query}", headers={"Accept": "text/html"})
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/timeline", "/network", "/disagreements"])
def test_there_is_no_page_past_the_last(club_client: Client, path: str) -> None:
    assert club_client.get(f"{path}?page=2").status_code == 404


# The map


def test_places_stand_below_the_nearest_that_they_lie_in(ours: Ask) -> None:
    places = [(one["label"]["text"], one["depth"]) for one in ours("places")["places"]]
    at = places.index(("Tokyo", 1))
    assert places[at + 1 : at + 4] == [
        ("Chiyoda-ku", 2),
        ("Kudan-Minami", 3),
        ("Building of the Italian Cultural Institute in Tokyo", 4),
    ]


def test_what_took_place_within_counts_once_for_a_place(club: Ask) -> None:
    places = {one["label"]["text"]: one for one in club("places")["places"]}
    assert (places["Town"]["count"], places["Town"]["total"]) == (0, 2)
    assert (places["Hall"]["point"], places["Town"]["point"]) == ([12.5, 41.9], None)


def test_what_has_no_place_is_listed_with_the_reason(club: Ask) -> None:
    (one,) = club("places")["unplaced"]
    assert (
        one["label"]["text"],
        one["reason"]["text"],
    ) == ("Fourth meeting", "Nobody wrote it down.")


def test_a_map_shows_the_points_of_the_data(club_client: Client) -> None:
    page = get(club_client, "/map")
    (mark,) = (one for one in page.all("circle") if one["cx"] == "12.5")
    assert mark["cy"] == "-41.9"


def test_no_mark_stands_where_nothing_took_place(dataset_client: Client) -> None:
    page = get(dataset_client, "/map")
    titles = [text for element, text in page.texts if element == "title"]
    assert any(text.startswith("Tokyo (") for text in titles)
    assert [text for text in titles if text.endswith("(0)")] == []
    assert "Moscow" in page.text("a")  # in the table, as all places


def test_where_the_data_has_places_alone_a_map_shows_these_and_says_so(
    serve: Serve, plain_settings: Settings
) -> None:
    field = "ex:field a schema:Place ; rdfs:label 'Field' ; schema:latitude 1; schema:longitude 2 ."
    page = get(Client(create_app(plain_settings, serve(HEAD + field))), "/map")
    assert len(page.all("circle")) == 1
    assert "what took place there is not" in page.text("figcaption")
    assert "where nothing took place" not in page.text("p")


def test_a_map_without_the_coast_lines_that_are_built_asks_for_none(
    club_site: Site, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foedera.web.context.built", lambda name: False)
    page = get(Client(create_app(plain_settings, club_site)), "/map")
    assert page.all("circle") != []
    assert page.all("image") == []
    assert "Natural Earth" not in page.text("figcaption")


@pytest.mark.parametrize("path", ["/map", "/network"])
@pytest.mark.parametrize("language", ["en", "it", "ja"])
def test_the_tables_fit_in_a_narrow_window(
    tab: Tab, address: str, path: str, language: str
) -> None:
    """Names have room in them, and what is empty takes none."""
    tab.size(360, 900)
    tab.go(f"{address}{path}?lang={language}")
    wide = "[...document.querySelectorAll('.scroll:has(table)')].map(one => one.scrollWidth)"
    assert all(width <= 360 for width in tab.run(wide))
    names = "[...document.querySelectorAll('tbody th')].map(one => one.clientWidth)"
    assert min(tab.run(names)) >= 180
    empty = "[...document.querySelectorAll('td:not([data-of])')].map(one => one.offsetHeight)"
    assert set(tab.run(empty)) <= {0}


def test_without_coordinates_a_map_says_so_and_shows_the_places(
    serve: Serve, plain_settings: Settings
) -> None:
    panel = CLUB.replace("POINT(12.5 41.9)", "POINT(somewhere)")
    page = get(Client(create_app(plain_settings, serve(panel))), "/map")
    assert page.all("image") == []
    assert "no coordinates" in page.text("p")
    assert "Hall" in page.text("a")


def test_what_is_too_near_to_be_told_apart_is_shown_once_more_closer() -> None:
    points = [(139.7, 35.7), (136.9, 35.2), (-77.0, 38.9), (9.1, 45.2), (11.1, 46.1)]
    frame = pictures.atlas(points)
    groups = pictures.crowded(points, frame)
    assert groups == [[0, 1], [3, 4]]
    assert all(pictures.atlas([points[one] for one in group])[2] < frame[2] for group in groups)


@pytest.mark.parametrize("points", [[(0.0, 0.0)], [(0.0, 0.0), (1.0, 1.0)]])
def test_a_map_of_few_near_places_needs_no_closer_one(points: list[tuple[float, float]]) -> None:
    assert pictures.crowded(points, pictures.atlas(points)) == []


# The network


def test_actors_are_joined_by_what_they_share(club: Ask) -> None:
    rows = {one["label"]["text"]: one for one in club("network", skip=0, most=10)["rows"]}
    assert [(one["label"]["text"], one["count"]) for one in rows["Ann"]["others"]] == [
        ("Bob", 2),
        ("Cid", 1),
    ]
    assert rows["Dan"]["others"] == []


def test_the_picture_leaves_out_who_is_joined_to_nobody(club: Ask) -> None:
    found = club("network", skip=0, most=10)
    assert sorted(names(found["nodes"])) == ["Ann", "Bob", "Cid"]
    assert (found["count"], found["joined"]) == (4, 3)


def test_the_two_ministers_who_signed_are_joined_by_more_than_the_signing(ours: Ask) -> None:
    rows = {one["iri"]: one for one in ours("network", skip=0, most=100)["rows"]}
    others = {one["iri"]: one["count"] for one in rows[f"{FOEDERA}person/adolfo-urso"]["others"]}
    assert others[f"{FOEDERA}person/yasutoshi-nishimura"] == 3


def test_a_layout_is_the_same_each_time_and_within_its_frame() -> None:
    ties = [(n, (n * 7 + 3) % 40, 1 + n % 3) for n in range(40) if n != (n * 7 + 3) % 40]
    found = layout(40, ties)
    assert found == layout(40, ties)
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in found)
    assert len(set(found)) == 40


def test_a_layout_draws_what_is_joined_together() -> None:
    def apart(one: int, other: int) -> float:
        return abs(complex(*found[one]) - complex(*found[other]))

    groups = (range(5), range(5, 10))
    ties = [(a, b, 1) for group in groups for a, b in itertools.combinations(group, 2)]
    found = layout(10, ties)
    inside = max(apart(a, b) for a, b, _ in ties)
    between = min(apart(a, b) for a in groups[0] for b in groups[1])
    assert inside < between


@pytest.mark.parametrize(("count", "ties"), [(0, []), (1, []), (2, [(0, 1, 1)]), (3, [])])
def test_a_small_layout_has_a_place_for_each(count: int, ties: list[Any]) -> None:
    assert len(layout(count, ties)) == count


# Connections


def test_urso_and_sony_are_connected_by_their_meeting(ours: Ask) -> None:
    found = connected(ours, f"{FOEDERA}person/adolfo-urso", f"{FOEDERA}org/sony")
    (path,) = stops(found)
    assert [one.removeprefix(FOEDERA) for one in path] == [
        "person/adolfo-urso",
        "event/urso-sony-meeting",
        "person/toshimoto-mitomo",
        "org/sony",
    ]
    (tie,) = found["paths"][0][0]["ways"][0]["ties"]
    assert tie["iri"] == f"{FOEDERA}involvement/urso-sony-meeting-adolfo-urso"


def test_each_step_has_its_evidence_with_offsets_and_how_sure_it_is(ours: Ask) -> None:
    (path,) = connected(ours, f"{FOEDERA}person/adolfo-urso", f"{FOEDERA}org/sony")["paths"]
    for step in path:
        for way in step["ways"]:
            assert {one["source"]["iri"] for one in way["evidence"]} == {
                f"{FOEDERA}source/mimit-2023-12-13"
            }
            assert all(one["start"] < one["end"] for one in way["evidence"])
            assert [one["basis"] for one in way["accounts"]] == ["stated"]


def test_a_step_that_only_follows_is_marked(ours: Ask) -> None:
    """The building lies in a district, the district in a city, the city in Japan."""
    (path,) = connected(ours, f"{FOEDERA}site/iic-tokyo", f"{FOEDERA}place/japan")["paths"]
    assert [way["inferred"] for step in path for way in step["ways"]] == [True]


def test_links_of_a_step_lead_to_who_says_so_and_to_the_words(dataset_client: Client) -> None:
    page = get(dataset_client, "/connected", **{"from": "Adolfo Urso", "to": "Sony"})
    links = [one["href"] for one in page.all("a")]
    asked = next(one for one in links if "why=" in one)
    words = next(one for one in links if "#c199-213" in one)
    assert dataset_client.get(asked).status_code == 200
    source = get(dataset_client, words.partition("#")[0])
    assert "/doc/source/mimit-2023-12-13" in words
    assert source.all("h1")


def test_two_offices_in_one_body_are_two_ways_of_one_step(ours: Ask) -> None:
    found = connected(ours, f"{FOEDERA}person/toshimoto-mitomo", f"{FOEDERA}org/sony")
    ((step,),) = found["paths"]
    assert len(step["ways"]) == 2
    assert all(len(way["ties"]) == 2 for way in step["ways"])


def test_a_connection_is_the_same_from_both_ends(ours: Ask) -> None:
    ends = f"{FOEDERA}org/meti", f"{FOEDERA}org/ibm"
    there, back = connected(ours, *ends), connected(ours, *reversed(ends))
    assert sorted(stops(there)) == sorted(path[::-1] for path in stops(back))


def test_a_path_goes_through_common_ground_only_where_that_is_asked(ours: Ask) -> None:
    ends = f"{FOEDERA}org/rapidus", f"{FOEDERA}org/regione-liguria"
    assert connected(ours, *ends)["paths"] == []
    assert f"{FOEDERA}polity/japan" in stops(connected(ours, *ends, wide=True))[0]


def test_all_ways_of_the_least_length_are_found(club: Ask) -> None:
    paths = stops(connected(club, f"{EX}ann", f"{EX}bob"))
    assert sorted(path[1] for path in paths) == [f"{EX}first", f"{EX}second"]


def test_a_blank_node_only_ties(club: Ask) -> None:
    assert [[f"{EX}cid", f"{EX}dan"]] == stops(connected(club, f"{EX}cid", f"{EX}dan"))


def test_what_is_avoided_may_be_an_end(club: Ask) -> None:
    assert stops(connected(club, f"{EX}ann", f"{EX}hall"))[0][-1] == f"{EX}hall"


def test_without_a_connection_it_is_said_how_far_the_search_came(club: Ask) -> None:
    found = connected(club, f"{EX}ann", f"{EX}fay")
    assert (found["paths"], found["ended"], found["known"]) == ([], "", [True, True])
    assert found["wider"]
    assert stops(connected(club, f"{EX}eve", f"{EX}dan", wide=True)) == [[f"{EX}eve", f"{EX}dan"]]


def chain(length: int) -> str:
    """Things in a row, each with a link to the next."""
    links = "".join(f"ex:n{n} rdfs:label 'n{n}' ; :next ex:n{n + 1} .\n" for n in range(length))
    return f"{HEAD}{links}ex:n{length} rdfs:label 'n{length}' . ex:alone rdfs:label 'alone' ."


def hub(links: int) -> str:
    """Each of two things with more that lead to it, and many that lead to each of these."""
    return HEAD + "".join(
        f"ex:{one}{n} rdfs:label '{one}{n}' ; :to ex:{one}{n % links if n >= links else ''} .\n"
        for one in "ab"
        for n in range(links * links)
    )


def test_a_search_says_that_it_ended_by_the_number_of_steps(
    serve: Serve, plain_settings: Settings
) -> None:
    site = serve(chain(40))
    ask = asking(site)
    assert len(connected(ask, f"{EX}n0", f"{EX}n8")["paths"][0]) == 8
    assert connected(ask, f"{EX}n0", f"{EX}n40")["ended"] == "steps"
    client = Client(create_app(plain_settings, site))
    page = get(client, "/connected", **{"from": "n0", "to": "n40"})
    assert "No connection of at most 8 steps was found." in page.text("p")
    assert "the search was ended" not in page.text("p")


def test_a_search_that_reached_all_there_is_did_not_end_early(serve: Serve) -> None:
    """The last step that is looked for is the one that finds nothing more."""
    for length in (3, 4, 5):
        assert connected(asking(serve(chain(length))), f"{EX}n0", f"{EX}alone")["ended"] == ""


def test_a_search_says_that_it_ended_by_the_number_of_things(
    serve: Serve, plain_settings: Settings
) -> None:
    site = serve(hub(60))
    assert connected(asking(site), f"{EX}a", f"{EX}b")["ended"] == "things"
    client = Client(create_app(plain_settings, site))
    page = get(client, "/connected", **{"from": f"{EX}a", "to": f"{EX}b"})
    assert "things the search was ended" in page.text("p")


def test_a_search_says_that_it_did_not_follow_all_links(
    serve: Serve, plain_settings: Settings
) -> None:
    site = serve(
        HEAD
        + "ex:a rdfs:label 'a' . ex:b rdfs:label 'b' .\n"
        + "".join(f"ex:n{n} rdfs:label 'n{n}' ; :to ex:a .\n" for n in range(500))
    )
    found = connected(asking(site), f"{EX}a", f"{EX}b")
    assert (found["ended"], names(found["crowded"])) == ("links", ["a"])
    client = Client(create_app(plain_settings, site))
    page = get(client, "/connected", **{"from": f"{EX}a", "to": f"{EX}b"})
    assert "not all links were followed" in page.text("p")


def test_a_name_is_enough_to_ask_for_a_connection(dataset_client: Client) -> None:
    page = get(dataset_client, "/connected", **{"from": "adolfo urso", "to": "Sony"})
    assert "Toshimoto Mitomo" in page.text("a")
    assert "Connected by 3 steps" in page.text("h2")


@pytest.mark.parametrize("name", ["METI", "meti", "Urso", "経産省", "Ursus"])
def test_an_other_name_of_one_thing_alone_is_enough_too(dataset_client: Client, name: str) -> None:
    """Though there are things that are called by more than it."""
    page = get(dataset_client, "/connected", **{"from": name, "to": "Yasutoshi Nishimura"})
    assert "answer" in [one.get("class") for one in page.all("section")]


def test_an_exact_name_of_several_things_asks_for_these_alone(dataset_client: Client) -> None:
    page = get(dataset_client, "/connected", **{"from": "US"})
    choices = [one["href"] for one in page.all("a") if one["href"].startswith("/connected?")]
    assert [one.rpartition("%2F")[2] for one in choices] == ["usa", "usa"]
    assert "Several things have this name." in page.text("p")


def test_where_nothing_has_just_this_name_it_is_said_so(dataset_client: Client) -> None:
    page = get(dataset_client, "/connected", **{"from": "name form"})
    assert "Several names have this in them." in page.text("p")
    assert "There are more" in page.text("li")


@pytest.mark.parametrize(
    ("start", "goal"), [("xyzzy", "qwert"), ("Ministry", "xyzzy"), ("xyzzy", "Ministry")]
)
@pytest.mark.parametrize("width", [1200, 360])
def test_what_is_wrong_with_a_field_is_said_right_below_it(
    tab: Tab, address: str, start: str, goal: str, width: int
) -> None:
    tab.size(width, 900)
    tab.go(f"{address}/connected?{urlencode({'from': start, 'to': goal, 'lang': 'it'})}")
    boxes = tab.run(
        """["from", "to"].map(name => {
            const field = document.getElementById(name);
            const said = document.getElementById(field.getAttribute("aria-describedby"));
            return [field, said].map(one => {
                const {left, right, top, bottom} = one.getBoundingClientRect();
                return {left, right, top, bottom};
            });
        })"""
    )
    for field, said in boxes:
        assert field["left"] <= said["left"] < said["right"] <= field["right"] + 1
        assert 0 <= said["top"] - field["bottom"] < 30
    for name, text in (("from", start), ("to", goal)):
        said = tab.run(
            f"document.getElementById(document.getElementById('{name}')"
            ".getAttribute('aria-describedby')).innerText"
        )
        assert said == (
            "Più nomi contengono queste parole. Quale?"
            if text == "Ministry"
            else f"Nulla qui si chiama «{text}»."
        )


def test_a_name_of_two_things_is_a_question_back(club_client: Client) -> None:
    page = get(club_client, "/connected", **{"from": "twin", "to": "Ann", "wide": "1"})
    choices = [one["href"] for one in page.all("a") if "twin-" in one["href"]]
    assert [
        f"/connected?to=Ann&wide=1&from={quote(f'{EX}twin-{name}', safe='')}"
        for name in ("one", "two")
    ] == choices


@pytest.mark.parametrize(
    ("start", "goal", "said"),
    [
        ("Nobody at all", "Ann", "Nothing here is called"),
        (f"{EX}nobody", "Ann", "Not known here"),
        ("Ann", "Ann", "the same"),
        ("Ann", "Fay", "No connection found"),
        ("", "", "How are these two connected?"),
    ],
)
def test_what_cannot_be_connected_is_said(
    club_client: Client, start: str, goal: str, said: str
) -> None:
    answer = club_client.get(f"/connected?{urlencode({'from': start, 'to': goal})}")
    assert answer.status_code == 200
    assert said in answer.text


@pytest.mark.parametrize(
    "query", ["from=https://e.org/%3Cx&to=Ann", "wide=yes", "from=" + "x" * 300, "via=Ann"]
)
def test_a_connection_refuses_what_it_does_not_know(club_client: Client, query: str) -> None:
    assert club_client.get(f"/connected?{query}").status_code == 400


def test_a_property_stays_with_its_arrow_and_a_stretch_in_one_line(tab: Tab, address: str) -> None:
    tab.size(360, 900)
    tab.go(f"{address}{LONG}&lang=ja")
    rows = "[...document.querySelectorAll('{}')].map(one => one.getClientRects().length)"
    for name in (".hop", ".stretch", ".hop a.asked"):
        assert set(tab.run(rows.format(name))) == {1}
    assert tab.run(
        """[...document.querySelectorAll(".hop")].every(hop =>
            hop.querySelector(".asked").getBoundingClientRect().top
                < hop.querySelector("a").getBoundingClientRect().bottom)"""
    )


# Disagreements

CONFLICTS = {
    "C1": ("italy-japan-joint-statement-continues-strategic", "microtest-cooperation-begins"),
    "C2": ("italy-japan-joint-statement-mimit-2023-12-13-2", "statement-mimit-2023-12-13-5"),
    "C3": ("mimit-microtest-tokyo", "mimit-minister-mimit-2023-12-13"),
    "C4": ("topic-quantum-technologies", "topic-quantum-mechanics"),
    "C5": ("joint-statement-party-italy", "strategic-partnership-party-government-japan"),
    "C6": ("meti-minister-sputnik-2023-01-06", "name/meti-microtest-tokyo"),
    "C7": ("sony-semiconductor-solutions-mimit", "sony-semiconductor-solutions-microtest"),
}
"""The conflicts of the texts: claims that stand on the two sides, the preferred one first."""


@pytest.mark.parametrize("conflict", CONFLICTS)
def test_each_conflict_of_our_texts_is_one_case_with_its_two_sides(
    ours: Ask, conflict: str
) -> None:
    cases = ours("disputes", skip=0, most=100)["cases"]
    assert len(cases) == len(CONFLICTS)
    found = [
        sides
        for case in cases
        if len(sides := [" ".join(one["iri"] for one in side) for side in case["sides"]]) == 2
        and all(claim in side for claim, side in zip(CONFLICTS[conflict], sides, strict=True))
    ]
    assert len(found) == 1


def test_each_claim_has_its_source_with_offsets_its_confidence_and_its_rank(ours: Ask) -> None:
    for case in ours("disputes", skip=0, most=100)["cases"]:
        for claim in itertools.chain.from_iterable(case["sides"]):
            assert all((claim["rank"], claim["confidence"], claim["evidence"])), claim["iri"]
            assert all(one["source"] and one["start"] and one["end"] for one in claim["evidence"])


def test_no_side_contradicts_itself_and_the_best_ranked_comes_first(club: Ask) -> None:
    (case,) = club("disputes", skip=0, most=10)["cases"]
    assert [names(side) for side in case["sides"]] == [["It was dry"], ["It snowed", "It rained"]]


def test_only_the_words_of_a_source_stand_in_quotation_marks(dataset_client: Client) -> None:
    """A gist is ours; a form of a name is letter by letter what a source has."""
    said = get(dataset_client, "/disagreements").text("p")
    assert "A cooperation of Italy and Japan in economy, industry and technology began with" in said
    assert "technology began with the meeting.”" not in said
    assert "“agreement between the ministers”" in said


def test_of_what_a_claim_says_in_several_languages_one_is_shown(serve: Serve) -> None:
    claims = """
        ex:rain rdfs:label "Rain" ; :says "It rained."@en , "Pioveva."@it , 3 ; :against ex:sun .
    """
    (case,) = asking(serve(CLUB[: CLUB.index("ex:first a")] + claims))(
        "disputes", skip=0, most=10, languages=["it"]
    )["cases"]
    (rain,) = (one for side in case["sides"] for one in side if one["says"])
    assert [one["said"] for one in rain["says"]] == ["Pioveva.", "3"]


def test_the_pages_of_disagreements_add_up(ours: Ask) -> None:
    whole = ours("disputes", skip=0, most=100)["cases"]
    pages = [ours("disputes", skip=skip, most=3)["cases"] for skip in (0, 3, 6)]
    assert whole == list(itertools.chain.from_iterable(pages))


# All of them

PATHS = ("/explore", "/timeline", "/map", "/network", "/disagreements")
LONG = "/connected?from=Adolfo+Urso&to=Rapidus"


@pytest.mark.parametrize("path", [*PATHS, LONG])
@pytest.mark.parametrize("language", ["en", "it", "ja"])
def test_each_page_is_whole_in_each_language(
    dataset_client: Client, path: str, language: str
) -> None:
    text = dataset_client.get(f"{path}{'&' if '?' in path else '?'}lang={language}").text
    assert Page(text).all("html")[0]["lang"] == language
    main = text[text.index("<main") : text.index("</main>")]
    own = re.findall('<a [^>]*href="(/[^"]*)"', main)
    assert [one for one in own if f"lang={language}" not in one] == []


@pytest.mark.parametrize("path", PATHS)
def test_no_label_is_taken_for_markup(club_client: Client, path: str) -> None:
    assert "<b>meeting" not in club_client.get(path).text


def test_a_label_with_markup_is_shown_as_it_is(club_client: Client) -> None:
    assert "First <b>meeting</b>" in get(club_client, "/timeline").text("a")


def test_the_query_of_a_page_gives_the_rows_behind_it(dataset_client: Client) -> None:
    page = get(dataset_client, "/disagreements")
    (address,) = (one for one in page.addresses() if one.startswith("/sparql?query="))
    assert "name/meti-microtest-tokyo" in dataset_client.get(address).text


def test_an_answer_is_kept_and_has_a_strong_tag(dataset_client: Client) -> None:
    first = dataset_client.get("/network")
    again = dataset_client.get("/network", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)


def test_a_page_that_accepts_no_html_is_refused(dataset_client: Client) -> None:
    answer = dataset_client.get("/timeline", headers={"Accept": "text/turtle"})
    assert answer.status_code == 406


def test_everything_is_offered_where_it_has_content(ours: Ask, club: Ask) -> None:
    every = ["timeline", "map", "network", "connections", "disagreements"]
    assert (every, every) == (ours("explore")["pages"], club("explore")["pages"])


def test_a_panel_of_a_class_is_not_one_of_the_dataset(club: Ask) -> None:
    assert "urn:none" not in timeline(club)["query"]


# A publication that says nothing of such pages


@pytest.mark.parametrize("path", PATHS)
def test_the_books_have_each_page_too(client: Client, path: str) -> None:
    get(client, path)


def test_the_books_are_offered_connections_alone(site: Site) -> None:
    assert asking(site)("explore")["pages"] == ["connections"]


def test_two_books_of_one_author_are_connected_by_any_property(site: Site) -> None:
    ends = f"{EX}book/kokoro", f"{EX}person/natsume-soseki"
    found = connected(asking(site), *ends)
    assert stops(found) == [list(ends)]
    assert any(not way["inferred"] for way in found["paths"][0][0]["ways"])


def test_general_dates_and_points_make_a_timeline_and_a_map(serve: Serve) -> None:
    ask = asking(
        serve(
            HEAD
            + """
            ex:fair a schema:Event ; rdfs:label "Fair" ; schema:startDate "2023-05-01"^^xsd:date ;
              schema:location ex:field .
            ex:field a schema:Place ; rdfs:label "Field" ; schema:latitude 41.9 ;
              schema:longitude 12.5 .
            """
        )
    )
    assert ask("explore")["pages"] == ["timeline", "map", "connections"]
    (entry,) = timeline(ask)["entries"]
    assert (
        entry["label"]["text"],
        entry["year"],
        entry["month"],
        entry["state"],
    ) == ("Fair", 2023, 5, "day")
    (place,) = ask("places")["places"]
    assert (place["point"], place["total"]) == ([12.5, 41.9], 1)


def test_a_query_that_cannot_be_read_is_told_by_its_page(
    serve: Serve, plain_settings: Settings
) -> None:
    site = serve(HEAD + 'ex:p a f:Panel ; f:panelKind "network" ; sh:select "SELECT nothing" .')
    assert "network" in asking(site)("explore")["pages"]
    answer = Client(create_app(plain_settings, site)).get("/network")
    assert answer.status_code == 500
    assert "cannot be read" in answer.text


# Pictures


def moments(*spans: tuple[int | None, int | None], text: str = "A name of some length") -> Any:
    return pictures.lanes([Moment(0, text, *span, [span]) for span in spans])


def boxes(found: pictures.Lanes) -> Iterator[tuple[float, float, float]]:
    """The row of each mark, and from where to where it and its text take it."""
    for mark in found.lanes[0].marks:
        width = pictures.shortened(mark.text, 100)[1]
        ends = [mark.text_x - width if mark.left else mark.text_x + width]
        ends += [end for x, wide in mark.pieces for end in (x, x + wide)]
        ends += mark.line or ()
        yield mark.y, min(ends), max(ends)


def test_marks_of_a_lane_do_not_lie_over_each_other() -> None:
    found = moments(*[(700_000 + 9 * n, 700_000 + 9 * n + n % 4) for n in range(16)])
    for (row, left, right), (other, left_, right_) in itertools.combinations(boxes(found), 2):
        assert row != other or right <= left_ or right_ <= left


def test_what_has_no_room_in_a_lane_is_counted() -> None:
    found = moments((600_000, 600_000), *[(700_000, 700_000)] * 40)
    assert len(found.lanes[0].marks) + found.lanes[0].left_out == 41
    assert found.lanes[0].left_out > 0


def test_marks_stay_within_the_picture() -> None:
    found = moments((700_000, 700_001), (None, 700_000), (700_400, None), (700_400, 700_400))
    assert all(left >= 0 and right <= pictures.WIDE for _, left, right in boxes(found))


def test_what_is_open_is_solid_only_where_it_is_certain() -> None:
    found = moments((700_000, 700_100), (None, 700_050))
    closed, open_ = found.lanes[0].marks
    assert (len(closed.pieces), closed.line) == (1, None)
    assert open_.pieces == []
    assert open_.line is not None


def test_there_is_no_timeline_of_one_day() -> None:
    assert moments((700_000, 700_000)) is None


def test_names_lie_neither_over_each_other_nor_over_points() -> None:
    points = [(50.0 + 30 * (n % 9), 40.0 + 25 * (n // 9), 5.0, f"Name {n}") for n in range(45)]
    found = pictures.names(points, (400, 200), 12)
    placed = [name for name in found if name]
    assert 5 < len(placed) < 45
    assert all(0 <= name.x <= 400 and 0 <= name.y <= 200 for name in placed)
    rows: dict[float, list[float]] = {}
    for name in placed:
        if name.anchor == "start":
            rows.setdefault(name.y, []).append(name.x)
    for row in rows.values():
        assert all(b - a > 30 for a, b in itertools.pairwise(sorted(row)))


def test_a_long_name_is_shortened_and_a_japanese_one_counts_twice() -> None:
    assert pictures.shortened("A name of some length", 6)[0] == "A name…"
    assert pictures.shortened("経済産業省", 6)[0] == "経済産…"
    assert pictures.shortened("short", 6)[0] == "short"


def test_pages_of_many_entries_have_numbers(
    serve: Serve, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    meetings = "".join(
        f"ex:m{n} a :Meeting ; rdfs:label 'm{n}' ; schema:startDate '2023-01-{n:02}'^^xsd:date .\n"
        for n in range(1, 29)
    )
    monkeypatch.setattr("foedera.web.explore.PAGE", 10)
    settings = replace(plain_settings, cache=0)
    page = get(Client(create_app(settings, serve(HEAD + meetings))), "/timeline", page="2")
    assert [one["href"] for one in page.all("a") if "rel" in one and one["rel"] in ("prev", "next")]
    assert {f"{EX}m{n}" for n in range(11, 21)} <= {
        f"{EX}{one['href'].rpartition('/')[2]}" for one in page.all("a")
    }
