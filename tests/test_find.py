"""The search for things by their names: in which order, in which languages, and what is no name."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import Client, TestResponse

from chromium import Tab
from conftest import BROKEN_RULES, Page, Serve
from foedera import folder, release, service
from foedera.settings import Settings
from foedera.web import create_app
from foedera.web.find import PAGE
from test_pages import KINDS, inside

HTML = {"Accept": "text/html"}
BASE = "https://example.org/"

TOWNS = """
@prefix : <https://example.org/ns#> .
@prefix ex: <https://example.org/id/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix void: <http://rdfs.org/ns/void#> .

ex:data a void:Dataset ; void:uriSpace "https://example.org/" ; rdfs:label "Towns"@en .
:Town a owl:Class ; rdfs:label "town"@en , "citt\u00e0"@it , "\u753a"@ja .
:Writer a owl:Class ; rdfs:label "writer"@en .
ex:exact a :Town ; rdfs:label "Como" .
ex:begins a :Town ; rdfs:label "Como Nuovo" .
ex:begins-longer a :Town ; rdfs:label "Como Vecchia sul Lago" .
ex:word a :Town ; rdfs:label "Lago di Como" .
ex:within a :Town ; rdfs:label "Dicomo" .
ex:order a :Town ; rdfs:label "Alta Valle sul Lago" .
ex:turin a :Town ; rdfs:label "Turin"@en , "Torino"@it , "\u30c8\u30ea\u30ce"@ja ;
  skos:altLabel "Augusta Taurinorum"@la ; skos:hiddenLabel "Turrin"@en ;
  rdfs:comment "A town on the Po, at the foot of the Alps."@en .
ex:soseki a :Writer ; rdfs:label "Natsume S\u014dseki"@en , "\u590f\u76ee\u6f31\u77f3"@ja .
ex:aosta a :Town ; rdfs:label "Aosta, Valle d\u2019Aosta"@it .
ex:markup a :Town ; rdfs:label "<b>Bold</b> & \\"quoted\\"" .
<https://elsewhere.example/x> a :Town ; rdfs:label "Somewhere else" .
""" + "".join(f'ex:p{n} a :Town ; rdfs:label "Village {n:03}"@en .\n' for n in range(2 * PAGE + 1))


@pytest.fixture(scope="module")
def towns(serve: Serve, plain_settings: Settings) -> Client:
    return Client(create_app(plain_settings, serve(TOWNS)))


def ask(client: Client, text: str, accept: str = "text/html", **more: Any) -> TestResponse:
    headers = {"Accept": accept, "Accept-Language": more.pop("language", "en")}
    return client.get("/find", query_string={"q": text, **more}, headers=headers)


def told(client: Client, text: str, **more: Any) -> Any:
    answer = ask(client, text, "application/json", **more)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return answer.get_json()


def names(client: Client, text: str) -> list[str]:
    return [one["id"].rpartition("/")[2] for one in told(client, text)["things"]]


def main(answer: TestResponse) -> str:
    """What a page shows in its middle, as text."""
    assert answer.status_code == 200
    Page(answer.text)  # which is well-formed
    part = answer.text.partition('<main id="main">')[2].partition("</main>")[0]
    return " ".join(re.sub("<[^>]*>", " ", part).split())


def test_the_best_match_comes_first(towns: Client) -> None:
    assert names(towns, "como") == ["exact", "begins", "begins-longer", "word", "within"]


def test_words_are_found_in_any_order_after_all_else(towns: Client) -> None:
    assert names(towns, "lago alt") == ["order"]
    assert names(towns, "oseki natsume") == []  # no word begins so


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SOSEKI", "soseki"),
        ("s\u014dSEKI natsume", "soseki"),
        ("\u6f31\u77f3", "soseki"),
        ("torino", "turin"),
        ("\uff34\uff35\uff32\uff29\uff2e", "turin"),  # in full width
        ("\uff84\uff98\uff89", "turin"),  # in half width
        ("  turin\t", "turin"),
        ("augusta  taur", "turin"),
        ("valle d'aosta", "aosta"),
    ],
)
def test_a_name_is_found_in_any_language_case_accent_and_width(
    towns: Client, text: str, found: str
) -> None:
    assert names(towns, text) == [found]


def test_a_thing_says_its_class_the_name_that_matched_and_what_it_is(towns: Client) -> None:
    (thing,) = told(towns, "taurinorum", language="it")["things"]
    assert thing == {
        "id": BASE + "id/turin",
        "label": {"text": "Torino", "language": "it"},
        "class": {"id": BASE + "ns#Town", "label": {"text": "citt\u00e0", "language": "it"}},
        "matched": {"text": "Augusta Taurinorum", "language": "la"},
        "description": {"text": "A town on the Po, at the foot of the Alps.", "language": "en"},
    }
    shown = main(ask(towns, "taurinorum"))
    assert "Turin town also \u201c Augusta Taurinorum \u201d A town on the Po" in shown
    assert '<span lang="la">Augusta Taurinorum</span>' in ask(towns, "taurinorum").text


def test_how_a_name_is_misspelt_finds_the_thing_and_is_shown_to_nobody(towns: Client) -> None:
    assert names(towns, "turrin") == ["turin"]
    assert "Turrin" not in ask(towns, "turri").text
    assert told(towns, "turrin")["things"][0]["matched"]["text"] == "Turin"


def test_one_thing_is_a_list_too_and_leads_to_its_page(towns: Client) -> None:
    page = Page(ask(towns, "torino").text)
    assert "/doc/turin" in [one.get("href") for one in page.all("a")]
    assert "1 thing with \u201ctorino\u201d in its name" in main(ask(towns, "torino"))


def test_what_is_elsewhere_leads_to_what_is_said_of_it_here(towns: Client) -> None:
    hrefs = [one.get("href", "") for one in Page(ask(towns, "somewhere").text).all("a")]
    assert any(one.startswith("/about?iri=") for one in hrefs)


def test_nothing_found_is_said_with_what_is_near(towns: Client) -> None:
    assert "Nothing here is called \u201cTurlin\u201d. Near it Turin town" in main(
        ask(towns, "Turlin")
    )
    content = told(towns, "natsume sooseki")
    assert (content["count"], [one["id"] for one in content["near"]]) == (0, [BASE + "id/soseki"])
    assert "Nothing here is called \u201c\u7121\u3044\u201d." in main(ask(towns, "\u7121\u3044"))
    assert told(towns, "xyzzyx")["near"] == []


def test_without_a_text_there_is_nothing_but_the_box(towns: Client) -> None:
    for answer in (towns.get("/find", headers=HTML), ask(towns, "  ")):
        assert main(answer).startswith("Search Write a name")
    assert told(towns, "")["things"] == []


def test_many_things_have_further_pages(towns: Client) -> None:
    first, last = (told(towns, "village", page=page) for page in (1, 3))
    assert (first["count"], first["pages"], len(first["things"])) == (2 * PAGE + 1, 3, PAGE)
    assert [one["label"]["text"] for one in last["things"]] == [f"Village {2 * PAGE:03}"]
    page = Page(ask(towns, "village", page=2).text)
    turns = {
        one["rel"]: one["href"] for one in page.all("a") if "rel" in one and "page=" in str(one)
    }
    assert turns == {"prev": "?q=village&page=1", "next": "?q=village&page=3"}
    assert ask(towns, "village", page=4).status_code == 404
    assert ask(towns, "village", page="x").status_code == 400


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (BASE + "id/turin", "/id/turin"),
        (f"<{BASE}id/turin>", "/id/turin"),
        ("ex:turin", "/id/turin"),
        (":Town", "/ns#Town"),
        (BASE + "doc/turin", "/doc/turin"),
        (BASE, "/"),
        ("https://elsewhere.example/x", "/about?iri=https%3A%2F%2Felsewhere.example%2Fx"),
        ("urn:isbn:1", "/about?iri=urn%3Aisbn%3A1"),
        ("skos:Concept", "/about?iri=http%3A%2F%2Fwww.w3.org%2F2004%2F02%2Fskos%2Fcore%23Concept"),
        (BASE + "/evil.example/", "/about?iri=https%3A%2F%2Fexample.org%2F%2Fevil.example%2F"),
        (BASE + "/evil.example#x", "/about?iri=https%3A%2F%2Fexample.org%2F%2Fevil.example%23x"),
    ],
)
def test_an_iri_leads_to_what_it_names_and_never_away(towns: Client, text: str, place: str) -> None:
    answer = ask(towns, text)
    assert (answer.status_code, answer.headers["Location"]) == (303, place)
    assert not urlsplit(answer.headers["Location"]).netloc


def test_an_iri_leads_on_in_the_language_and_the_format_asked_for(towns: Client) -> None:
    assert ask(towns, ":Town", lang="ja").headers["Location"] == "/ns?lang=ja#Town"
    data = ask(towns, "ex:turin", format="json").headers["Location"]
    assert data == "/id/turin?format=json"
    followed = towns.get(data, follow_redirects=True)
    assert (followed.status_code, followed.mimetype) == (200, "application/ld+json")


@pytest.mark.parametrize(
    "text", ["Bold: a town", "unknown:turin", "a:b:c d", "https://", "http://{x}"]
)
def test_what_only_looks_like_an_iri_is_a_name(towns: Client, text: str) -> None:
    assert ask(towns, text).status_code == 200


def test_a_text_has_a_bound_that_is_told(towns: Client) -> None:
    assert ask(towns, "x" * 200).status_code == 200
    for text in ("x" * 201, BASE + "x" * 2000):
        answer = ask(towns, text, "application/json")
        assert answer.status_code == 400
        assert answer.get_json()["hint"] == "At most 200 letters are read."


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{name}%s%00",
    ".*(a+)+$[",
    "\\",
    "\x00\x01\x1b",
    "a\r\nSet-Cookie: a=b",
    "\u202e\u0301\u0301\u0301",
    "\ufdfa" * 100,
    "\U0001f4d6",
    "'; DROP TABLE x --",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_a_name_like_any_other(towns: Client, text: str) -> None:
    answer = ask(towns, text)
    page = Page(answer.text)
    assert answer.status_code == 200
    assert {one.get("src") for one in page.all("script")} == {"/static/page.js"}
    assert not [one for one in page.all("img") if "onerror" in one]
    (box,) = [one for one in page.all("input") if one.get("name") == "q"]
    assert box["value"].split() == re.sub(r"[\x00-\x1f]", " ", text).split()
    assert "Set-Cookie" not in answer.headers
    assert told(towns, text)["count"] == 0


def test_bytes_that_are_no_text_find_nothing(towns: Client) -> None:
    assert towns.get("/find?q=%ff%ed%a0%80", headers=HTML).status_code == 200


def test_markup_in_a_name_is_shown_and_not_obeyed(towns: Client) -> None:
    answer = ask(towns, "<b>bold")
    assert "&lt;b&gt;Bold&lt;/b&gt;" in answer.text
    assert "<b>Bold" not in answer.text


def test_the_format_is_chosen_as_elsewhere(towns: Client) -> None:
    assert ask(towns, "turin", "*/*").mimetype == "text/html"
    assert ask(towns, "turin", "text/html", format="json").mimetype == "application/json"
    assert ask(towns, "turin", "text/turtle").status_code == 406
    assert ask(towns, "turin", format="ttl").status_code == 406
    assert ask(towns, "turin", limit=9).status_code == 400
    answer = ask(towns, "turin", "application/json")
    assert answer.headers["Vary"] == "Accept, Accept-Language"
    again = towns.get(
        "/find?q=turin",
        headers={
            "Accept": "application/json",
            "Accept-Language": "en",
            "If-None-Match": answer.headers["ETag"],
        },
    )
    assert again.status_code == 304


@pytest.mark.parametrize("language", ["en", "it", "ja"])
def test_browsers_are_told_how_to_search(towns: Client, language: str) -> None:
    front = Page(towns.get("/", query_string={"lang": language}, headers=HTML).text)
    (link,) = [one for one in front.all("link") if one.get("rel") == "search"]
    answer = towns.get(link["href"])
    assert answer.mimetype == link["type"] == "application/opensearchdescription+xml"
    space = "{http://a9.com/-/spec/opensearch/1.1/}"
    told = ElementTree.fromstring(answer.text)
    assert told.findtext(space + "ShortName") == "Towns"
    for url in told.iter(space + "Url"):
        address = url.attrib["template"].replace("{searchTerms}", "torino")
        found = towns.get(address.removeprefix(BASE.removesuffix("/")))
        assert (found.status_code, found.mimetype) == (200, url.attrib["type"])
        assert BASE in address


def test_a_name_that_a_thing_does_not_have_any_more_is_not_found(
    books: Path, state: Path, plain_settings: Settings
) -> None:
    """Each release has its own names."""

    def found() -> list[str]:
        current = release.publish(books, state, 5, lambda _: None)
        with service.local(plain_settings, current) as site:
            return names(Client(create_app(plain_settings, site)), "kokoro")

    assert found() == ["kokoro"]
    file = books / "data" / "books.ttl"
    file.write_text(file.read_text(encoding="utf-8").replace("Kokoro", "Heart"), encoding="utf-8")
    assert folder.read(books).publication.base == BASE
    assert found() == []


# Over the dataset of this repository


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("METI", "org/meti"),
        ("\u7d4c\u7523\u7701", "org/meti"),
        ("urso", "person/adolfo-urso"),
        ("tokyo", "place/tokyo"),
        ("\u6771\u4eac", "place/tokyo"),
    ],
)
def test_what_the_dataset_has_is_found(dataset_client: Client, text: str, first: str) -> None:
    assert told(dataset_client, text)["things"][0]["id"] == f"https://w3id.org/foedera/id/{first}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_box_is_on_every_page_and_keeps_the_language(dataset_client: Client, kind: str) -> None:
    page = Page(dataset_client.get(inside(kind, "ja"), headers=HTML).text)
    form = page.all("form")[0]
    assert (form["role"], form["action"]) == ("search", "/find")
    assert page.all("input")[0].items() >= {"name": "lang", "value": "ja"}.items()
    (box,) = [one for one in page.all("input") if one.get("name") == "q"]
    sought = {"found": "nishimura", "not found": "nishimora"}
    assert box["value"] == sought.get(kind, "")


def test_by_keyboard_a_name_is_looked_for_from_any_page(tab: Tab, address: str, axe: str) -> None:
    """Without scripts but those of the test; the box shows that it has the focus."""
    tab.go(f"{address}/timeline?lang=it")
    box = "document.activeElement.name === 'q'"
    for _ in range(5):
        tab.press("Tab")
        if tab.run(box):
            break
    assert tab.run(box)
    assert tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert tab.run("document.activeElement.labels[0].innerText.trim()") == "Cerca per nome"
    tab.press(*"meti", "Enter")
    tab.until("location.pathname === '/find' && document.querySelector('main li a')")
    assert tab.run("document.documentElement.lang") == "it"
    assert tab.run("document.querySelector('main li a').pathname") == "/doc/org/meti"
    assert tab.run("document.querySelector('header input[type=search]').value") == "meti"
    tab.run(axe + ";true")
    assert tab.run(BROKEN_RULES) == []
