"""The pages of a thing add up to what is known of it, and none of them reads more than it shows."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import pyoxigraph as ox
import pytest
from werkzeug.test import Client

from conftest import ROOT, Sample, Serve
from foedera import release, show, terms
from foedera.settings import Settings
from foedera.stores.base import manifest
from foedera.stores.embedded import EmbeddedStore
from foedera.web import create_app

WEB = ROOT / "server" / "web"
READER = Path(__file__).with_name("rdfa.cjs")

ROLE = "<http://www.w3.org/1999/xhtml/vocab#role>"
"""What RDFa reads in the roles of elements, which is nothing of the thing."""

_FURTHER = re.compile(r'href="([^"]*[?;&](?:page|property|node)=[^"]*)"')

needs_reader = pytest.mark.skipif(
    shutil.which("node") is None or not (WEB / "node_modules/rdfa-streaming-parser").exists(),
    reason="There is no reader of RDFa: it needs Node.js, and npm ci in server/web",
)


def pages(client: Client, address: str) -> Iterator[tuple[str, str]]:
    """A page and all further ones of the same thing, in one language, with their addresses."""
    ahead, seen = [address], {address}
    while ahead:
        here = ahead.pop()
        answer = client.get(here, headers={"Accept": "text/html"})
        assert answer.status_code == 200, (here, answer.text)
        yield here, answer.text
        for link in _FURTHER.findall(answer.text):
            there = urljoin(here, html.unescape(link))
            if there not in seen and "lang=" not in there:
                seen.add(there)
                ahead.append(there)


def marked(found: Iterable[tuple[str, str]]) -> list[list[str]]:
    """What each page says in RDFa, but of itself, read by a parser that knows nothing of us."""
    full = [(f"http://localhost{address}", preprocessed(text)) for address, text in found]
    done = subprocess.run(
        ["node", str(READER), str(WEB)],
        input=json.dumps(full),
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    read: list[list[str]] = json.loads(done.stdout)
    return [
        [one for one in lines if not one.startswith(f"<{page}") and ROLE not in one.split(" ")[1]]
        for lines, (page, _) in zip(read, full, strict=True)
    ]


def preprocessed(text: str) -> str:
    """A page as readers of HTML take it (HTML, sections 13.2.3.5 and 13.2.6.4.7), which this
    parser leaves undone: lines end alike, and an element of text does not begin with an end."""
    return re.sub("\r\n?", "\n", text).replace("<pre>\n", "<pre>")


def canonical(lines: Iterable[str]) -> set[str]:
    """Triples such that two isomorphic graphs are the same."""
    written = set(lines)
    parsed = ox.parse("\n".join(written), format=ox.RdfFormat.N_TRIPLES, lenient=True)
    graph = ox.Dataset(ox.Quad(t.subject, t.predicate, t.object) for t in parsed)
    if any("_:" in line for line in written):
        graph.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in graph}


def about(iri: str) -> str:
    return f"/about?iri={quote(iri, safe='')}"


def data(client: Client, address: str) -> list[str]:
    """What is known of a thing, as lines."""
    plain = f"{address}{'&' if '?' in address else '?'}profile=data"
    answer = client.get(plain, headers={"Accept": "application/n-triples"})
    assert "X-Foedera-Cut" not in answer.headers
    return answer.text.split("\n")


def differing(client: Client, addresses: Iterable[str]) -> dict[str, list[set[str]]]:
    """The things whose pages say less or more than their data: what only one of both has."""
    first: list[str] = []
    found: list[tuple[str, str]] = []
    for address in addresses:
        for page in pages(client, address):
            first.append(address)
            found.append(page)
    said: dict[str, set[str]] = {}
    for address, lines in zip(first, marked(found), strict=True):
        said.setdefault(address, set()).update(lines)
    wrong = {}
    for address, lines in said.items():
        mine, true = canonical(lines), canonical(data(client, address))
        if mine != true:
            wrong[address] = [mine - true, true - mine]
    return wrong


def things(published: release.Release) -> list[str]:
    """The IRIs of all that a release says something of, and of all that it links to."""
    quads = EmbeddedStore.load(published.path).about()
    nodes = {node for quad in quads for node in (quad.subject, quad.object)}
    return sorted(node.value for node in nodes if isinstance(node, ox.NamedNode))


@needs_reader
def test_the_pages_of_each_thing_of_the_dataset_add_up_to_its_data(
    dataset_client: Client, dataset: release.Release, sample: Sample
) -> None:
    assert differing(dataset_client, map(about, sample(things(dataset)))) == {}


PREFIXES = """
@prefix : <https://probe.example/x#> .
@prefix p: <https://probe.example/p/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix time: <https://probe.example/time/> .
@prefix foedera: <https://probe.example/prefix/> .
"""

PROBE = f"""{PREFIXES}
# Names: the same text in several languages, by several properties; without a language; of a type.
:named rdfs:label "Name"@en , "Name"@it , "Name" , "Nome"@it , "Name"@en-GB , "9"^^p:type ;
    skos:prefLabel "Name"@en , "名前"@ja , "fr"@fr , "fr"@it ;
    rdfs:comment "Name"@en , "a comment" , "2"@it-IT ;
    skos:definition "a definition"@en , <urn:no-text> ; a skos:Concept , p:Class , [ a p:Unnamed ] .

# Texts: white space, markup, quotes, control characters, addresses, regions of languages.
:text p:text "  before and after  " , "two  spaces" , "tab\\tand\\nline\\n" ,
        "\\nfirst line empty" , "carriage\\rreturn\\r\\n" , "<b>&amp; & 'single' \\"double\\"</b>" ,
        "" , " " ,
        "\\u0001\\u001F\\u007F" , "\\u0085 \\u2028 \\uFFFD \\U0001F600" , "{{{{ 7 * 7 }}}}" ,
        "https://text.example/?a=b&c=d" , "https://a b" , "https://text.example/"@fr ,
        "x"@en , "x"@en-US , "x"@zh-Hant-TW , "x" , "a\\u00A0b"@it , "line\\nline"@ja .

# Datatypes: usual, odd, with another form than the usual, and those that are markup.
:typed p:typed 1 , 12345 , 1.50 , 1e3 , true , "1"^^xsd:boolean , "+007"^^xsd:integer ,
        "2024-02"^^xsd:gYearMonth , "2024-02-30"^^xsd:date , "abc"^^<urn:odd:type> ,
        "2024?"^^<http://id.loc.gov/datatypes/edtf/EDTF> , "<p>a</p>"^^rdf:HTML ,
        "<a>b</a>"^^rdf:XMLLiteral , "{{}}"^^rdf:JSON , "x"^^<https://probe.example/p/type#a/b?c> .

# Blank nodes: in each other, in a circle, shared, leading here, and lists of all kinds.
:blank p:has [ p:has [ p:has [ p:has [ p:has [ p:has [ p:has [ p:has "eight deep" ] ] ] ] ] ] ] ;
    p:circle _:a ; p:shared _:s ; p:empty [] , () ;
    p:list ( 1 "two"@en :named [ p:in "list" ] ( "inner" ( ) ) ) .
_:a p:next _:b ; p:self _:a . _:b p:next _:a ; p:back :blank .
:other p:shared _:s , _:s2 . _:s p:held "by two" ; p:more _:s2 . _:s2 p:held "by three" .
[] p:leads :blank ; p:also [ p:leads :blank ] .
:owner p:owns [ p:owns [ p:leads :blank ] ; p:beside "x" ] .
:union owl:unionOf ( :first :blank :last ) . :odd p:list _:l1 .
_:l1 rdf:first 1 , 2 ; rdf:rest _:l2 . _:l2 rdf:first 3 ; rdf:rest _:l3 ; p:extra 4 .
_:l3 rdf:first 5 ; rdf:rest _:l1 .

# IRIs: odd properties and values, schemes that are also prefixes, what leads to itself.
:iris <urn:p:q> <urn:a> ; <https://probe.example/p> 1 ; <https://probe.example/p/> 2 ;
    <https://probe.example/p/a'b(c)%20%22;=@!$&*+,~-.>
        <https://probe.example/v/a'b(c)%20%22?x=1&y=%3C2#z> ;
    <https://probe.example/p/日本> <https://probe.example/日本/e%CC%81/é> ;
    p:to :iris , <mailto:a@b.example> , <time:x> , <foedera:x> , <rdf:x> , time:y , foedera:y ,
        <tag:probe.example,2024:x> , <https://probe.example/p//double> .
<mailto:a@b.example> p:to <time:x> , :iris .
p:to owl:inverseOf p:from . p:near a owl:SymmetricProperty . :iris p:near :named , :iris .
"""

MANY = "\n".join(
    [
        *(f":many p:number {n} ; p:thing :t{n} ." for n in range(1000)),
        *(f":{n} p:hub :hub ." for n in range(3000)),
        *(f":hub p:spoke :s{n} ." for n in range(1200)),
        *(f":wide p:p{n} {n} , :wide ." for n in range(200)),
        *(f':wide rdfs:label "name {n}"@en ; a p:C{n} .' for n in range(150)),
        *(f":parts p:part [ p:n {n} ; p:inner [ p:n {n} ] ] ." for n in range(250)),
        *(f"[] p:of :parts ; p:n {n} ." for n in range(250)),
        f":long p:list ( {' '.join(f'{n}' for n in range(450))} :long ) .",
        f":one p:one [ {' ; '.join(f'p:n {n}' for n in range(350))} ] .",
        "p:spoke owl:inverseOf p:spoken .",
    ]
)
"""Much of everything: values, links, properties, names, classes, blank nodes, cells of a list."""


@needs_reader
def test_the_pages_of_what_is_odd_add_up_to_its_data(
    serve: Serve, plain_settings: Settings
) -> None:
    site = serve(PROBE)
    client = Client(create_app(plain_settings, site))
    assert differing(client, map(about, things(site.live.release))) == {}


@pytest.mark.whole
@needs_reader
def test_the_pages_of_what_is_much_add_up_to_its_data(
    serve: Serve, plain_settings: Settings
) -> None:
    client = Client(create_app(plain_settings, serve(PREFIXES + MANY)))
    names = ("many", "hub", "wide", "parts", "long", "one", "s1", "1")
    assert differing(client, [about(X + name) for name in names]) == {}


X = "https://probe.example/x#"
LINKS = 100_000


class Counting(EmbeddedStore):
    """A store that counts what it is asked, and what of the answers is read."""

    questions = quads = 0

    def about(self, *pattern: Any, **named: Any) -> Iterator[ox.Quad]:
        self.questions += 1
        for quad in super().about(*pattern, **named):
            self.quads += 1
            yield quad

    def sources(self, triple: ox.Triple | ox.Quad) -> list[str]:
        self.questions += 1
        return super().sources(triple)

    def follows(self, triple: ox.Triple | ox.Quad) -> bool:
        self.questions += 1
        return super().follows(triple)

    def cost(self, operation: Any, **call: Any) -> tuple[int, int, dict[str, Any]]:
        """Questions and quads that the first answer takes, and the answer."""
        self.questions = self.quads = 0
        reply = Said()
        operation(self, {"languages": ["en"], **call}, reply)
        return self.questions, self.quads, json.loads(reply.content)


class Said:
    """Takes what an operation writes."""

    content = b""

    def head(self, _: Any) -> None:
        pass

    def write(self, part: bytes) -> int:
        self.content += part
        return len(part)


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Counting:
    """A thing to which much leads, one to which little does, and a class of as many things."""
    folder = tmp_path_factory.mktemp("hubs")
    (folder / "data").mkdir()
    (folder / "data" / "all.ttl").write_text("", encoding="utf-8")
    made = release.publish(folder, folder / ".foedera", 5, lambda _: None)
    lines = [f"<{X}m{n % 30}> <{X}p{n % 3}> <{X}small> ." for n in range(300)]
    for n in range(LINKS):
        lines.append(f"<{X}m{n}> <{X}p{n % 3}> <{X}hub> .")
        lines.append(f"<{X}hub> <{X}q> <{X}m{n}> .")
        lines.append(f"<{X}m{n}> <{terms.TYPE}> <{X}Member> .")
    store = ox.Store()
    parsed = ox.parse("\n".join(lines), format=ox.RdfFormat.N_QUADS, lenient=True)
    store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in parsed)
    counting = Counting(store, manifest(made.path), made.path)
    counting.numbers = release._numbers(store)
    return counting


def test_a_thing_to_which_a_hundred_thousand_lead_reads_no_more_than_it_shows(
    hubs: Counting,
) -> None:
    hubs.cost(show.page, iris=[f"{X}small"], values=50)  # what is asked once of each release
    few, many = (  # each for a reader of whom no words are remembered
        hubs.cost(show.page, iris=[X + name], values=50, languages=[language])
        for name, language in (("small", "it"), ("hub", "ja"))
    )
    (thing,) = many[2]["things"]
    counts = [fact["count"] for fact in (*thing["sections"][0]["facts"], *thing["links"])]
    assert sorted(counts) == [LINKS // 3, LINKS // 3, LINKS // 3 + 1, LINKS]
    assert many[1] < 2_000
    assert many[0] < 10 * few[0]


def test_a_further_page_reads_only_as_far_as_it_shows(hubs: Counting) -> None:
    call = {"iris": [f"{X}hub"], "property": f"{X}p1", "inverse": True, "values": 50}
    first, second = (hubs.cost(show.page, **call, page=page) for page in (3, 4))
    assert first[1] < 2_000
    assert second[1] - first[1] < 100


def test_the_pages_of_a_class_of_a_hundred_thousand_read_only_what_they_show(
    hubs: Counting,
) -> None:
    _, quads, content = hubs.cost(show.members, iri=f"{X}Member", skip=400, most=200)
    assert (content["count"], content["ordered"], len(content["members"])) == (LINKS, False, 200)
    assert quads < 2_000
