"""The query page: plain HTML that works whole, and in a browser an editor around it."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client

from chromium import Tab
from conftest import BROKEN_RULES, BUNDLE, ROOT, Page
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import create_app, results

BOOKS = "SELECT ?book ?name { ?book a :Book ; rdfs:label ?name } ORDER BY ?name"


def get(client: Client, query: str = "", **more: Any) -> Any:
    headers = {"Accept": "text/html", "Accept-Language": more.pop("language", "en")}
    return client.get("/sparql", query_string={"query": query, **more}, headers=headers)


# As HTML


def test_the_form_keeps_the_query_and_sends_it_to_the_endpoint(client: Client) -> None:
    page = Page(get(client, BOOKS).text)
    assert page.text("textarea").strip() == BOOKS
    assert {"action": "/sparql", "method": "get"}.items() <= page.all("form")[1].items()


def test_iris_are_links_with_names_in_the_readers_language(client: Client) -> None:
    query = "SELECT ?book { ?book a :Book }"
    for language, name in (("en", "The Leopard"), ("it", "Il Gattopardo"), ("ja", "こころ")):
        page = Page(get(client, query, language=language).text)
        assert name in page.text("a")
        assert "/doc/book/the-leopard" in page.addresses()


def test_an_iri_that_nothing_names_is_shown_as_it_is(client: Client) -> None:
    page = Page(get(client, "SELECT ?x { VALUES ?x { owl:Thing <urn:isbn:1> } }").text)
    assert "owl:Thing" in page.text("a")
    assert "urn:isbn:1" in page.text("code")


def test_an_answer_too_large_for_a_page_is_shown_as_far_as_it_was_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "PAGE_BYTES", 500)
    page = Page(get(client, "SELECT * { ?s ?p ?o } ORDER BY ?s").text)
    assert page.all("td")
    assert "there are more" in page.text("p")
    assert any("format=csv" in address for address in page.addresses())


def test_long_answers_come_in_pages_and_each_keeps_the_query(client: Client) -> None:
    digits = " ".join(map(str, range(10)))
    query = f"SELECT * {{ VALUES ?a {{ {digits} }} VALUES ?b {{ {digits} }} VALUES ?c {{ 0 1 }} }}"
    page = Page(get(client, query, page=2).text)
    assert len(page.all("tr")) == 101
    assert page.text("textarea").strip() == query
    assert f"/sparql?{urlencode({'query': query, 'page': 1})}" in page.addresses()


def test_a_fault_stands_beside_the_query_with_its_place(client: Client) -> None:
    response = get(client, "SELECT ?s {\n  ?s a }")
    page = Page(response.text)
    assert response.status_code == 400
    assert "line 2, column 8" in page.text("pre")
    assert "?s a }" in page.text("textarea")


def test_the_line_ends_of_a_form_are_not_part_of_the_query(client: Client) -> None:
    page = get(client, "SELECT * {\r\n  ?s a :Book\r\n}").text
    assert "\r" not in page
    assert "%0D" not in page


def test_what_was_asked_without_inferences_is_downloaded_without(client: Client) -> None:
    page = Page(get(client, BOOKS, inferred="false").text)
    files = [address for address in page.addresses() if "format=" in address]
    assert len(files) == 4
    assert all("inferred=false" in address for address in files)
    assert "checked" in next(one for one in page.all("input") if one["name"] == "inferred")


@pytest.mark.parametrize(
    ("view", "query"),
    [
        ("chart", "SELECT ?b (STRLEN(?l) AS ?n) { ?b a :Book ; rdfs:label ?l }"),
        ("network", "SELECT ?b ?w { ?b :writtenBy ?w }"),
        (
            "timeline",
            'SELECT ?b ?d { ?b a :Book BIND("1958"^^xsd:gYear AS ?d) }',
        ),
        ("map", "SELECT ?b ?lat ?long { ?b a :Book BIND(41.9 AS ?lat) BIND(12.5 AS ?long) }"),
    ],
)
def test_an_answer_is_drawn_where_its_columns_allow(client: Client, view: str, query: str) -> None:
    plain, drawn = (Page(get(client, query, **more).text) for more in ({}, {"view": view}))
    assert f"/sparql?{urlencode({'query': query, 'view': view})}" in plain.addresses()
    assert not plain.all("figure")
    assert drawn.all("figure")[0]["class"] == f"picture {view}"
    assert drawn.all("svg")
    assert drawn.all("td")  # the table stays


def test_a_picture_that_the_columns_do_not_allow_is_said_not_to_be_there(client: Client) -> None:
    page = Page(get(client, BOOKS, view="map").text)
    assert not page.all("figure")
    assert "This answer cannot be shown so: Map." in page.text("p")


def test_without_the_bundle_no_script_is_asked_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "scripted", lambda: False)
    assert "query.js" not in get(client, BOOKS).text


def test_the_page_changes_its_tag_when_the_site_starts_again_with_the_bundle(
    site: Site, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a browser would go on without the editor, on the word of an old tag."""
    tags = set()
    for there in (False, True):
        monkeypatch.setattr(results, "scripted", lambda there=there: there)
        tags.add(get(Client(create_app(plain_settings, site)), BOOKS).headers["ETag"])
    assert len(tags) == 2


# In a browser


EDITING = "!!document.activeElement.shadowRoot?.activeElement?.matches('.cm-content')"
OFFERED = """[...document.querySelector("sparql-editor > div").shadowRoot
    .querySelectorAll(".cm-tooltip-autocomplete li")].map(one => one.textContent)"""
SELECTED = """document.querySelector("sparql-editor > div").shadowRoot
    .querySelector(".cm-tooltip-autocomplete [aria-selected]")?.textContent ?? ''"""
WRITTEN = 'document.querySelector("textarea").value'
FAULT = 'document.querySelector(".fault").textContent'


def into_the_editor(tab: Tab, key: str = "Tab") -> None:
    """Go to the editor with the keyboard, and empty it."""
    for _ in range(20):
        if tab.run(EDITING):
            break
        tab.press(key)
    assert tab.run(EDITING)
    tab.press("Control+a", "Backspace")


def pick(tab: Tab, wanted: str) -> None:
    """Choose what is offered by its name or as it is written."""
    tab.until(f"{OFFERED}.some(one => one.includes({json.dumps(wanted)}))", f"{wanted} offered")
    for _ in range(20):
        time.sleep(0.1)  # like a person; a key within 75 ms of a new list is not taken for a choice
        if wanted in tab.run(SELECTED):
            tab.press("Enter")
            return
        tab.press("ArrowDown")
    pytest.fail(f"{wanted} cannot be reached")


@pytest.mark.usefixtures("bundle")
def test_by_keyboard_alone_a_query_is_completed_run_and_answered(tab: Tab, address: str) -> None:
    tab.go(f"{address}/sparql")
    into_the_editor(tab)
    tab.type("SELECT ?event WHERE { ?event a eve")
    pick(tab, ":Event")
    tab.type(" ; part")
    pick(tab, ":hasParticipant")
    tab.type(" adolf")
    pick(tab, "person:adolfo-urso")
    assert tab.run(WRITTEN).split("\n") == [
        "PREFIX : <https://w3id.org/foedera/ns#>",
        "PREFIX person: <https://w3id.org/foedera/id/person/>",
        "SELECT ?event WHERE { ?event a :Event ; :hasParticipant person:adolfo-urso}",
    ]
    tab.press("Control+Enter")
    tab.until('document.querySelectorAll("table.results tbody tr").length >= 3')
    assert "Adolfo Urso's meeting with Sony" in tab.run(
        'document.querySelector("table.results").textContent'
    )
    assert tab.run(EDITING)
    assert tab.run('new URL(location.href).searchParams.get("query")') == tab.run(WRITTEN)


@pytest.mark.usefixtures("bundle")
def test_tab_leaves_the_editor_and_run_is_next(tab: Tab, address: str) -> None:
    tab.go(f"{address}/sparql")
    into_the_editor(tab)
    tab.type("ASK { ?s ?p ?o }")
    tab.press("Escape", "Tab")
    assert tab.run("document.activeElement.textContent") == "Run"
    tab.press("Enter")
    tab.until('document.querySelector(".verdict")?.textContent === "Yes"')


@pytest.mark.usefixtures("bundle")
def test_a_fault_is_marked_where_it_is(tab: Tab, address: str) -> None:
    tab.go(f"{address}/sparql")
    into_the_editor(tab)
    tab.type("SELECT ?s {\n?s a :Event ;;\nFILTER( )")
    tab.until(f'{FAULT}.startsWith("Line 3: ) ")')
    marked = tab.run(
        """(() => {
            const root = document.querySelector("sparql-editor > div").shadowRoot;
            const mark = root.querySelector(".cm-lintRange-error");
            const lines = [...root.querySelectorAll(".cm-line")];
            return [mark.textContent, lines.indexOf(mark.closest(".cm-line")) + 1];
        })()"""
    )
    assert marked == [")", 3]
    tab.press("Control+a", "Backspace")
    tab.type("ASK {?s ?p ?o")
    tab.until(f'{FAULT} === ""')


@pytest.mark.usefixtures("bundle")
def test_the_layout_changes_nothing_but_space_and_holds(tab: Tab, address: str) -> None:
    """Over every example query of the dataset, and over one with all that is hard."""
    queries = [
        path.read_text(encoding="utf-8").split('"""')[1].strip()
        for path in sorted((ROOT / "ontology" / "queries").glob("*.ttl"))
    ]
    queries.append(
        "prefix : <http://e/> select ?x (count(*) as ?n) where{?x a :B;:p 'a.b;c{'@en,5 ."
        'optional{?x :q ?y filter(?y>5.5&&?y<7)}{?a ?b "}"}union{?d ?e/:f*|^:g [:h 1]}# on'
        "\n\n\n# own\nvalues (?k ?l){(1 2)(3 undef)} values ?z {1 2} bind(str(?x) as ?s)} "
        "group by ?x order by desc(?n) limit 5"
    )
    tab.go(f"{address}/sparql")
    laid_out = tab.run(
        f"""(() => {{
            const editor = document.querySelector("sparql-editor");
            return {json.dumps(queries)}.map((query) => {{
                editor.value = query;
                editor.format();
                const once = editor.value;
                editor.format();
                return [query, once, editor.value];
            }});
        }})()"""
    )
    for query, once, again in laid_out:
        assert "".join(once.split()) == "".join(query.split())
        assert once == again
    assert laid_out[-1][1].split("\n") == [
        "prefix : <http://e/>",
        "",
        "select ?x (count(*) as ?n) where {",
        "    ?x a :B ;",
        "        :p 'a.b;c{'@en,5 .",
        "    optional {",
        "        ?x :q ?y",
        "        filter(?y>5.5&&?y<7)",
        "    }",
        "    {",
        '        ?a ?b "}"',
        "    } union {",
        "        ?d ?e/:f*|^:g [:h 1]",
        "    } # on",
        "",
        "    # own",
        "    values (?k ?l) {",
        "        (1 2)",
        "        (3 undef)",
        "    }",
        "    values ?z {1 2}",
        "    bind(str(?x) as ?s)",
        "}",
        "group by ?x",
        "order by desc(?n)",
        "limit 5",
    ]


@pytest.mark.usefixtures("bundle")
def test_queries_are_remembered_in_the_browser_until_told_otherwise(tab: Tab, address: str) -> None:
    tab.go(f"{address}/sparql?{urlencode({'query': 'ASK { ?one ?p ?o }'})}")
    tab.go(f"{address}/sparql?{urlencode({'query': 'ASK { ?two ?p ?o }'})}")
    links = '[...document.querySelectorAll("query-history a")].map(one => one.textContent)'
    assert tab.run(links) == ["ASK { ?two ?p ?o }", "ASK { ?one ?p ?o }"]
    tab.run('document.querySelector("query-history button").click()')
    assert tab.run(links) == []
    tab.go(f"{address}/sparql")
    assert tab.run(links) == []


@pytest.mark.usefixtures("bundle")
def test_code_asks_the_site_where_it_is_read_and_leaves_the_query_alone(
    tab: Tab, address: str, dataset_site: Site
) -> None:
    iri = f"{dataset_site.live.base}sparql"
    tab.go(f"{address}/sparql?{urlencode({'query': f'ASK {{ ?x ?y <{iri}> }}'})}")
    samples = tab.run('[...document.querySelectorAll(".code code")].map(one => one.textContent)')
    assert len(samples) == 4
    for code in samples:
        assert f"{address}/sparql" in code
        assert code.count(iri) == 1
    assert not tab.run('document.querySelector(".code p")')


@pytest.mark.usefixtures("bundle")
def test_ways_to_look_come_in_place_and_back_goes_back(tab: Tab, address: str) -> None:
    query = "SELECT ?e ?a { ?e :hasParticipant ?a }"
    tab.go(f"{address}/sparql?{urlencode({'query': query})}")
    tab.run("window.same = true")
    tab.run("document.querySelector('.views a:nth-of-type(2)').click()")
    tab.until('document.querySelector("result-network line")')
    assert tab.run('new URL(location.href).searchParams.get("view")') == "network"
    crossing = tab.run(
        """(() => {
            const [x, y] = ["x1", "y1"].map(name =>
                document.querySelector("result-network line").getAttribute(name));
            return Number.isFinite(+x) && Number.isFinite(+y);
        })()"""
    )
    assert crossing
    into_the_editor(tab, "Shift+Tab")
    tab.type("ASK {}")
    tab.press("Control+Enter")
    tab.until('document.querySelector(".verdict")')
    tab.run("history.back()")
    tab.until('document.querySelector("result-network line")')
    tab.run("history.back()")
    tab.until('!document.querySelector("figure")')
    assert tab.run("window.same")
    assert tab.run(WRITTEN) == query


@pytest.mark.usefixtures("bundle")
def test_a_query_that_takes_long_can_be_stopped(tab: Tab, address: str) -> None:
    tab.go(f"{address}/sparql")
    into_the_editor(tab)
    tab.type("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i")
    tab.press("Control+Enter")
    tab.until('document.querySelector(".tools button").textContent === "Stop"')
    tab.run('document.querySelector(".tools button").click()')
    tab.until('document.getElementById("answer").textContent === "Stopped."', seconds=2)
    assert tab.run('document.querySelector(".tools button").textContent') == "Run"


def test_with_javascript_off_the_form_asks_and_the_answer_comes(tab: Tab, address: str) -> None:
    tab.without_scripts()
    tab.go(f"{address}/sparql")
    for _ in range(20):
        tab.press("Tab")
        if tab.run('document.activeElement.matches("textarea")'):
            break
    tab.press("Control+a", "Backspace")
    tab.type("ASK { ?s a :Event }")
    tab.press("Tab", "Enter")
    tab.until('document.querySelector(".verdict")?.textContent === "Yes"')
    assert tab.run(WRITTEN) == "ASK { ?s a :Event }"


PLACES = """SELECT * {
    VALUES (?name ?lat ?long) { ("Rome" 41.9 12.5) ("Tokyo" 35.7 139.7) }
}"""

PAGES = {
    "empty": "/sparql",
    "about": "/sparql/about",
    "table": "/sparql?" + urlencode({"query": "SELECT ?e ?l { ?e a :Event ; rdfs:label ?l }"}),
    "fault": "/sparql?" + urlencode({"query": "SELECT ?e {\n ?e a }"}),
    "graph": "/sparql?" + urlencode({"query": "DESCRIBE person:adolfo-urso"}),
    "network": "/sparql?"
    + urlencode({"query": "SELECT ?e ?a { ?e :hasParticipant ?a }", "view": "network"}),
    "timeline": "/sparql?"
    + urlencode({"query": "SELECT ?e ?d { ?e :date ?d }", "view": "timeline"}),
    "map": "/sparql?" + urlencode({"query": PLACES, "view": "map"}),
    "question": "/query/persons-in-several-events?view=chart&events=5",
}


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize("name", PAGES)
def test_no_rule_of_accessibility_is_broken_and_no_page_is_wider_than_its_screen(
    name: str, tab: Tab, address: str, axe: str, request: pytest.FixtureRequest
) -> None:
    """Without ``--whole``, every second one light and wide, the others dark and on a telephone."""
    tab.go(address + PAGES[name])
    tab.run(axe + ";true")
    tab.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
    ways = (("light", 1200), ("dark", 360))
    second = list(PAGES).index(name) % 2
    whole = request.config.getoption("--whole")
    for scheme, width in ways if whole else ways[second : second + 1]:
        tab.scheme(scheme)
        tab.size(width, 900)
        assert tab.run("document.documentElement.scrollWidth") <= width
        assert tab.run(BROKEN_RULES) == [], (scheme, width)


@pytest.mark.usefixtures("bundle")
def test_the_bundle_is_small() -> None:
    """What a browser loads for the first query page; compressed it is a third of this."""
    static = BUNDLE.parent
    sizes = {name: (static / name).stat().st_size for name in ("query.js", "style.css")}
    assert sum(sizes.values()) < 500_000, sizes


def test_the_lock_file_names_no_registry() -> None:
    text = (ROOT / "server" / "web" / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in "".join(line for line in text.split("\n") if '"url"' not in line)
    assert '"resolved"' not in text


# Building what browsers load


def make(target: str, folder: Path, path: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("make") or "make", *options, target],
        cwd=folder,
        env={"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The parts of the repository from which the bundle is made, and nothing that was made."""
    (tmp_path / "server" / "foedera" / "web" / "static").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    leave = shutil.ignore_patterns("node_modules")
    shutil.copytree(ROOT / "server" / "web", tmp_path / "server" / "web", ignore=leave)
    return tmp_path


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A place for the only programs that are found."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("sh", "awk"):
        (folder / name).symlink_to(shutil.which(name) or name)
    return folder


def test_serving_asks_for_npm_only_where_it_is(checkout: Path, programs: Path) -> None:
    without = make("serve", checkout, str(programs), "--dry-run")
    (programs / "npm").symlink_to("/bin/true")
    beside = make("serve", checkout, str(programs), "--dry-run")
    assert ("npm ci" in without.stdout, "npm ci" in beside.stdout) == (False, True)


def test_what_npm_cannot_do_stops_nothing(checkout: Path, programs: Path) -> None:
    (programs / "npm").write_text("#!/bin/sh\nexit 1\n")
    (programs / "npm").chmod(0o755)
    done = make("bundle", checkout, str(programs))
    assert done.returncode == 0
    assert "the pages work without it" in done.stderr


@pytest.mark.usefixtures("bundle")
def test_the_wheel_is_told_whether_the_bundle_is_there(checkout: Path) -> None:
    spec = importlib.util.spec_from_file_location("hook", ROOT / "server" / "build_hook.py")
    assert spec is not None
    assert spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    shutil.rmtree(checkout / "server" / "web")  # as in a place without npm: nothing to build from
    assert not hook.bundle(checkout)
    for name in hook.BUNDLE:
        shutil.copy(BUNDLE.parent / name, checkout / hook.STATIC)
    assert hook.bundle(checkout)
