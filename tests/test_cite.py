"""Citations: what they say, and that the programs that read them read the same."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import Any

import bibtexparser
import pytest
import rispy
from bibtexparser.middlewares import LatexDecodingMiddleware
from citeproc import Citation as Cited
from citeproc import CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
from werkzeug.test import Client

from conftest import Serve
from foedera import cite
from foedera.cite import Citation
from foedera.web import create_app

DATASET = "https://w3id.org/foedera/id/dataset/foedera"
URSO = "https://w3id.org/foedera/id/person/adolfo-urso"

ODD = (
    "Adolfo Urso",
    "{curly} and }unbalanced{",
    r"back\slash, \textbf{no command}, C:\new",
    "100% of R&D costs $5 #1 a_b ~ ^",
    '"quotes", @misc{not-an-entry, and "more"',
    "経済産業省",
    "وزارة الاقتصاد",
    "L'Università degli Studi — “Genova”",
    "ER  - the end",
    "a and b and c",
)
"""Titles that a format could take for something of its own."""


@pytest.fixture(scope="module")
def it() -> Citation:
    return Citation(
        iri=URSO,
        title="Adolfo Urso",
        language="en",
        authors=("The Foedera project", "Ministry of Enterprise and Made in Italy"),
        publisher="The Foedera project",
        within="Foedera: technology diplomacy as linked data",
        date="2026-11-24",
        version="0.1.0",
        release="6f3e6cc2aaa258cd",
        accessed="2026-12-01",
    )


def latex() -> LatexNodes2Text:
    """LaTeX as pylatexenc reads it, with three of its signs that this has not or has wrong."""
    signs = {"textbraceleft": "{", "textbraceright": "}", "textasciicircum": "^"}
    known = get_default_latex_context_db()
    macros = [MacroTextSpec(name, sign) for name, sign in signs.items()]
    known.add_context_category("signs", macros=macros, prepend=True)
    return LatexNodes2Text(latex_context=known, math_mode="verbatim")


def bibtex(it: Citation) -> tuple[Any, dict[str, str]]:
    """The entry as bibtexparser reads it, and its fields decoded."""
    read = bibtexparser.parse_string(
        cite.bibtex(it), append_middleware=[LatexDecodingMiddleware(decoder=latex())]
    )
    assert (len(read.entries), read.failed_blocks) == (1, [])
    entry = read.entries[0]
    return entry, {name: field.value for name, field in entry.fields_dict.items()}


def ris(it: Citation) -> dict[str, Any]:
    (entry,) = rispy.loads(cite.ris(it))
    return dict(entry)


@pytest.mark.parametrize("title", ODD)
def test_bibtex_keeps_a_title_letter_by_letter(it: Citation, title: str) -> None:
    _, fields = bibtex(replace(it, title=title, within=title))
    assert (fields["title"], fields["howpublished"]) == (title, title)


def test_bibtex_of_a_thing_is_a_misc_that_says_release_address_and_access(it: Citation) -> None:
    entry, fields = bibtex(it)
    assert ("misc", it.key) == (entry.entry_type, entry.key)
    assert (it.iri, "2026", "11") == (fields["url"], fields["year"], fields["month"])
    assert (it.edition, it.accessed) == (fields["version"], fields["urldate"])
    assert f"Accessed {it.accessed}" == fields["note"]


def test_bibtex_of_a_dataset_is_a_dataset(it: Citation) -> None:
    entry, fields = bibtex(replace(it, within=""))
    assert (entry.entry_type, "howpublished" in fields) == ("dataset", False)


def test_the_braces_of_bibtex_are_balanced_whatever_a_title_holds(it: Citation) -> None:
    text = cite.bibtex(replace(it, title="}}}{", authors=("{",)))
    assert text.count("{") == text.count("}")


def test_organisations_are_not_split_into_given_name_and_surname(it: Citation) -> None:
    said = cite.bibtex(it)
    assert "author = {{The Foedera project} and {Ministry of Enterprise and Made in Italy}}" in said


@pytest.mark.parametrize("title", ODD)
def test_ris_keeps_a_title_letter_by_letter(it: Citation, title: str) -> None:
    entry = ris(replace(it, title=title))
    assert (title, it.within) == (entry["title"], entry["secondary_title"])


def test_ris_says_kind_authors_release_address_and_access(it: Citation) -> None:
    entry = ris(it)
    assert ("ELEC", list(it.authors)) == (entry["type_of_reference"], entry["authors"])
    assert (it.iri, "2026", "2026/11/24") == (entry["urls"][0], entry["year"], entry["date"])
    assert (it.edition, "2026/12/01") == (entry["edition"], entry["access_date"])
    assert ris(replace(it, within=""))["type_of_reference"] == "DATA"


def test_the_lines_of_ris_end_as_its_readers_want_them(it: Citation) -> None:
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - .*", one) for one in cite.ris(it).splitlines())
    assert cite.ris(it).endswith("ER  - \r\n")


@pytest.mark.parametrize("title", ODD)
def test_csl_json_keeps_a_title_letter_by_letter(it: Citation, title: str) -> None:
    (item,) = json.loads(cite.csl(replace(it, title=title)))
    assert title == item["title"]


@pytest.mark.parametrize("within", ["", "Foedera: technology diplomacy as linked data"])
def test_a_citation_processor_makes_a_reference_of_csl_json(it: Citation, within: str) -> None:
    told = replace(it, within=within)
    source = CiteProcJSON(json.loads(cite.csl(told)))
    style = CitationStylesStyle("harvard-cite-them-right", validate=False)
    bibliography = CitationStylesBibliography(style, source, formatter.plain)
    bibliography.register(Cited([CitationItem(told.key)]))
    (reference,) = (str(one) for one in bibliography.bibliography())
    assert all(one in reference for one in ("The Foedera project", "2026", told.title))


def test_csl_json_names_only_what_its_schema_has(it: Citation) -> None:
    (item,) = json.loads(cite.csl(it))
    assert {
        "id", "type", "title", "container-title", "author", "publisher", "issued", "accessed",
        "version", "URL", "language",
    } == set(item)  # fmt: skip
    assert (
        item["type"],
        json.loads(cite.csl(replace(it, within="")))[0]["type"],
    ) == ("entry", "dataset")
    assert (
        item["issued"]["date-parts"],
        item["accessed"]["date-parts"],
    ) == ([[2026, 11, 24]], [[2026, 12, 1]])


@pytest.mark.parametrize(
    ("iri", "key"),
    [
        (URSO, "w3id-org-foedera-id-person-adolfo-urso"),
        ("https://e.example/ns#Person", "e-example-ns-Person"),
        ("https://e.example/id/東京", r"e-example-id-[0-9a-f]{8}"),
        ("https://e.example/id/a%20b", r"e-example-id-a-20b-[0-9a-f]{8}"),
        ("https://e.example/id/(a)", r"e-example-id-a-[0-9a-f]{8}"),
        ("https://e.example/" + "a" * 200, r"e-example-a{90}-[0-9a-f]{8}"),
    ],
)
def test_the_key_comes_of_the_iri_in_signs_that_every_program_takes(
    it: Citation, iri: str, key: str
) -> None:
    assert re.fullmatch(key, replace(it, iri=iri).key)


def test_two_things_never_share_a_key_for_what_is_left_out_of_it(it: Citation) -> None:
    iris = ("https://e.example/id/東京", "https://e.example/id/大阪", "https://e.example/id/(a)")
    assert len({replace(it, iri=iri).key for iri in iris}) == 3


def test_the_line_says_all_and_ends_no_sentence_twice(it: Citation) -> None:
    assert (
        "The Foedera project, Ministry of Enterprise and Made in Italy (2026). On chips. "
        "Foedera: technology diplomacy as linked data. Version 0.1.0 (release 6f3e6cc2aaa258cd). "
        f"{URSO} (accessed 2026-12-01)\n"
    ) == cite.line(replace(it, title="On chips."))


# Over HTTP


@pytest.mark.parametrize("fmt", cite.FORMATS, ids=lambda fmt: fmt.ending)
def test_every_format_is_had_by_its_name_and_by_accept(dataset_client: Client, fmt: Any) -> None:
    for query, accept in ((f"&format={fmt.ending}", "*/*"), ("", fmt.media_type)):
        answer = dataset_client.get(f"/cite?iri={URSO}{query}", headers={"Accept": accept})
        assert (200, fmt.media_type) == (answer.status_code, answer.mimetype)
        assert "Adolfo Urso" in answer.get_data(as_text=True)


def test_a_citation_names_the_release_and_is_kept_by_nobody(
    dataset_client: Client, dataset: Any
) -> None:
    answer = dataset_client.get(f"/cite?iri={URSO}&format=csl")
    (item,) = json.loads(answer.data)
    assert f"0.1.0 (release {dataset.id})" == item["version"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert item["author"] == [{"literal": "The Foedera project"}]


def test_the_dataset_is_cited_by_its_title(dataset_client: Client) -> None:
    (item,) = json.loads(dataset_client.get(f"/cite?iri={DATASET}&format=csl&lang=ja").data)
    assert (item["type"], item["title"]) == ("dataset", "Foedera：リンクトデータで見る技術外交")
    assert "container-title" not in item


def test_a_citation_is_in_the_language_of_its_reader(dataset_client: Client) -> None:
    iri = "https://w3id.org/foedera/id/org/meti"
    answer = dataset_client.get(
        f"/cite?iri={iri}&format=csl", headers={"Accept-Language": "ja;q=0.9, de"}
    )
    (item,) = json.loads(answer.data)
    assert (item["title"], item["language"]) == ("経済産業省", "ja")
    assert "Accept-Language" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("iri=nothing", 400),
        (f"iri={URSO}&style=apa", 400),
        ("iri=https://w3id.org/foedera/id/person/nobody", 404),
        (f"iri={URSO}&format=docx", 406),
    ],
)
def test_what_cannot_be_cited_is_refused_with_a_reason(
    dataset_client: Client, query: str, status: int
) -> None:
    answer = dataset_client.get(f"/cite?{query}", headers={"Accept": "application/json"})
    assert status == answer.status_code
    assert json.loads(answer.data)["detail"]


def test_a_title_on_several_lines_is_cited_on_one(serve: Serve, plain_settings: Any) -> None:
    site = serve(
        '<https://e.example/a> <http://www.w3.org/2000/01/rdf-schema#label> "a\\n\\tb\\u0085c" .'
    )
    client = Client(create_app(plain_settings, site))
    for fmt in cite.FORMATS:
        text = client.get(f"/cite?iri=https://e.example/a&format={fmt.ending}").get_data(
            as_text=True
        )
        assert "a b c" in text


@pytest.mark.parametrize("path", ["/", "/doc/person/adolfo-urso", "/doc/dataset/foedera"])
def test_a_page_shows_its_citation_with_a_way_to_each_format(
    dataset_client: Client, path: str
) -> None:
    html = dataset_client.get(path, headers={"Accept": "text/html"}).get_data(as_text=True)
    block = html[html.index('<details class="cite">') :].partition("</details>")[0]
    text = unescape(re.search("<p>(.*?)</p>", block)[1])  # type: ignore[index]
    links = [unescape(one) for one in re.findall('href="(/cite[^"]+)"', block)]
    assert len(links) == 3
    assert {200} == {dataset_client.get(link).status_code for link in links}
    plain = dataset_client.get(links[0].partition("&format")[0]).get_data(as_text=True)
    assert plain.startswith(text)


def test_what_nobody_has_made_is_cited_by_its_title(it: Citation) -> None:
    bare = replace(it, authors=(), publisher="", within="", title="A shelf.")
    assert cite.line(bare).startswith("A shelf (2026). Version 0.1.0")
    within = replace(it, authors=(), publisher="")
    assert cite.line(within).startswith(f"Adolfo Urso. {it.within} (2026). Version")
