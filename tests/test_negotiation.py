"""Negotiation: our choice is that of RFC 9110, and no cache gives anybody another's answer."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from werkzeug.datastructures import Headers
from werkzeug.http import http_date, parse_date
from werkzeug.test import Client, TestResponse

from conftest import Page, Publish, Serve
from foedera import formats, service, settings, terms
from foedera.describe import OFFERED
from foedera.errors import NotAPublication
from foedera.formats import GRAPHS, HTML, PROFILES, RESULTS, Format, pick
from foedera.service import Site
from foedera.settings import Mode, Settings
from foedera.web import create_app

KOKORO = "/doc/book/kokoro"

IN_GRAPHS = pytest.mark.parametrize("fmt", GRAPHS, ids=lambda fmt: fmt.ending)
IN_PROFILES = pytest.mark.parametrize("profile", PROFILES, ids=lambda one: one.token)


# A second reading of RFC 9110, section 12.5.1

SPACE = r"[ \t]*"
TOKEN = r"[-!#$%&'*+.^_`|~A-Za-z0-9]+"
VALUE = rf'(?:{TOKEN}|"(?:[^"\\]|\\.)*")'
PARAMETER = rf"{SPACE};{SPACE}(?:({TOKEN})(?:{SPACE}={SPACE}({VALUE}))?)?"
"""There may be spaces around the equals sign; and a parameter without a value, which older
specifications had, says nothing."""

RANGE = re.compile(rf"{SPACE}({TOKEN}/{TOKEN}|\*)((?:{PARAMETER})*){SPACE}", re.DOTALL)
"""A lone star is ``*/*``: Java's own client sends it."""

WEIGHT = re.compile(r"(?:0|1|(?:0|1)?\.[0-9]+|(?:0|1)\.)")
"""A weight up to 1 may have more than three digits, or none before or after the point."""

MEMBER = re.compile(r'(?:"(?:[^"\\]|\\.)*"?|[^",])+', re.DOTALL)

OURS = {"charset": "utf-8"}
"""All that we send is UTF-8, whether its Content-Type has room to say so or not."""


@dataclass(frozen=True)
class Range:
    name: str
    parameters: dict[str, str]
    weight: float

    def fits(self, fmt: Format) -> bool:
        """Whether it matches; a format's other names must be said in full."""
        main = fmt.media_type.split("/")[0]
        names = {fmt.media_type, *fmt.aliases, f"{main}/*", "*/*"}
        return self.name in names and self.parameters.items() <= OURS.items()

    @property
    def precedence(self) -> tuple[bool, bool, int]:
        return self.name != "*/*", not self.name.endswith("/*"), len(self.parameters)


def ranges(accept: str) -> Iterator[Range]:
    """The members that are media ranges; another is as if it had not been sent, and so is one that
    says a parameter twice."""
    for member in MEMBER.findall(accept):
        found = RANGE.fullmatch(member)
        if found is None or re.match(r"\*/(?!\*\Z)", found[1]):
            continue
        said = [(key.lower(), value) for key, value in re.findall(PARAMETER, found[2], re.DOTALL)]
        names = [key for key, _ in said if key]
        weights = [value for key, value in said if key == "q"]
        if len(names) > len(set(names)) or not all(map(WEIGHT.fullmatch, weights)):
            continue
        weight = float(weights[0]) if weights else 1.0
        plain = {
            key: re.sub(r"\\(.)", r"\1", value[1:-1]) if value[0] == '"' else value
            for key, value in said
            if value and key != "q"
        }
        if "charset" in plain:
            plain["charset"] = plain["charset"].lower()
        if weight <= 1:
            yield Range("*/*" if found[1] == "*" else found[1].lower(), plain, weight)


def best(sent: Sequence[Range], offered: Sequence[Format]) -> Format | None:
    weighed = []
    for fmt in offered:
        matching = [(one.precedence, one.weight) for one in sent if one.fits(fmt)]
        weighed.append(max(matching)[1] if matching else 0.0)
    return offered[weighed.index(max(weighed))] if any(weighed) else None


def by_the_rfc(accept: str, offered: Sequence[Format]) -> Format | None:
    """What RFC 9110 sends. What it leaves open, and we settle:

    - who accepts two formats alike gets the one that is offered first;
    - of a range that stands twice, the greater weight counts;
    - a header without a letter is none;
    - a format may have other names;
    - a parameter that nothing of ours has matches nothing; where that would leave the client with
      nothing at all, it is passed over.
    """
    if not accept.strip():
        return offered[0]
    sent = list(ranges(accept))
    passed_over = [
        replace(one, parameters=dict(one.parameters.items() & OURS.items())) for one in sent
    ]
    return best(sent, offered) or best(passed_over, offered)


NAMES = (
    *(name for fmt in (*OFFERED, *RESULTS) for name in (fmt.media_type, *fmt.aliases)),
    *("text/*", "application/*", "*/*", "image/*", "*", "image/png", "text/n3", "TEXT/Turtle"),
    *("*/turtle", "text", "text/", "/", "", "te xt/turtle", "text/turtle/x", "naïve/turtle"),
)
PARAMETERS = (
    *("charset=utf-8", "charset=UTF-8", 'charset="utf-8"', "charset=latin1", "level=1", "ext", ""),
    *('profile="http://a.example/x,y;z"', r'profile="a\"b,text/html"', "profile=x", 'a=""'),
    *("version=1.2", "=", "a=b=c", 'a="open', "charset", "a = b", " charset = utf-8"),
)
WEIGHTS = (
    *("q=1", "q=0", "q=0.5", "q=0.25", "Q=0.75", "q=0.001", "q=1.000", "q=0.9", "q=0.000"),
    *("q=.5", "q=1.", "q = 0.5", "q=0.12345", "q=1.5", "q=2", "q=-1", "q=nan", "q=high", "q="),
    *('q="0.5"', "q", "q=0.5;q=0.6", "q=1e3", "q=0,5", "q=00.5"),
)


def random_accept(chance: random.Random) -> str:
    """A header as clients send it, or as nobody should."""

    def space() -> str:
        return chance.choice(("", "", "", " ", "\t", "  "))

    members = []
    for _ in range(chance.choice((0, 1, 1, 2, 3, 4, 6, 12))):
        pieces = [chance.choice(NAMES)]
        if chance.random() < 0.3:
            pieces += chance.choices(PARAMETERS, k=chance.choice((1, 1, 2)))
        if chance.random() < 0.7:
            known = chance.random() < 0.8
            weight = chance.choice(WEIGHTS[:9] if known else WEIGHTS)
            pieces.insert(len(pieces) if chance.random() < 0.9 else 1, weight)
        members.append(space() + f"{space()};{space()}".join(pieces) + space())
    lines = [",".join(members[:2]), ",".join(members[2:])]
    accept = ", ".join(lines) if len(members) > 2 else lines[0]  # as HTTP joins several lines
    if accept and chance.random() < 0.15:  # something is broken on the way
        place = chance.randrange(len(accept))
        accept = accept[:place] + chance.choice(',;"\\=/* q0.') + accept[place + 1 :]
    return accept


def test_five_thousand_random_headers_are_answered_as_the_rfc_has_it() -> None:
    chance = random.Random(9110)
    seen: set[Format | None] = set()
    for _ in range(5000):
        accept = random_accept(chance)
        everything = chance.choice((OFFERED, GRAPHS, RESULTS, (*RESULTS, *GRAPHS, HTML)))
        offered = chance.sample(everything, chance.randint(1, len(everything)))
        expected = by_the_rfc(accept, offered)
        assert expected == pick(accept, offered), (accept, offered)
        seen.add(expected)
    assert seen == {None, *OFFERED, *RESULTS}


@pytest.mark.parametrize(
    ("accept", "media_types"),
    [
        ("text/html;q=0.9, text/html;level=1;q=0.1", ["text/html"]),
        ("audio/*; q=0.2, audio/basic", ["audio/basic", "audio/mp3"]),
        ("text/plain; q=0.5, text/html, text/x-dvi; q=0.8, text/x-c", ["text/html", "text/x-c"]),
        (
            "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, */*;q=0.5",
            ["text/plain", "image/jpeg", "text/html"],
        ),
    ],
)
def test_both_readings_know_the_examples_of_the_rfc(accept: str, media_types: list[str]) -> None:
    offered = [Format(name, name, name) for name in media_types]
    for order in (offered, offered[::-1]):
        assert by_the_rfc(accept, order) == pick(accept, order)
        assert by_the_rfc(accept, order) is (offered[0] if "text/x-c" not in accept else order[0])


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/turtle;charset=utf-8;q=0.1, text/turtle, application/n-triples;q=0.5", "nt"),
        ("text/turtle;charset=latin1;q=0.1, text/turtle, application/n-triples;q=0.5", "ttl"),
        ("text/turtle;charset=latin1", "ttl"),
        ('application/ld+json;profile="http://a.example/x", */*;q=0.1', "ttl"),
        ('application/ld+json;profile="http://a.example/x"', "jsonld"),
        ('text/html;a="x, text/turtle", application/n-triples;q=0.1', "nt"),
        ('text/html;a="text/turtle', None),
        (r'text/n3;a="\", text/turtle", application/n-quads', "nq"),
    ],
)
def test_parameters_narrow_a_range(accept: str, expected: str | None) -> None:
    found = pick(accept, OFFERED)
    assert expected == (found and found.ending)


def test_a_header_of_a_quarter_million_letters_is_read_in_one_pass() -> None:
    """Which is the longest that comes through the HTTP server."""
    for accept in ('"' * 2 + r"\"" * 125_000, "a/b;" * 62_500, "a/b," * 62_500, '";' * 125_000):
        assert pick(accept, OFFERED) is None
    assert pick('a/b;c="' + r"\"" * 125_000 + '", text/turtle', OFFERED) is formats.TURTLE


def test_several_lines_of_a_header_are_one(client: Client) -> None:
    sent = Headers([("Accept", "text/html;q=0.1"), ("Accept", "application/rdf+xml")])
    assert client.get(KOKORO, headers=sent).mimetype == "application/rdf+xml"


# Profiles

PREFIXES = """
@prefix : <https://parts.example/id/> .
@prefix ex: <https://parts.example/ns#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <http://schema.org/> .
@prefix void: <http://rdfs.org/ns/void#> .
"""
MANY = f"""{PREFIXES}
:dataset a void:Dataset ; void:uriSpace "https://parts.example/" ;
  dcterms:title "Parts" ; dcterms:creator :author ;
  dcterms:license <https://creativecommons.org/publicdomain/zero/1.0/> ;
  void:dataDump <https://parts.example/all.ttl> .
:author rdfs:label "Author" .
:x a ex:Part , schema:Product ; rdfs:label "X" ; ex:next :y ; ex:size [ ex:unit :cm ; ex:is 3 ] .
:y rdfs:label "Y"@en , "ワイ"@ja ; rdfs:comment "The other one." ; ex:next [ ex:next :z ] .
:w ex:next :x ; rdfs:label "W" ; ex:size 4 .
:z rdfs:label "Z" ; rdfs:comment "Two steps away." .
:cm rdfs:label "centimetre" ; ex:is 0.01 .
:lone rdfs:label "Lone" .
ex:next rdfs:label "next" ; rdfs:comment "A property is named, and no more is said of it." .
"""
PARTS = "https://parts.example/"


@pytest.fixture(scope="module")
def parts(serve: Serve) -> Site:
    return serve(MANY)


@pytest.fixture(scope="module")
def asking(parts: Site, plain_settings: Settings) -> Client:
    return Client(create_app(plain_settings, parts))


def told(answer: TestResponse) -> set[str]:
    """The triples of an answer in N-Triples, blank nodes without their names."""
    assert (answer.status_code, answer.mimetype) == (200, "application/n-triples")
    return {re.sub(r"_:\w+", "_:", line) for line in answer.text.splitlines()}


def lines(turtle: str) -> set[str]:
    read = ox.parse(f"{PREFIXES}\n{turtle}", format=ox.RdfFormat.TURTLE)
    return {re.sub(r"_:\w+", "_:", f"{quad.triple} .") for quad in read}


DATA = """:x a ex:Part , schema:Product ; rdfs:label "X" ; ex:next :y ;
    ex:size [ ex:unit :cm ; ex:is 3 ] . :w ex:next :x ."""
NAMES_OF_ALL = """:y rdfs:label "Y"@en , "ワイ"@ja . :w rdfs:label "W" .
    :cm rdfs:label "centimetre" . ex:next rdfs:label "next" ."""
DOCUMENT = """<https://parts.example/doc/x> a <http://xmlns.com/foaf/0.1/Document> ;
    dcterms:isPartOf :dataset ;
    dcterms:license <https://creativecommons.org/publicdomain/zero/1.0/> ;
    <http://xmlns.com/foaf/0.1/primaryTopic> :x ."""
AROUND = """:y rdfs:comment "The other one." ; ex:next [ ex:next :z ] . :w ex:size 4 .
    :cm ex:is 0.01 . :z rdfs:label "Z" ."""


def version(site: Site) -> str:
    name = f"<{PARTS}doc/x> <{terms.OWL}versionInfo>"
    return f'{name} "{site.live.release.id}" .'


def test_data_alone_is_what_is_said_and_what_links_here(asking: Client) -> None:
    assert told(asking.get("/doc/x.nt?profile=data")) == lines(DATA)


def test_by_default_data_comes_with_the_names_of_what_it_mentions(
    asking: Client, parts: Site
) -> None:
    expected = lines(DATA + NAMES_OF_ALL + DOCUMENT) | {version(parts)}
    assert told(asking.get("/doc/x.nt")) == expected
    assert told(asking.get("/doc/x.nt?profile=labels")) == expected


def test_all_is_with_what_is_said_of_each_thing_one_step_away(asking: Client, parts: Site) -> None:
    expected = lines(DATA + NAMES_OF_ALL + DOCUMENT + AROUND) | {version(parts)}
    assert told(asking.get("/doc/x.nt?profile=all")) == expected


def test_schema_is_in_the_words_of_schema_org_alone(asking: Client) -> None:
    answer = asking.get("/doc/x.ttl?profile=schema")
    said = {quad.triple for quad in ox.parse(answer.data, format=ox.RdfFormat.TURTLE)}
    x = ox.NamedNode(PARTS + "id/x")
    assert ox.Triple(x, ox.NamedNode(terms.TYPE), ox.NamedNode(terms.SCHEMA + "Product")) in said
    own = {t.predicate.value for t in said if t.subject == x}
    assert own == {one for one in own if one.startswith((terms.SCHEMA, terms.TYPE))}


@IN_PROFILES
def test_a_profile_is_asked_for_by_token_by_iri_or_by_header(
    asking: Client, profile: formats.Profile
) -> None:
    name = profile.name(PARTS)
    by_token = asking.get(f"/doc/x.ttl?profile={profile.token}")
    by_iri = asking.get(f"/doc/x.ttl?profile={quote(name, safe='')}")
    asked = f"<https://other.example/>;q=0.9, <{name}>;q=0.5, <{PROFILES[1].name(PARTS)}>;q=0.4"
    by_header = asking.get("/doc/x.ttl", headers={"Accept-Profile": asked})
    assert by_token.data == by_iri.data == by_header.data
    for answer in (by_token, by_iri, by_header):
        assert answer.headers["Content-Profile"] == f"<{name}>"
        assert f'<{name}>; rel="profile"' in answer.headers["Link"]
    assert "Vary" not in by_token.headers
    assert by_header.headers["Vary"] == "Accept-Profile"


@pytest.mark.parametrize("spelling", ["http://schema.org/", "https://schema.org"])
def test_schema_org_is_known_by_its_other_spellings(asking: Client, spelling: str) -> None:
    expected = asking.get("/doc/x.ttl?profile=schema")
    asked = quote(spelling, safe="")
    by_header = asking.get("/doc/x.ttl", headers={"Accept-Profile": f"<{spelling}>"})
    assert asking.get(f"/doc/x.ttl?profile={asked}").data == expected.data == by_header.data


@pytest.mark.parametrize("added", ["utm_source=mail", "fbclid=x", "gclid=1&utm_medium=post"])
def test_what_others_add_to_a_link_to_see_who_follows_it_is_passed_over(
    asking: Client, added: str
) -> None:
    for address in ("/doc/x.ttl", "/doc/x.html", "/"):
        assert asking.get(f"{address}?{added}").data == asking.get(address).data
    assert asking.get("/doc/x.ttl?utm=1").status_code == 400


def test_each_profile_has_its_etag_in_each_format(asking: Client) -> None:
    """Also where two profiles have the same to say, since they say what they are."""
    addresses = [
        f"/doc/lone.{fmt.ending}?profile={one.token}" for fmt in GRAPHS for one in PROFILES
    ]
    answers = [asking.get(address) for address in addresses]
    assert len({one.headers["ETag"] for one in answers}) == len(addresses)
    assert len({one.data for one in answers}) < len(addresses)


@pytest.mark.parametrize(
    "accept", ["<https://other.example/>", "data;q=0", "<", '"', ",;,", "", "data;q=high"]
)
def test_a_profile_that_is_not_offered_is_the_default_where_a_header_asks(
    asking: Client, accept: str
) -> None:
    answer = asking.get("/doc/x.nt", headers={"Accept-Profile": accept})
    assert (answer.status_code, answer.data) == (200, asking.get("/doc/x.nt").data)


@pytest.mark.parametrize("accept", ["text/html", "text/turtle", "application/json", "text/plain"])
def test_a_profile_that_is_not_offered_is_a_406_with_the_menu_where_the_address_asks(
    asking: Client, accept: str
) -> None:
    for address in ("/doc/x?profile=most", "/about?iri=https://parts.example/id/x&profile=most"):
        answer = asking.get(address, headers={"Accept": accept})
        assert answer.status_code == 406
        assert answer.mimetype == ("application/problem+json" if "json" in accept else accept)
        for profile in PROFILES:
            assert profile.token in answer.text
    assert asking.get("/id/x?profile=most").status_code == 406


def test_a_profile_is_of_data_and_not_of_pages(asking: Client) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = asking.get("/doc/x?profile=data", headers={"Accept": browser})
    assert answer.mimetype == "application/rdf+xml"
    assert asking.get("/doc/x.html?profile=data").status_code == 406


@IN_PROFILES
@pytest.mark.parametrize("fmt", OFFERED, ids=lambda fmt: fmt.ending)
def test_the_iri_of_each_profile_of_ours_says_what_it_is(
    asking: Client, profile: formats.Profile, fmt: Format
) -> None:
    if profile.iri:  # a standard's own
        assert asking.get(f"/profile/{profile.token}").status_code == 404
        return
    address = profile.name(PARTS).replace(PARTS, "/")
    answer = asking.get(address, headers={"Accept": fmt.media_type})
    assert (answer.status_code, answer.content_type) == (200, fmt.content_type)
    assert profile.label in answer.text
    assert profile.name(PARTS) in answer.text


def test_a_redirect_keeps_profile_and_language(asking: Client) -> None:
    answer = asking.get("/id/x.ttl?profile=all&lang=ja")
    assert answer.headers["Location"] == "/doc/x.ttl?profile=all&lang=ja"


def test_the_first_page_is_the_datasets_in_every_profile(asking: Client) -> None:
    for address in ("/?profile=data&format=nt", "/doc/dataset.nt?profile=data"):
        assert f"<{terms.VOID}dataDump> <{PARTS}all.ttl> ." in asking.get(address).text
    answer = asking.get("/", headers={"Accept": "text/turtle"})
    assert answer.headers["Vary"] == "Accept, Accept-Profile"


def test_of_the_things_around_each_is_given_whole_or_not_at_all(
    serve: Serve, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foedera.describe.EVERYTHING", 7)  # before its workers are born
    client = Client(create_app(plain_settings, serve(MANY)))
    answer = client.get("/doc/x.nt?profile=all")
    assert answer.headers["X-Foedera-Cut"] == "things mentioned"
    said = told(answer)
    about = {
        "y": ':y rdfs:comment "The other one." .',
        "w": ":w ex:size 4 .",
        "cm": ":cm ex:is 0.01 .",
    }
    whole = {name for name, line in about.items() if lines(line) <= said}
    assert 0 < len(whole) < 3
    if "y" in whole:
        assert lines(":y ex:next [ ex:next :z ] .") <= said


@IN_GRAPHS
def test_a_description_has_all_links_however_many_there_are(many: Client, fmt: Format) -> None:
    """More than a page's worker would be let to write while pages wait."""
    answer = many.get(f"/doc/hub.{fmt.ending}?profile=data")
    assert answer.status_code == 200
    assert "X-Foedera-Cut" not in answer.headers
    read = ox.parse(answer.data, format=getattr(ox.RdfFormat, fmt.engine))
    assert len({quad.subject for quad in read}) == 11_001


@pytest.fixture(scope="module")
def many(serve: Serve, plain_settings: Settings) -> Client:
    rows = "\n".join(f":n{n} ex:next :hub ." for n in range(11_000))
    stated = f':d a void:Dataset ; void:uriSpace "{PARTS}" . :hub ex:size 1 .'
    return Client(create_app(plain_settings, serve(f"{PREFIXES}\n{stated}\n{rows}")))


# Modes, headers and links


Ask = dict[str, str]


@pytest.fixture(scope="module")
def modes(parts: Site, plain_settings: Settings) -> dict[Mode, Client]:
    """The same site in each mode."""
    return {
        mode: Client(create_app(replace(plain_settings, entity_mode=mode), parts)) for mode in Mode
    }


def but_for_languages(answer: TestResponse) -> str:
    """The text without the links to other languages, which are beside each address."""
    return re.sub("<link [^>]*hreflang.*", "", answer.text)


def test_by_default_a_thing_leads_to_its_document(asking: Client) -> None:
    answer = asking.get("/id/x", headers={"Accept": "application/n-triples"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/doc/x")


@pytest.mark.parametrize("fmt", OFFERED, ids=lambda fmt: fmt.ending)
def test_a_thing_may_be_answered_with_the_document_itself(
    modes: dict[Mode, Client], fmt: Format
) -> None:
    answer = modes[Mode.OK].get("/id/x", headers={"Accept": fmt.media_type})
    assert (answer.status_code, answer.content_type) == (200, fmt.content_type)
    assert answer.headers["Content-Location"] == f"/doc/x.{fmt.ending}"
    there = modes[Mode.OK].get(answer.headers["Content-Location"])
    assert but_for_languages(there) == but_for_languages(answer)
    assert answer.headers["Vary"] == f"Accept, {there.headers['Vary']}"


@pytest.mark.parametrize("accept", ["data", "labels", "all", "<https://schema.org/>", "unknown"])
@pytest.mark.parametrize("address", ["/doc/x", "/doc/x.nt", "/id/x"])
def test_where_it_is_said_to_be_is_what_was_sent(
    modes: dict[Mode, Client], address: str, accept: str
) -> None:
    """RFC 9110, section 8.7: without what decided it, its address answers with the same."""
    answer = modes[Mode.OK].get(address, headers={"Accept-Profile": accept})
    there = modes[Mode.OK].get(answer.headers["Content-Location"])
    assert (answer.status_code, there.data) == (200, answer.data)
    assert there.headers["Content-Profile"] == answer.headers["Content-Profile"]


@pytest.mark.parametrize(
    ("address", "headers", "expected"),
    [
        ("/id/x", {}, "/doc/x.ttl"),
        ("/doc/x", {"Accept": "application/n-triples"}, "/doc/x.nt"),
        ("/doc/x", {"Accept-Profile": "data"}, "/doc/x.ttl?profile=data"),
        ("/id/x", {"Accept": "text/html", "Accept-Language": "it"}, "/doc/x.html?lang=it"),
        ("/doc/x.html", {"Accept-Language": "de, ja;q=0.1"}, "/doc/x.html?lang=ja"),
        ("/doc/x?lang=ja", {"Accept": "text/html", "Accept-Language": "it"}, "/doc/x.html?lang=ja"),
        ("/doc/x?profile=all", {"Accept-Profile": "data"}, "/doc/x.ttl?profile=all"),
        ("/about?iri=urn:x", {}, None),
        (f"/about?iri={PARTS}id/x", {"Accept": "text/html"}, "/doc/x.html?lang=en"),
        (
            f"/about?iri={PARTS}ns%23Part",
            {},
            f"/about?iri={quote(PARTS, safe='')}ns%23Part&format=ttl",
        ),
        ("/", {"Accept": "text/turtle"}, "/doc/dataset.ttl"),
    ],
)
def test_where_caches_ignore_vary_what_is_chosen_is_said_by_an_address(
    modes: dict[Mode, Client], address: str, headers: Ask, expected: str | None
) -> None:
    answer = modes[Mode.SAFE].get(address, headers=headers)
    if expected is None:
        assert answer.status_code == 404
        return
    assert (answer.status_code, answer.headers["Location"]) == (303, expected)
    assert answer.headers["Cache-Control"] == "no-store"
    there = modes[Mode.SAFE].get(expected, headers=headers)
    assert there.status_code == 200
    assert "Vary" not in there.headers
    assert there.headers["Cache-Control"] == "public, no-cache"


def test_the_mode_must_be_one_that_there_is() -> None:
    with pytest.raises(NotAPublication, match="entity-mode is '302', which is none of 303, 200"):
        settings.load({}, {"FOEDERA_ENTITY_MODE": "302"})


ADDRESSES = (
    *("/", "/?format=ttl", "/id/x", "/id/x.nt", "/doc/x", "/ns", f"/about?iri={PARTS}id/x"),
    *(f"/doc/x.{fmt.ending}" for fmt in OFFERED),
    *(f"/doc/x.nt?profile={profile.token}" for profile in PROFILES),
    *("/doc/x.html?lang=it", "/doc/x?lang=ja", "/doc/x?format=rdf", "/doc/x?profile=data"),
    *(
        f"/class?iri={PARTS}ns%23Part",
        f"/linkset?iri={PARTS}id/x",
        "/id/nobody",
        "/doc/x?profile=z",
    ),
    *("/sparql?query=ASK{}", "/sparql?query=SELECT*{?s?p?o}LIMIT 3", "/sparql", "/doc/x?a=b"),
    "/static/mark.svg",
)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("mode", Mode)
def test_head_has_the_headers_of_get_whichever_is_asked_first(
    parts: Site, plain_settings: Settings, address: str, mode: Mode
) -> None:
    heads, wholes, bodies = [], [], set()
    for methods in ("HEAD GET HEAD", "GET HEAD GET"):
        client = Client(create_app(replace(plain_settings, entity_mode=mode), parts))
        for method in methods.split():
            with client.open(address, method=method, headers={"Accept": "text/turtle"}) as answer:
                told = dict(answer.headers)
                told.pop("Date", None)  # of the moment, where a file is sent
                (heads if method == "HEAD" else wholes).append((answer.status_code, told))
                if method == "GET":
                    bodies.add(answer.data)
                else:
                    assert answer.data == b""
    assert heads[0] == heads[1] == heads[2] == wholes[0] == wholes[1] == wholes[2]
    assert len(bodies) == 1


def test_a_document_tells_the_time_of_its_release(asking: Client, parts: Site) -> None:
    answer = asking.get("/doc/x")
    moment = datetime.fromisoformat(parts.live.release.created)
    assert parse_date(answer.headers["Last-Modified"]) == moment.replace(microsecond=0)


@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"If-None-Match": "{etag}"}, 304),
        ({"If-None-Match": 'W/{etag}, "other"'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-Modified-Since": "{date}"}, 304),
        ({"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": "{date}"}, 200),
        ({"If-Match": "{etag}"}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"Range": "bytes=0-9"}, 206),
        ({"Range": "bytes=0-9", "If-Range": "{etag}"}, 206),
        ({"Range": "bytes=0-9", "If-Range": "{date}"}, 206),
        ({"Range": "bytes=0-9", "If-Range": '"other"'}, 200),
        ({"Range": "bytes=0-9", "If-Range": "W/{etag}"}, 200),
        ({"Range": "bytes=0-9,20-29"}, 200),
        ({"Range": "lines=0-9"}, 200),
        ({"Range": "bytes=many"}, 200),
        ({"Range": "bytes=9999999-"}, 416),
        ({"Range": "bytes=0-9", "If-None-Match": "{etag}"}, 304),
        ({"If-Unmodified-Since": "{date}"}, 200),
        ({"If-Unmodified-Since": "Sat, 01 Jan 2101 00:00:00 GMT"}, 200),
        ({"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}, 412),
        ({"If-Unmodified-Since": "yesterday"}, 200),
        ({"If-Match": "{etag}", "If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}, 200),
    ],
)
def test_conditions_hold_whether_an_answer_is_kept_or_not(
    parts: Site, plain_settings: Settings, condition: Ask, status: int, first: bool
) -> None:
    app = create_app(plain_settings, parts)
    whole = Client(create_app(plain_settings, parts) if first else app).get("/doc/x.nt")
    said = {
        name: value.format(etag=whole.headers["ETag"], date=whole.headers["Last-Modified"])
        for name, value in condition.items()
    }
    answer = Client(app).get("/doc/x.nt", headers=said)
    assert answer.status_code == status
    assert answer.headers["ETag"] == whole.headers["ETag"]
    if status == 200:
        assert answer.data == whole.data
    elif status != 206:
        assert answer.data == b""
    if status == 304:  # RFC 9110, section 15.4.5
        for name in ("Cache-Control", "Content-Location", "Vary"):
            assert answer.headers[name] == whole.headers[name]
    assert Client(app).get("/doc/x.nt").data == whole.data


def test_parts_make_up_the_whole(asking: Client) -> None:
    whole = asking.get("/doc/x.nt")
    size = len(whole.data)
    assert whole.headers["Accept-Ranges"] == "bytes"
    spans = ("0-99", f"100-{size - 51}", "-50")
    answers = [asking.get("/doc/x.nt", headers={"Range": f"bytes={span}"}) for span in spans]
    assert b"".join(one.data for one in answers) == whole.data
    for one, begin in zip(answers, (0, 100, size - 50), strict=True):
        end = begin + len(one.data) - 1
        assert one.headers["Content-Range"] == f"bytes {begin}-{end}/{size}"
        assert one.headers["Content-Length"] == str(len(one.data))
        assert one.content_type == whole.content_type
    beyond = asking.get("/doc/x.nt", headers={"Range": "bytes=5-99999999"})
    assert beyond.data == whole.data[5:]
    assert asking.get("/doc/x.nt", headers={"Range": "bytes=-99999999"}).data == whole.data
    missed = asking.get("/doc/x.nt", headers={"Range": f"bytes={size}-"})
    assert missed.headers["Content-Range"] == f"bytes */{size}"
    assert asking.head("/doc/x.nt", headers={"Range": "bytes=0-9"}).status_code == 200


def test_after_a_step_back_to_an_older_release_a_later_date_is_no_match(
    publish: Publish, plain_settings: Settings
) -> None:
    older = publish()
    manifest = {**older.manifest, "created": "2020-01-01T00:00:00+00:00"}
    with service.local(plain_settings, replace(older, manifest=manifest)) as site:
        client = Client(create_app(plain_settings, site))
        answer = client.get(KOKORO, headers={"If-Modified-Since": http_date(1_700_000_000)})
        assert answer.status_code == 200
        again = client.get(KOKORO, headers={"If-Modified-Since": answer.headers["Last-Modified"]})
        assert again.status_code == 304


def linked(answer: TestResponse) -> list[tuple[str, str, dict[str, str]]]:
    """Relation, target and attributes of each link in a header."""
    found = []
    for target, rest in re.findall(r'<([^>]*)>((?:; \w+="[^"]*")+)', answer.headers["Link"]):
        said = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        found.append((said.pop("rel"), target, said))
    return found


def test_signs_lead_from_a_document_to_all_that_belongs_to_it(asking: Client) -> None:
    found = linked(asking.get("/doc/x"))
    assert {relation for relation, _, _ in found} == {
        *("describes", "cite-as", "canonical", "license", "linkset", "describedby", "type"),
        *("author", "collection", "alternate", "profile"),
    }
    for relation, target, said in found:
        if target.startswith("/"):
            assert asking.get(target).status_code == 200, (relation, target)
        if target.startswith("/") and "type" in said and relation != "collection":
            assert asking.get(target).mimetype == said["type"]
        if "profile" in said:
            assert asking.get(target).headers["Content-Profile"] == f"<{said['profile']}>"
            assert said["formats"].split() == [fmt.media_type for fmt in GRAPHS]
    only = {relation: target for relation, target, _ in found}
    assert only["author"] == f"{PARTS}id/author"
    assert only["cite-as"] == f"{PARTS}id/x"
    assert only["canonical"] == f"{PARTS}doc/x"
    assert ("type", "http://schema.org/Product", {}) in found


def test_a_dataset_leads_to_its_files_and_a_class_to_its_things(asking: Client) -> None:
    for address in ("/", "/doc/dataset.ttl"):
        answer = asking.get(address, headers={"Accept": "text/html"})
        assert ("item", f"{PARTS}all.ttl", {}) in linked(answer)
    answer = asking.get(f"/class?iri={PARTS}ns%23Part")
    assert ("item", "/doc/x", {}) in linked(answer)


@pytest.mark.parametrize("name", ["x", "dataset"])
def test_the_link_set_holds_the_links_of_the_header(asking: Client, name: str) -> None:
    document = asking.get(f"/doc/{name}")
    links = {relation: target for relation, target, _ in linked(document)}
    answer = asking.get(links["linkset"])
    assert answer.mimetype == "application/linkset+json"
    (only,) = json.loads(answer.data)["linkset"]
    assert only.pop("anchor") == f"/doc/{name}"
    held = {
        (relation, one["href"], one.get("type", ""))
        for relation, targets in only.items()
        for one in targets
    }
    header = {
        (relation, target, said.get("type", "")) for relation, target, said in linked(document)
    }
    assert held == {one for one in header if one[0] != "profile"}


def test_a_header_of_links_has_its_bounds_and_the_link_set_has_none(
    serve: Serve, plain_settings: Settings
) -> None:
    name = f"{PARTS}id/" + "long" * 200
    dumps = ", ".join(f"<{PARTS}dump/{n}.nq>" for n in range(200))
    stated = f'<{name}> a void:Dataset ; void:uriSpace "{PARTS}" ; void:dataDump {dumps} .'
    client = Client(create_app(plain_settings, serve(f"{PREFIXES}\n{stated}")))
    answer = client.get(f"/about?iri={name}")
    assert linked(answer)[0] == ("describes", name, {})
    assert len(answer.headers["Link"]) < 3_000 + len(name)
    held = client.get(f"/linkset?iri={name}").text
    assert all(f'"{PARTS}dump/{n}.nq"' in held for n in range(200))


@pytest.mark.parametrize("address", ["/doc/x", "/id/x", "/about?iri=https://parts.example/id/x"])
@pytest.mark.parametrize("accept", ["image/png", "text/html;q=0, image/*", "*/*;q=0"])
def test_the_menu_is_told_whatever_is_accepted(
    modes: dict[Mode, Client], address: str, accept: str
) -> None:
    for mode, client in modes.items():
        answer = client.get(address, headers={"Accept": accept})
        assert answer.status_code == (303 if (mode, address) == (Mode.SEE_OTHER, "/id/x") else 406)
        if answer.status_code == 406:
            assert all(f"{fmt.media_type} (.{fmt.ending})" in answer.text for fmt in OFFERED)


@pytest.mark.parametrize("fmt", [HTML, *GRAPHS], ids=lambda fmt: fmt.ending)
def test_the_menu_is_told_in_the_format_asked_for(asking: Client, fmt: Format) -> None:
    answer = asking.get("/doc/x?format=docx", headers={"Accept": fmt.media_type})
    assert (answer.status_code, answer.content_type) == (406, fmt.content_type)
    assert "text/turtle (.ttl)" in answer.text


def test_a_page_says_its_language(asking: Client) -> None:
    for accept, expected in (("ja", "ja"), ("de, it;q=0.2", "it"), ("*", "en"), ("it;q=0", "en")):
        answer = asking.get("/doc/x.html", headers={"Accept-Language": accept})
        assert answer.headers["Content-Language"] == expected
        assert Page(answer.text).all("html")[0]["lang"] == expected
    assert "Content-Language" not in asking.get("/doc/x.ttl").headers


# Shared caches


@dataclass
class Cache:
    """A shared cache before a site (RFC 9111): in earnest it asks each time whether what it has is
    still so; a hasty one does not, and answers with whatever it has."""

    origin: Client
    honours_vary: bool
    hasty: bool
    kept: dict[str, list[tuple[Ask, TestResponse]]] = field(default_factory=dict)
    hits: int = 0

    def get(self, address: str, headers: Ask) -> TestResponse:
        kept = self.kept.setdefault(address, [])
        fitting = [(asked, one) for asked, one in kept if self._fits(one, asked, headers)]
        if fitting and self.hasty:
            self.hits += 1
            return fitting[-1][1]
        etags = ", ".join(one.headers["ETag"] for _, one in fitting if "ETag" in one.headers)
        more = {"If-None-Match": etags} if etags else {}
        answer = self.origin.get(address, headers={**headers, **more}, buffered=True)
        if answer.status_code == 304:  # section 4.3.4
            self.hits += 1
            same = [one for _, one in fitting if one.headers.get("ETag") == answer.headers["ETag"]]
            return same[-1]
        control = answer.headers.get("Cache-Control", "")
        if answer.status_code in (200, 303) and not re.search("no-store|private", control):
            kept.append((headers, answer))
        return answer

    def _fits(self, kept: TestResponse, before: Ask, now: Ask) -> bool:
        """Section 4.1."""
        names = kept.headers.get("Vary", "").split(", ") if self.honours_vary else ()
        return all(before.get(name) == now.get(name) for name in names)


def random_requests(chance: random.Random, count: int) -> Iterator[tuple[str, Ask]]:
    """A few thousand requests as many kinds of clients send them, for few addresses."""
    browser = "text/html,application/xhtml+xml,*/*;q=0.8"
    headers: dict[str, tuple[str, ...]] = {
        "Accept": ("", browser, "text/turtle", "application/ld+json", "image/png", "text/*;q=0.1"),
        "Accept-Language": ("", "it", "ja,en;q=0.5"),
        "Accept-Profile": ("", "data", "<https://schema.org/>;q=0.2, labels;q=0.1"),
    }
    for _ in range(count):
        asked = {name: chance.choice(values) for name, values in headers.items()}
        yield chance.choice(ADDRESSES), {name: one for name, one in asked.items() if one}


def mismatches(cache: Cache, requests: int) -> list[tuple[str, Ask]]:
    """The requests to which a cache gives something else than the site, redirects followed."""
    wrong = []
    for address, headers in random_requests(random.Random(9111), requests):
        target = address
        for _ in range(4):
            got = cache.get(target, headers)
            expected = cache.origin.get(target, headers=headers, buffered=True)
            if not same(got, expected):
                wrong.append((target, headers))
            if expected.status_code != 303:
                break
            target = expected.headers["Location"]
    return wrong


def same(one: TestResponse, other: TestResponse) -> bool:
    def told(answer: TestResponse) -> list[tuple[str, str]]:
        return [row for row in answer.headers if row[0] != "Date"]

    return (one.status_code, one.data, told(one)) == (other.status_code, other.data, told(other))


REQUESTS = 1500


@pytest.mark.parametrize("hasty", [True, False], ids=["hasty", "asking"])
@pytest.mark.parametrize(
    ("mode", "honours_vary"),
    [(Mode.SEE_OTHER, True), (Mode.OK, True), (Mode.SAFE, True), (Mode.SAFE, False)],
)
def test_no_shared_cache_serves_the_wrong_thing(
    modes: dict[Mode, Client], mode: Mode, honours_vary: bool, hasty: bool
) -> None:
    cache = Cache(modes[mode], honours_vary, hasty)
    assert mismatches(cache, REQUESTS) == []
    assert cache.hits > REQUESTS / 10  # it is one


@pytest.mark.parametrize("mode", [Mode.SEE_OTHER, Mode.OK])
def test_a_hasty_cache_that_ignores_vary_needs_the_safe_mode(
    modes: dict[Mode, Client], mode: Mode
) -> None:
    """Or the test above could not fail."""
    assert len(mismatches(Cache(modes[mode], False, True), 300)) > 30


def test_endings_are_kept_where_vary_is_ignored(modes: dict[Mode, Client]) -> None:
    cache = Cache(modes[Mode.SAFE], honours_vary=False, hasty=True)
    for fmt in OFFERED:
        address = f"/doc/x.{fmt.ending}" + ("?lang=en" if fmt is HTML else "")
        assert cache.get(address, {}) is cache.get(address, {"Accept": "image/png"})
