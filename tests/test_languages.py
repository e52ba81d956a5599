"""The reader's language: which one it is, and that a page speaks it, all of it and everywhere."""

from __future__ import annotations

import re
import string
import time
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from urllib.parse import quote, quote_plus, unquote, urljoin, urlsplit

import pyoxigraph as ox
import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from chromium import Tab
from conftest import ROOT, Page, Serve
from foedera import terms
from foedera.languages import Order, wanted
from foedera.query.allowance import too_many
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import create_app, phrases
from foedera.words import local_name

BASE = "https://w3id.org/foedera/"

KINDS = {
    "home": "/",
    "class": "/class?iri=" + quote(BASE + "ns#Person", safe=""),
    "person": "/doc/person/adolfo-urso",
    "event": "/doc/event/signing-2023-12-13",
    "agreement": "/doc/agr/italy-japan-joint-statement",
    "place": "/doc/place/tokyo",
    "source": "/doc/source/mimit-2023-12-13",
    "evidence": "/doc/evidence/F1-005",
    "topic": "/doc/topic/semiconductors",
    "ontology": "/ns",
    "concepts": "/doc/scheme/topics",
    "elsewhere": "/about?iri=" + quote("http://xmlns.com/foaf/0.1/Person", safe=""),
    "query": "/sparql",
    "table": "/sparql?query=" + quote("SELECT * { ?x a ?y } ORDER BY ?x LIMIT 150"),
    "picture": "/sparql?view=timeline&query=" + quote(f"SELECT * {{ ?x <{BASE}ns#date> ?y }}"),
    "graph": "/sparql?query=" + quote("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 3"),
    "nothing": "/sparql?query=" + quote("SELECT * { <urn:x> ?p ?o }"),
    "fault": "/sparql?query=" + quote("SELECT * { ?s ?p "),
    "question": "/query/joint-statement-signatories",
    "endpoint": "/sparql/about",
    "timeline": "/timeline",
    "map": "/map",
    "network": "/network",
    "connections": "/connected",
    "disagreements": "/disagreements",
    "unknown": "/id/person/nobody-of-this-name",
    "wrong parameter": "/?colour=red",
    "no such format": "/doc/place/tokyo?format=docx",
}
"""A page of each kind, by its name."""

OTHERS = ("it", "ja")


def get(client: Client, address: str, language: str = "", lang: str = "") -> TestResponse:
    """A page for who accepts a ``language``, or has chosen ``lang`` on it."""
    if lang:
        address += f"{'&' if '?' in address else '?'}lang={lang}"
    return client.get(address, headers={"Accept": "text/html", "Accept-Language": language})


class Texts(HTMLParser):
    """What a page says, each text with the language that it is said to be in.

    Code is left out.
    """

    _EMPTY = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})
    _CODE = frozenset({"code", "pre", "script", "style", "textarea", "svg"})
    _READ = ("title", "aria-label", "alt", "placeholder")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open: list[tuple[str, str]] = [("", "")]
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        language = named.get("lang")
        inside = self._open[-1][1] if language is None else language
        if tag not in self._EMPTY:
            self._open.append((tag, inside))
        for name in self._READ:
            if value := named.get(name):
                self.found.append((value.strip(), inside))

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text and not any(tag in self._CODE for tag, _ in self._open):
            self.found.append((text, self._open[-1][1]))


@cache
def english(language: str) -> list[re.Pattern[str]]:
    """The pieces of our own phrases that are other words in a language, as patterns of texts."""
    rows = phrases.table()
    others = {piece.lower() for row in rows.values() for piece in _pieces(row[language])}
    return [
        re.compile(_pattern(piece))
        for phrase in rows
        for piece in _pieces(phrase)
        if len(re.sub(r"\{\w*\}|\W", "", piece)) > 3 and piece.lower() not in others
    ]


def _pieces(phrase: str) -> list[str]:
    """The texts between its tags."""
    texts = re.split(r"<[a-z/][^>]*>", phrase)
    return [" ".join(text.split()).replace("&amp;", "&") for text in texts]


def _pattern(piece: str) -> str:
    parts = string.Formatter().parse(piece)
    return "".join(re.escape(text) + ("" if name is None else ".+") for text, name, _, _ in parts)


@cache
def unmarked() -> frozenset[str]:
    """What our data says in no language, such as codes, and names made of other people's IRIs."""
    found = set()
    for file in (*ROOT.glob("data/**/*.ttl"), *ROOT.glob("ontology/**/*.ttl")):
        for quad in ox.parse(path=str(file), format=ox.RdfFormat.TURTLE, base_iri=BASE):
            if isinstance(quad.object, ox.Literal) and not quad.object.language:
                found.add(quad.object.value)
            found |= {
                local_name(term.value)
                for term in (quad.subject, quad.predicate, quad.object)
                if isinstance(term, ox.NamedNode) and not term.value.startswith(BASE)
            }
    return frozenset(found)


# A page


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_in_the_language_that_its_reader_asks_for(
    kind: str, dataset_client: Client
) -> None:
    for language in phrases.LANGUAGES:
        for answer in (
            get(dataset_client, KINDS[kind], language=language),
            get(dataset_client, KINDS[kind], lang=language),
        ):
            assert Page(answer.text).all("html")[0]["lang"] == language
            assert answer.headers["Content-Language"] == language


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_word_of_ours_is_left_in_english(
    kind: str, language: str, dataset_client: Client
) -> None:
    shown = Texts(get(dataset_client, KINDS[kind], lang=language).text).found
    left = {
        text
        for text, marked in shown
        if marked == language
        and text not in unmarked()
        and any(one.fullmatch(text) for one in english(language))
    }
    assert left == set()


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_has_itself_in_every_language_on_it(kind: str, dataset_client: Client) -> None:
    here = urljoin("http://localhost/", KINDS[kind])
    page = Page(get(dataset_client, KINDS[kind], lang="it").text)
    alternates = {
        link["hreflang"]: urljoin(here, link["href"])
        for link in page.all("link")
        if "hreflang" in link
    }
    assert list(alternates) == [*phrases.LANGUAGES, "x-default"]
    for tag in phrases.LANGUAGES:
        assert "lang=" + tag in alternates[tag]
        assert alternates[tag].replace(f"lang={tag}", "").rstrip("?&") == _plain(here)
    assert alternates["x-default"] == _plain(here)
    choice = [link for link in page.all("a") if "hreflang" in link and "type" not in link]
    assert [(link["lang"], urljoin(here, link["href"])) for link in choice] == [
        (tag, alternates[tag]) for tag in phrases.LANGUAGES
    ]
    assert [link["lang"] for link in choice if "aria-current" in link] == ["it"]


def _plain(address: str) -> str:
    """An address with its escapes as a form writes them."""
    path, mark, query = address.partition("?")
    pairs = [pair.split("=", 1) for pair in query.split("&") if pair]
    return path + mark + "&".join(f"{name}={value}" for name, value in _quoted(pairs))


def _quoted(pairs: list[list[str]]) -> Iterator[tuple[str, str]]:
    for name, value in pairs:
        yield name, quote_plus(unquote(value))


def test_a_path_that_could_be_another_host_leads_to_none(client: Client) -> None:
    for path in ("//elsewhere.example/x", "/doc//elsewhere.example", "/%2F%2Felsewhere.example"):
        page = Page(get(client, path, lang="ja").text)
        for link in (*page.all("link"), *page.all("a")):
            if "hreflang" in link:
                assert urlsplit(urljoin("http://here.example" + path, link["href"])).netloc == (
                    "here.example"
                )


_DATA = re.compile(r"\.[a-z]+$|[?&](format|profile)=|^/linkset|^/health|^/cite|^/static/")
"""Addresses that are the same in every language."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_link_of_a_page_keeps_the_chosen_language(kind: str, dataset_client: Client) -> None:
    page = Page(get(dataset_client, KINDS[kind], lang="ja").text)
    inside = [link["href"] for link in page.all("a") if link.get("href", "")[:1] in ("/", "?")]
    assert inside
    assert [
        address
        for address in inside
        if "lang=" not in address and not _DATA.search(address.partition("#")[0])
    ] == []
    hidden = [one for one in page.all("input") if one.get("name") == "lang"]
    assert [one["value"] for one in hidden] == ["ja"] * len(page.all("form"))


def test_no_link_of_a_page_says_a_language_where_none_was_chosen(dataset_client: Client) -> None:
    for address in KINDS.values():
        page = Page(get(dataset_client, address, language="ja").text)
        links = [one["href"] for one in page.all("a") if "hreflang" not in one and "href" in one]
        assert [link for link in links if "lang=" in link] == []


# What is kept of it


def test_a_page_depends_on_the_header_where_no_language_was_chosen(dataset_client: Client) -> None:
    for address in ("/", "/doc/place/tokyo", "/sparql", "/ns", "/timeline"):
        assert "Accept-Language" in get(dataset_client, address).headers["Vary"].split(", ")
        assert "Accept-Language" not in get(dataset_client, address, lang="ja").headers["Vary"]


def test_a_chosen_language_shows_the_same_to_everybody(dataset_client: Client) -> None:
    for address in ("/", "/doc/place/tokyo", "/ns"):
        pages = {get(dataset_client, address, tag, lang="it").text for tag in ("en", "ja, fr", "")}
        assert len(pages) == 1


def test_a_page_in_one_language_is_not_taken_for_another(dataset_client: Client) -> None:
    tags = {}
    for language in phrases.LANGUAGES:
        tags[language] = get(dataset_client, "/doc/place/tokyo", language).headers["ETag"]
    assert len(set(tags.values())) == len(tags)
    for language, tag in tags.items():
        for other in phrases.LANGUAGES:
            headers = {
                "Accept": "text/html",
                "Accept-Language": other,
                "If-None-Match": tag,
            }
            answer = dataset_client.get("/doc/place/tokyo", headers=headers)
            assert answer.status_code == (304 if other == language else 200)


def test_no_page_sets_a_cookie(dataset_client: Client) -> None:
    for address in KINDS.values():
        assert "Set-Cookie" not in get(dataset_client, address, lang="ja").headers


# Which language


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("it-CH", ["it-ch", "it"]),
        ("ja-JP, en;q=0.8", ["ja-jp", "ja", "en"]),
        ("en;q=0.2, ja;q=0.9", ["ja", "en"]),
        ("zh-Hant-TW", ["zh-hant-tw", "zh-hant", "zh"]),
        ("en-US, en-GB", ["en-us", "en", "en-gb"]),
        ("de-x-home", ["de-x-home", "de"]),
        ("*", []),
        ("", []),
        (";;,,=", []),
        ("it, en;q=0", ["it", "", "*", "en"]),
        ("fr;q=0", ["en", "", "*", "fr"]),
    ],
)
def test_the_languages_of_a_reader(header: str, found: list[str]) -> None:
    with Flask("test").test_request_context(headers={"Accept-Language": header}) as context:
        assert wanted(context.request.accept_languages) == found


@pytest.mark.parametrize(
    ("header", "tags", "best"),
    [
        ("it", "en it ja", "it"),
        ("it-CH", "en it", "it"),
        ("it-CH", "en it it-ch", "it-ch"),
        ("ja-JP", "en ja", "ja"),
        ("en", "en-gb it", "en-gb"),
        ("en-US", "en-gb en", "en"),
        ("zh-Hant", "zh-hans zh-hant", "zh-hant"),
        ("zh-Hant", "en zh", "zh"),
        ("zh", "en zh-hant", "zh-hant"),
        ("ja", "ja-latn en", "en"),
        ("ja-Latn", "ja ja-latn", "ja-latn"),
        ("fr", "it en ja", "en"),
        ("fr", "it ja ", ""),
        ("fr", "it ja", "it"),
        ("fr, ja;q=0.1", "it en ja", "ja"),
        ("en;q=0, *", "en it", "it"),
        ("en;q=0", "en", "en"),
        ("ja, en;q=0", "en ", ""),
    ],
)
def test_the_text_that_serves_a_reader_best(header: str, tags: str, best: str) -> None:
    with Flask("test").test_request_context(headers={"Accept-Language": header}) as context:
        order = Order(wanted(context.request.accept_languages))
    assert min(tags.split(" "), key=order.rank) == best


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("it-CH", "it"),
        ("ja-JP, en", "ja"),
        ("JA", "ja"),
        ("fr", "en"),
        ("fr, it;q=0.1", "it"),
        ("zh-Hant", "en"),
        ("en;q=0, *", "it"),
        ("*", "en"),
        ("", "en"),
    ],
)
def test_the_words_of_a_page_are_in_the_best_language_there_is(
    client: Client, header: str, language: str
) -> None:
    assert Page(get(client, "/", language=header).text).all("html")[0]["lang"] == language


def test_a_language_that_there_are_no_pages_in_is_refused(client: Client) -> None:
    answer = get(client, "/", lang="fr")
    assert answer.status_code == 400
    assert "There are no pages in 'fr'" in answer.text.replace("&#39;", "'")


# What the data says

THINGS = """\
@prefix : <https://example.org/ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix void: <http://rdfs.org/ns/void#> .
<https://example.org/id/dataset> a void:Dataset ; void:uriSpace "https://example.org/" .
<https://example.org/id/a> a :Thing ; rdfs:label "colour"@en-GB , "barva"@cs ; :motto "Bonjour"@fr ,
    "Ahoj"@cs .
<https://example.org/id/b> a :Thing ; rdfs:label "\u8272"@zh-Hant , "farbe"@de .
<https://example.org/id/c> a :Thing ; rdfs:label "iro"@ja-Latn , "plain" .
<https://example.org/id/d> a :Thing ; rdfs:label "colore"@it , "kleur"@nl .
"""


@pytest.fixture(scope="module")
def things(serve: Serve) -> Site:
    """Four things, each named in two languages."""
    return serve(THINGS)


@pytest.mark.parametrize(
    ("name", "header", "shown", "marked"),
    [
        ("a", "en", "colour", "en-gb"),
        ("a", "ja", "colour", "en-gb"),
        ("a", "cs-CZ", "barva", "cs"),
        ("b", "zh-Hant", "\u8272", "zh-hant"),
        ("b", "zh-TW, de;q=0.5", "\u8272", "zh-hant"),
        ("c", "ja", "plain", "ja"),
        ("c", "ja-Latn", "iro", "ja-latn"),
        ("d", "it-CH", "colore", "it"),
        ("d", "ja, nl;q=0.2", "kleur", "nl"),
    ],
)
def test_a_name_is_shown_in_the_best_language_and_marked_where_that_is_not_the_page_s(
    things: Site, plain_settings: Settings, name: str, header: str, shown: str, marked: str
) -> None:
    """One in no language that is told is not marked."""
    client = Client(create_app(plain_settings, things))
    page = get(client, f"/doc/{name}", language=header).text
    heading = re.search(r"<h1.*?</h1>", page, re.DOTALL)
    assert heading is not None
    language = Page(page).all("html")[0]["lang"]
    assert Texts(f'<html lang="{language}">{heading[0]}</html>').found == [(shown, marked)]


def test_a_text_in_another_language_is_called_by_that_language(
    things: Site, plain_settings: Settings
) -> None:
    client = Client(create_app(plain_settings, things))
    for language, french in (("en", "French"), ("it", "francese"), ("ja", "フランス語")):
        page = get(client, "/doc/a", lang=language).text
        assert f">{french}</span>" in page
        assert re.search(r"<[^>]* lang=\"fr\"[^>]*>Bonjour<", page)
        assert ">cs</span>" in page  # for which we have no name


def test_who_reads_a_language_that_no_page_is_in_is_told_what_is_shown_instead(
    client: Client,
) -> None:
    assert "You read French: names and texts" in get(client, "/", language="fr-FR, en").text
    assert "Leggi francese, tedesco:" in get(client, "/", language="fr, de, it;q=0.5").text
    for header in ("en", "it, fr", "ja-JP", "*", ""):
        page = get(client, "/", language=header).text
        assert not any(told in page for told in ("You read", "Leggi ", "ご希望の言語"))
    assert "You read" not in get(client, "/", language="fr", lang="en").text


LABELS = (
    terms.LABEL,
    terms.SH + "name",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
)


@pytest.mark.parametrize(
    "file",
    sorted([*ROOT.glob("ontology/**/*.ttl"), *ROOT.glob("shapes/*.ttl")]),
    ids=lambda file: file.relative_to(ROOT).as_posix(),
)
def test_every_name_of_a_term_or_a_rule_is_there_in_every_language(file: object) -> None:
    found: dict[tuple[str, str], set[str]] = {}
    for quad in ox.parse(path=str(file), format=ox.RdfFormat.TURTLE, base_iri=BASE):
        if quad.predicate.value in LABELS and isinstance(quad.object, ox.Literal):
            key = (str(quad.subject), quad.predicate.value)
            found.setdefault(key, set()).add(quad.object.language or "")
    missing = {key: tags for key, tags in found.items() if not {"en", "it", "ja"} <= tags}
    assert missing == {}


# Errors


def told(text: str, language: str) -> str:
    """What the program says, on a page in a language."""
    with Flask("test").test_request_context(f"/?lang={language}"):
        return str(phrases.told(text))


def test_an_error_is_told_in_the_language_of_the_page(dataset_client: Client) -> None:
    answer = get(dataset_client, "/id/person/nobody", lang="ja")
    page = Page(answer.text)
    assert answer.status_code == 404
    assert page.text("h1") == "ここには何もありません"
    assert f"<{BASE}id/person/nobody" in page.text("p")
    assert "> については何も記録されていません" in page.text("p")
    answer = get(dataset_client, "/?colour=red", lang="it")
    assert "Questo indirizzo non ha un parametro" in Page(answer.text).text("p")


def test_an_error_of_a_busy_site_is_told_too() -> None:
    fault = too_many("9 of your queries wait already", "send fewer at the same time", 7)
    assert told(fault.title, "it") == "Troppe richieste"
    assert told(fault.detail, "it") == "9 delle tue interrogazioni attendono già"
    assert told(fault.hint, "it").startswith("Torna tra 7 secondi, e inviane meno insieme.")
    assert "しばらく" in told("Try again in a moment.", "ja")


def test_what_has_no_translation_is_marked_as_english() -> None:
    assert told("line 1: <what>?", "ja") == '<span lang="en">line 1: &lt;what&gt;?</span>'
    assert told("line 1: <what>?", "en") == "line 1: &lt;what&gt;?"


def test_what_a_stranger_wrote_is_no_markup_in_a_translation() -> None:
    said = told("Nothing is known of <https://example.org/<b>{0}>", "ja")
    assert said.startswith("&lt;https://example.org/&lt;b&gt;{0}&gt; については")


def test_long_words_of_a_stranger_are_not_compared_at_length() -> None:
    long = "x is given " * 50_000
    began = time.process_time()
    assert told(long, "ja") == f'<span lang="en">{long}</span>'
    assert time.process_time() - began < 1


def test_problem_details_stay_english(client: Client) -> None:
    headers = {"Accept": "application/json", "Accept-Language": "ja"}
    answer = client.get("/id/nobody", headers=headers)
    assert answer.json is not None
    assert answer.json["title"] == "There is nothing here"


# Numbers and dates


def test_numbers_and_dates_are_written_as_the_language_does(dataset_client: Client) -> None:
    triples = int(re.sub(r"\D", "", Page(get(dataset_client, "/").text).text("b")[:6]))
    assert triples > 1000
    for language, shown, day in (
        ("en", f"{triples:,}", r"\d+ [A-Z][a-z]+ 2\d{3}"),
        ("it", f"{triples:,}".replace(",", "."), r"\d+ [a-z]+ 2\d{3}"),
        ("ja", f"{triples:,}", r"2\d{3}年\d+月\d+日"),
    ):
        page = Page(get(dataset_client, "/", lang=language).text)
        assert shown in page.text("b")
        assert re.fullmatch(day, page.text("time"))


# The scripts of the query page


def test_the_scripts_speak_the_language_of_the_page(tab: Tab, address: str, bundle: None) -> None:
    query = quote("SELECT * { ?s a ?class } LIMIT 3")
    for language in OTHERS:
        tab.go(f"{address}/sparql?lang={language}&query={query}")
        tab.until("document.querySelector('query-history summary') !== null")
        tab.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
        lines = set(tab.run("document.body.innerText").split("\n"))
        said = {text for text, row in phrases.table().items() if row.get("script")}
        same = {text for text in said if phrases.table()[text][language] == text}
        assert lines & (said - same) == set()
        assert phrases.table()["Tidy up"][language] in lines
        links = tab.run("[...document.querySelectorAll('query-history a')].map(one => one.href)")
        assert all(f"lang={language}" in one for one in links)
