"""Checking data over HTTP: the page, with scripts and without, and the same for programs."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from werkzeug.test import Client, EnvironBuilder

from chromium import Chromium, Tab
from conftest import BROKEN_RULES, Page, Served, soon
from foedera import service, starter, terms
from foedera.check import codes
from foedera.settings import Settings
from foedera.web import create_app
from test_service import children

PREFIXES = """\
@prefix : <https://example.org/ns#> .
@prefix book: <https://example.org/id/book/> .
@prefix person: <https://example.org/id/person/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""

BOTCHAN = 'book:botchan a :Book ; rdfs:label "Botchan"@en ; :writtenBy '

GOOD = PREFIXES + BOTCHAN + "person:natsume-soseki ."

BAD = PREFIXES + BOTCHAN.replace(" ; ", " ;\n    ") + "book:kokoro .\n"
"""The fault stands in line 7, from column 16."""

NAMELESS = PREFIXES + "book:botchan a :Book ; :writtenBy person:natsume-soseki ."

SLOW = """
PREFIX : <https://example.org/ns#>
SELECT ?focus WHERE {
    ?focus :code ?code .
    ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o .
    FILTER(CONCAT(STR(?a), STR(?d), STR(?g), STR(?j), STR(?m)) = "never")
}
"""
"""A query of the publication that takes for ever where something has a code."""

ENDLESS = PREFIXES + 'book:kokoro :code "K1" .'

SECONDS = 3.0
"""What a check may take on the site of these tests."""

_CLIENTS = count(1)


@dataclass(frozen=True)
class Reply:
    status: int
    media_type: str
    headers: Mapping[str, str]
    text: str
    seconds: float

    @property
    def codes(self) -> list[str]:
        """The codes of the findings, in a report as JSON."""
        return [one["code"] for one in json.loads(self.text)["findings"]]


class Site(Served):
    """The books, with a rule that can be made to take for ever; each request is a new client's."""

    def __init__(self, folder: Path) -> None:
        starter.new(folder / "books")
        queries = folder / "books" / "shapes" / "hygiene"
        queries.mkdir()
        (queries / "slow.rq").write_text(SLOW, encoding="utf-8")
        self.state = folder / "state"
        program = Path(sys.executable).with_name("foedera")
        settings = {
            "FOEDERA_CHECK_SECONDS": str(SECONDS),
            "FOEDERA_CHECK_QUEUE": "1",
            "FOEDERA_CLIENT_SECONDS": "2",
            "FOEDERA_QUERY_SECONDS": "1",
            "FOEDERA_FRONTS": "1",
            "FOEDERA_TRUSTED_PROXY": "127.0.0.1",
        }
        super().__init__(program, "serve", "--state", self.state, cwd=folder / "books", **settings)
        assert soon(lambda: len(self.workers()) == 3), self.said()
        self.first = self.workers()

    def ask(
        self,
        path: str = "check",
        body: bytes | str | None = None,
        media_type: str = "text/turtle",
        accept: str = "application/json",
        client: str = "",
        **headers: str,
    ) -> Reply:
        """The answer to a GET, or to the POST of a body."""
        sent = {
            "Accept": accept,
            "X-Forwarded-For": client or f"10.0.{next(_CLIENTS)}.1",
            **({"Content-Type": media_type} if body is not None else {}),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        data = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(self.url + path, data, sent)
        begun = time.monotonic()
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as fault:
            answer = fault
        with answer:
            text = answer.read().decode("utf-8", "replace")
            kind = answer.headers.get_content_type()
            took = time.monotonic() - begun
            return Reply(answer.status, kind, dict(answer.headers), text, took)

    def form(self, path: str = "check", accept: str = "text/html", **fields: object) -> Reply:
        """The answer to the form: a text is a field, bytes with a name a file."""
        builder = EnvironBuilder(method="POST", content_type="multipart/form-data")
        for name, values in fields.items():
            for value in values if isinstance(values, list) else [values]:
                if isinstance(value, tuple):
                    builder.files.add_file(name, io.BytesIO(value[1]), value[0])
                else:
                    builder.form.add(name, str(value))
        environ = builder.get_environ()
        body = environ["wsgi.input"].read()
        return self.ask(path, body, environ["CONTENT_TYPE"], accept)

    def workers(self) -> set[int]:
        """The workers that answer calls: those who have the nursery for a parent."""
        return {below for one in children(self.process.pid) for below in children(one)}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    served = Site(tmp_path_factory.mktemp("check"))
    yield served
    served.close()


# For programs


def test_who_looks_at_the_page_has_a_worker_made_ready(served: Site) -> None:
    """Not before: what runs the shapes takes its memory, and many sites are never asked."""
    assert len(served.first) == 3
    assert served.workers() == served.first
    served.ask(accept="text/html")
    assert len(served.workers()) == 4


def test_a_finding_has_its_line_and_column_and_its_code(served: Site) -> None:
    answer = served.ask("check?name=botchan.ttl", BAD)
    report = json.loads(answer.text)
    (found,) = [one for one in report["findings"] if one["severity"] == "violation"]
    assert (answer.status, report["conforms"]) == (200, False)
    assert (found["file"], found["line"], found["column"]) == ("botchan.ttl", 7, 16)
    assert (found["code"], found["standing"]) == ("shape-class", "introduced")


def test_what_conforms_is_said_to_conform_with_the_release_that_it_was_checked_with(
    served: Site,
) -> None:
    report = json.loads(served.ask(body=GOOD).text)
    assert report["conforms"]
    assert report["against"] in served.ask("", accept="text/html").text


def test_alone_what_is_published_is_not_there(served: Site) -> None:
    report = json.loads(served.ask("check?alone=true", GOOD).text)
    assert not report["conforms"]
    assert report["against"] == ""


@pytest.mark.parametrize(
    ("accept", "name", "media_type"),
    [
        ("application/json", "json", "application/json"),
        ("*/*", "json", "application/json"),
        ("text/turtle", "ttl", "text/turtle"),
        ("application/sarif+json", "sarif", "application/sarif+json"),
        ("application/xml", "junit", "application/xml"),
        ("text/csv", "csv", "text/csv"),
        ("text/plain", "txt", "text/plain"),
        ("text/html", "html", "text/html"),
    ],
)
def test_the_report_comes_as_it_is_asked_for(
    served: Site, accept: str, name: str, media_type: str
) -> None:
    by_accept = served.ask(body=BAD, accept=accept)
    by_name = served.ask(f"check?format={name}", BAD, accept="image/png")
    for answer in (by_accept, by_name):
        assert (answer.status, answer.media_type) == (200, media_type)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "shape-class" in answer.text


def test_each_format_is_what_it_says(served: Site) -> None:
    text = {name: served.ask(f"check?format={name}", BAD).text for name in ("ttl", "sarif", "csv")}
    assert any(
        quad.predicate.value == terms.SH + "conforms"
        for quad in ox.parse(text["ttl"], format=ox.RdfFormat.TURTLE)
    )
    assert json.loads(text["sarif"])["version"] == "2.1.0"
    assert len(list(csv.reader(io.StringIO(text["csv"])))) > 1
    ET.fromstring(served.ask("check?format=junit", BAD).text)


def test_several_files_are_one_contribution(served: Site) -> None:
    author = PREFIXES + 'person:mori-ogai a :Author ; rdfs:label "Mori Ōgai"@en .'
    book = PREFIXES + BOTCHAN + "person:mori-ogai ."
    both = [("author.ttl", author.encode()), ("book.ttl", book.encode())]
    assert json.loads(served.form(accept="application/json", file=both).text)["conforms"]
    assert not json.loads(served.form(accept="application/json", file=both[1:]).text)["conforms"]


def test_two_files_of_one_name_are_told_apart(served: Site) -> None:
    bad = BAD.encode()
    answer = served.form(accept="application/json", file=[("a/x.ttl", bad), ("b/x.ttl", bad)])
    files = {one["file"] for one in json.loads(answer.text)["findings"]}
    assert files <= {"x.ttl", "x.ttl (2)"}


@pytest.mark.parametrize(
    ("name", "media_type", "fmt"),
    [
        ("b.nt", "text/plain", ox.RdfFormat.N_TRIPLES),
        ("b.rdf", "application/octet-stream", ox.RdfFormat.RDF_XML),
        ("", "application/ld+json", ox.RdfFormat.JSON_LD),
        ("", "text/xml", ox.RdfFormat.RDF_XML),
        ("", "application/trig", ox.RdfFormat.TRIG),
    ],
)
def test_the_format_is_told_by_the_type_or_by_the_name(
    served: Site, name: str, media_type: str, fmt: ox.RdfFormat
) -> None:
    quads = list(ox.parse(NAMELESS, format=ox.RdfFormat.TURTLE))
    body = ox.serialize(quads, format=fmt)
    answer = served.ask(f"check?name={name}", body, media_type)
    assert "shape-min-count" in answer.codes, answer.text


@pytest.mark.parametrize(
    ("status", "path", "body", "media_type", "encoding"),
    [
        (415, "check", "a=1", "application/x-www-form-urlencoded", "identity"),
        (415, "check", "{}", "application/sparql-query", "identity"),
        (415, "check", GOOD, "text/turtle; charset=latin1", "identity"),
        (415, "check", GOOD, "text/turtle", "gzip"),
        (413, "check", "#" * 2_100_000, "text/turtle", "identity"),
        (413, "check", "#" * 3_000_000, "text/turtle", "identity"),
        (400, "check", " \n", "text/turtle", "identity"),
        (400, "check?shapes=x", GOOD, "text/turtle", "identity"),
        (400, "check?type=docx", GOOD, "text/turtle", "identity"),
        (406, "check?format=docx", GOOD, "text/turtle", "identity"),
    ],
)
def test_what_cannot_be_checked_is_refused_with_the_reason(
    served: Site, status: int, path: str, body: str, media_type: str, encoding: str
) -> None:
    answer = served.ask(path, body, media_type, Content_Encoding=encoding)
    assert answer.status == status
    assert "conforms" not in answer.text


def test_nothing_that_is_sent_is_kept(served: Site) -> None:
    mark = "marked-by-this-very-test"
    served.form(text=f'{GOOD}\nbook:kokoro rdfs:comment "{mark}" .')
    query = f'sparql?query=ASK{{?s?p%20"{mark}"}}'
    assert '"boolean":false' in served.ask(query).text.replace(" ", "")
    for path in served.state.rglob("*"):
        assert not path.is_file() or mark.encode() not in path.read_bytes(), path


# What goes wrong


def test_a_check_past_its_time_is_ended_and_its_outcome_not_known(served: Site) -> None:
    answer = served.ask(body=ENDLESS, accept="text/plain")
    assert answer.status == 503
    assert "not known" in answer.text
    assert SECONDS < answer.seconds < SECONDS + 2


@contextlib.contextmanager
def endless(served: Site, count: int = 1) -> Iterator[list[Reply]]:
    """While so many checks take for ever, one after the other; at the end their workers are killed,
    and what was answered is there."""
    served.ask(body=GOOD)  # there is a worker, that has read what it needs
    answers: list[Reply] = []
    begun = [
        threading.Thread(target=lambda: answers.append(served.ask(body=ENDLESS)))
        for _ in range(count)
    ]
    for one in begun:
        one.start()
    time.sleep(0.5)
    yield answers
    while any(one.is_alive() for one in begun):
        for worker in served.workers() - served.first:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        time.sleep(0.2)


def test_the_page_of_a_check_past_its_time_keeps_the_text(served: Site) -> None:
    answer = served.form(text=ENDLESS)
    page = Page(answer.text)
    assert answer.status == 503
    assert "not known" in page.text("pre")
    assert page.text("textarea").strip() == ENDLESS
    assert not [one for one in page.all("h2") if "verdict" in one.get("class", "")]


def test_while_a_check_takes_its_time_pages_and_queries_are_answered_at_once(served: Site) -> None:
    with endless(served):
        for path in ("doc/book/kokoro", "sparql?query=ASK{}", "check/codes"):
            assert served.ask(path, accept="*/*").seconds < 1, path


def test_when_too_many_wait_the_next_one_is_told_so(served: Site) -> None:
    with endless(served, 2):
        answer = served.ask(body=GOOD)
    assert answer.status == 503
    assert "checks are being answered" in answer.text
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_check_whose_worker_is_killed_ends_with_an_error_and_the_next_one_works(
    served: Site,
) -> None:
    with endless(served) as answers:
        pass
    assert answers[0].status in (500, 503)
    assert "not known" in answers[0].text
    assert json.loads(served.ask(body=GOOD).text)["conforms"]


def test_checks_count_in_what_a_client_may_have(served: Site) -> None:
    first, last = (served.ask(body=text, client="10.9.9.9") for text in (ENDLESS, GOOD))
    assert first.status == 503
    assert last.status == 429
    assert int(last.headers["Retry-After"]) > 0


BOMB = (
    '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefg", "bcdefgh", strict=True))
    + ']><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'rdf:about="urn:x"><p xmlns="urn:">&h;</p></rdf:Description></rdf:RDF>'
)

SHAPE = (
    PREFIXES
    + """@prefix sh: <http://www.w3.org/ns/shacl#> .
<urn:shape> a sh:NodeShape ; sh:targetClass :Book ;
    sh:property [ sh:path rdfs:label ; sh:pattern "^(a+)+$" ] .
"""
    + f'book:botchan a :Book ; rdfs:label "{"a" * 60}!" ; :writtenBy person:natsume-soseki .'
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deep.ttl", PREFIXES + "book:x :p " + "[ :p " * 20_000),
        ("lists.ttl", PREFIXES + "book:x :p " + "(" * 20_000),
        ("brackets.ttl", "[" * 1_000_000),
        ("brackets.jsonld", "[" * 1_000_000),
        ("deep.jsonld", '{"@graph":' * 50_000),
        ("quotes.ttl", '"' * 1_000_000),
        ("line.ttl", PREFIXES + "book:x :p " + "1 , " * 200_000),
        ("deep.rdf", "<a>" * 100_000),
        ("shape.ttl", SHAPE),
        ("bomb.rdf", BOMB),
        ("remote.jsonld", '{"@context": "http://127.0.0.1:9/c.jsonld", "@id": "urn:x", "p": 1}'),
        ("file.rdf", BOMB.replace('"aaaaaaaaaa"', 'SYSTEM "file:///etc/passwd"')),
        ("zeros.nt", "\0" * 500_000),
    ],
    ids=lambda value: value if len(value) < 20 else "",
)
def test_what_is_hostile_is_answered_in_words_and_nobody_else_waits(
    served: Site, name: str, text: str
) -> None:
    found: list[Reply] = []
    path = f"check?name={name}"
    body = threading.Thread(target=lambda: found.append(served.ask(path, text, "text/plain")))
    body.start()
    while body.is_alive():
        assert served.ask("doc/book/kokoro").seconds < 2
        time.sleep(0.1)
    (answer,) = found
    assert answer.status in (200, 413) or "is not known" in answer.text, answer.text
    assert "root:" not in answer.text
    if answer.status == 200 and name != "shape.ttl":
        assert not json.loads(answer.text)["conforms"]
    elif answer.status == 200:
        assert json.loads(answer.text)["conforms"], answer.text


def test_shapes_in_what_is_sent_are_data_and_the_report_says_so(served: Site) -> None:
    told = served.ask(body=SHAPE, accept="text/html").text
    assert "data like any other: not run" in told
    assert "data like any other: not run" not in served.ask(body=GOOD, accept="text/html").text


def test_shapes_of_strangers_are_not_run(served: Site) -> None:
    answer = served.form(text=GOOD, shapes=("own.ttl", OWN.encode()))
    assert answer.status == 403
    assert "FOEDERA_CHECK_SHAPES=1" in answer.text


OWN = (
    PREFIXES
    + """@prefix sh: <http://www.w3.org/ns/shacl#> .
<urn:own> a sh:NodeShape ; sh:targetClass :Book ; sh:property [ sh:path :pages ; sh:minCount 1 ] .
"""
)


@pytest.fixture(scope="module")
def open_client(site: service.Site, plain_settings: Settings) -> Iterator[Client]:
    """A client of a site where shapes of strangers are run."""
    settings = replace(plain_settings, check_shapes=1)
    with service.local(settings, site.live.release) as own:
        yield Client(create_app(settings, own))


def against_own(client: Client, shapes: str) -> Any:
    return client.post(
        "/check?format=json",
        data={"text": GOOD, "shapes": (io.BytesIO(shapes.encode()), "own.ttl")},
        content_type="multipart/form-data",
    )


def test_where_they_are_allowed_they_are_run_in_the_place_of_the_publications(
    open_client: Client,
) -> None:
    answer = against_own(open_client, OWN)
    (found,) = [one for one in answer.json["findings"] if one["focus"].endswith("/botchan")]
    assert found["path"] == "https://example.org/ns#pages"


@pytest.mark.parametrize(
    "more",
    [
        'sh:sparql [ sh:select "SELECT $this { $this ?p ?o }" ]',
        'sh:js [ sh:jsFunctionName "f" ]',
        "sh:rule [ a sh:TripleRule ]",
        'sh:target [ sh:select "SELECT ?this { ?this ?p ?o }" ]',
        "sh:expression [ sh:path :pages ]",
    ],
)
def test_what_is_a_program_in_them_is_refused(open_client: Client, more: str) -> None:
    answer = against_own(open_client, f"{OWN} <urn:own> {more} .")
    assert answer.status_code == 400
    assert "SHACL Core" in answer.json["hint"]


def test_what_was_hostile_has_left_the_site_whole(served: Site) -> None:
    assert json.loads(served.ask(body=GOOD).text)["conforms"]
    assert served.process.poll() is None


# The page as HTML


def test_the_form_works_without_anything_else(served: Site) -> None:
    page = Page(served.ask(accept="text/html").text)
    _, form = page.all("form")  # the first is that of the search
    assert (form["method"], form["enctype"]) == ("post", "multipart/form-data")
    assert form["action"] == "/check#report"
    names = {one.get("name") for kind in ("input", "textarea", "select") for one in page.all(kind)}
    assert names == {"q", "text", "name", "file", "type", "alone"}
    assert "multiple" in next(one for one in page.all("input") if one.get("type") == "file")
    assert "Nothing that you send is kept" in page.text("p")


def test_what_was_written_comes_back_with_the_report(served: Site) -> None:
    page = Page(served.form(text=BAD.replace("\n", "\r\n"), name="").text)
    assert page.text("textarea") == "\n" + BAD
    assert page.text("h2").startswith("Does not conform")
    assert "book:kokoro" in page.text("mark")


def test_a_file_comes_back_as_a_box_of_its_name_to_be_checked_again(served: Site) -> None:
    page = Page(served.form(file=("botchan.ttl", BAD.encode())).text)
    assert page.text("textarea") == "\n" + BAD
    (name,) = [one["value"] for one in page.all("input") if one.get("name") == "name"]
    assert name == "botchan.ttl"
    again = served.form(accept="application/json", text=BAD, name=name)
    assert {one["file"] for one in json.loads(again.text)["findings"]} == {"botchan.ttl"}


def test_a_file_that_is_no_text_is_named_instead(served: Site) -> None:
    page = Page(served.form(file=("old.ttl", GOOD.encode("utf-16"))).text)
    assert "Choose again" in page.text("p")
    assert "old.ttl" in page.text("p")


def test_findings_of_one_rule_stand_together_and_its_words_once(served: Site) -> None:
    text = PREFIXES + "book:one a :Book . book:two a :Book ."
    page = served.form(text=text).text
    groups = re.findall(r'<details class="group violation".*?</details>', page, re.DOTALL)
    heads = [
        re.findall('<span class="message">(.*?)</span>', one.partition("<ol>")[0]) for one in groups
    ]
    assert len(groups) == len({str(one) for one in heads}) == 2  # a name, and who wrote it
    for one in groups:
        assert one.count("<li id=") == 2
        assert 'data-code="shape-min-count"' in one
        assert '<p class="message">' not in one


def test_a_published_thing_is_a_link_and_a_new_one_is_not(served: Site) -> None:
    text = PREFIXES + "book:kokoro :writtenBy book:kokoro . book:new a :Book ."
    addresses = Page(served.form(text=text).text).addresses()
    assert "/doc/book/kokoro" in addresses
    assert "/doc/book/new" not in addresses


def test_the_report_is_in_the_language_of_the_page(served: Site) -> None:
    page = Page(served.form("check?lang=it", text=NAMELESS).text)
    assert page.text("h2").startswith("Non conforme")
    assert codes.CODES["shape-min-count"].title["it"] in page.text("span")
    assert {"action": "/check?lang=it#report"}.items() <= page.all("form")[1].items()


def test_in_japanese_what_the_findings_say_is_marked_as_english(served: Site) -> None:
    page = Page(served.form("check?lang=ja", text=NAMELESS).text)
    assert page.text("h2").startswith("不適合")
    assert {"lang": "en"} in page.all("span")


def test_markup_in_what_is_sent_stays_text(served: Site) -> None:
    text = PREFIXES + 'book:x a :Book ; rdfs:label "<script>alert(1)</script></textarea>" .'
    answer = served.form(text=text, file=("<b>.ttl", BAD.encode()))
    page = Page(answer.text)
    assert not page.all("b")
    assert all("src" in one for one in page.all("script"))


def test_the_report_is_taken_as_a_file_by_a_button_of_the_form(served: Site) -> None:
    page = Page(served.form(text=BAD).text)
    buttons = [one for one in page.all("button") if one.get("name") == "format"]
    assert {one["value"] for one in buttons} == {"json", "ttl", "sarif", "junit", "csv", "txt"}
    assert {one["form"] for one in buttons} == {page.all("form")[1]["id"]}
    answer = served.form(text=BAD, format="sarif")
    assert answer.media_type == "application/sarif+json"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="report.sarif"'


# The codes


@pytest.mark.parametrize("slug", codes.CODES)
def test_each_code_has_a_page(client: Client, slug: str) -> None:
    code = codes.CODES[slug]
    for language in ("en", "it"):
        answer = client.get(f"/check/codes/{slug}?lang={language}", headers={"Accept": "text/html"})
        page = Page(answer.text)
        assert page.text("h1") == code.title[language]
        assert code.wrong.strip() in page.text("code")
        assert code.right.strip() in page.text("code")
    assert json.loads(client.get(f"/check/codes/{slug}?format=json").text)["code"] == slug


def test_the_list_of_codes_leads_to_all_of_them(client: Client) -> None:
    page = Page(client.get("/check/codes", headers={"Accept": "text/html"}).text)
    assert {f"/check/codes/{slug}" for slug in codes.CODES} <= set(page.addresses())
    headings = {
        language: Page(client.get(f"/check/codes?lang={language}").text).text("h2")
        for language in ("en", "it", "ja")
    }
    assert "The shapes themselves" in headings["en"]
    assert "Le shape stesse" in headings["it"]
    assert "シェイプそのもの" in headings["ja"]
    listed = client.get("/check/codes?format=json").json
    assert listed is not None
    assert {one["code"] for one in listed["codes"]} == set(codes.CODES)


def test_a_code_that_is_none_is_not_found(client: Client) -> None:
    assert client.get("/check/codes/nothing-of-this-name").status_code == 404


# In a browser

MANY = PREFIXES + "".join(
    f"book:n{n} a :Book ;\n    :writtenBye person:natsume-soseki .\n" for n in range(150)
)
"""450 findings: a name and an author are missing, and there is no such property."""


def as_a_new_client(tab: Tab) -> None:
    headers = {"X-Forwarded-For": f"10.0.{next(_CLIENTS)}.1"}
    tab.call("Network.setExtraHTTPHeaders", headers=headers)


@pytest.fixture
def tab(browser: Chromium) -> Iterator[Tab]:
    tab = browser.open(width=1400)
    as_a_new_client(tab)
    yield tab
    assert tab.faults() == []
    tab.close()


def check(tab: Tab, served: Site, text: str, language: str = "en") -> None:
    """Fill the form by script, which the browser does with scripts of pages off too; send it."""
    tab.go(f"{served.url}check?lang={language}")
    tab.run(f"document.querySelector('textarea').value = {json.dumps(text)}; true")
    loads = len(tab.events("Page.loadEventFired"))
    tab.run("document.querySelector('#check button').click()")
    tab.until(lambda: len(tab.events("Page.loadEventFired")) > loads, "the report")


SEEN = """[...document.querySelectorAll(".group > ol > li")]
    .filter(one => one.checkVisibility()).length"""


def test_without_scripts_findings_are_grouped_and_sifted(browser: Chromium, served: Site) -> None:
    tab = browser.open()
    as_a_new_client(tab)
    tab.without_scripts()
    check(tab, served, MANY)
    assert tab.run("document.querySelector('#verdict').innerText") == "Does not conform"
    groups = tab.run("document.querySelectorAll('details.group').length")
    assert 2 <= groups <= 6
    shown = tab.run("document.querySelectorAll('.group > ol > li').length")
    assert 290 < shown <= 300
    tab.run("document.querySelectorAll('.group').forEach(one => { one.open = true })")
    assert tab.run(SEEN) == shown
    assert "more of this kind are in the files below" in tab.run("document.body.innerText")
    tab.run("document.querySelector('.sieve [value=violation]').click()")
    assert 0 < tab.run(SEEN) < 200
    assert not tab.run("document.querySelector('.copy')?.checkVisibility()")
    tab.close()


def test_a_line_of_the_report_selects_its_place_in_the_text(tab: Tab, served: Site) -> None:
    text = PREFIXES + BOTCHAN.replace("Botchan", "📚") + "book:kokoro ."
    check(tab, served, "#" * 300 + "\n" * 80 + text)
    tab.run("document.querySelector('.where a').click()")
    box = "document.querySelector('textarea')"
    assert tab.run(f"{box} === document.activeElement")
    assert tab.run(f"{box}.value.slice({box}.selectionStart, {box}.selectionEnd)") == "book:kokoro"
    assert tab.run(f"{box}.scrollTop") > 500


def test_one_kind_of_finding_is_seen_alone_at_once(tab: Tab, served: Site) -> None:
    check(tab, served, MANY)
    kind = "document.querySelector('label.of select')"
    assert tab.run("document.querySelectorAll('.group[open]').length") == 0
    tab.run(f"{kind}.value = 'shape-min-count'; {kind}.dispatchEvent(new Event('change'))")
    seen = tab.run(
        """[...document.querySelectorAll(".group")].filter(one => one.checkVisibility())
            .map(one => one.dataset.code)"""
    )
    assert set(seen) == {"shape-min-count"}
    assert tab.run(SEEN) > 0


def test_all_groups_open_and_close_with_one_button(tab: Tab, served: Site) -> None:
    check(tab, served, MANY)
    tab.run("document.querySelector('button.all').click()")
    assert tab.run(SEEN) > 290
    tab.until("document.querySelector('button.all').innerText === 'Close all'")
    tab.run("document.querySelector('button.all').click()")
    assert tab.run(SEEN) == 0


def test_by_keyboard_a_text_is_sent_from_its_box(tab: Tab, served: Site) -> None:
    tab.go(f"{served.url}check")
    tab.run(f"document.querySelector('textarea').value = {json.dumps(GOOD)}; true")
    tab.run("document.querySelector('textarea').focus()")
    tab.press("Control+Enter")
    tab.until("document.querySelector('#verdict')?.innerText === 'Conforms'")


def test_the_report_is_for_all_eyes_and_screens(tab: Tab, served: Site, axe: str) -> None:
    for language in ("en", "ja"):
        check(tab, served, MANY[:1000], language)
        tab.run(axe + ";true")
        tab.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
        for scheme, width in (("light", 1400), ("dark", 360)):
            tab.scheme(scheme)
            tab.size(width, 800)
            assert tab.run(BROKEN_RULES) == [], (language, scheme, width)
            assert tab.run("document.documentElement.scrollWidth") == width


def test_a_report_of_300_findings_is_no_heavy_page(tab: Tab, served: Site) -> None:
    check(tab, served, MANY)
    assert tab.run("document.documentElement.outerHTML.length") < 500_000


def test_the_browser_asks_nobody_else(tab: Tab, served: Site) -> None:
    check(tab, served, BAD)
    with contextlib.suppress(AssertionError):
        tab.until("false", seconds=0.2)
    assert [one for one in tab.addresses() if not one.startswith((served.url, "data:"))] == []
