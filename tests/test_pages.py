"""Every kind of page in a real browser: for all eyes and hands, on every screen, light to load."""

from __future__ import annotations

import base64
import contextlib
import re
import zlib
from http.client import HTTPConnection
from urllib.parse import quote

import pytest

from chromium import Chromium, Tab
from conftest import BROKEN_RULES, Page

BASE = "https://w3id.org/foedera/"

KINDS = {
    "home": "/",
    "class": "/class?iri=" + quote(BASE + "ns#Person", safe=""),
    "person": "/doc/person/adolfo-urso",
    "organisation": "/doc/org/meti",
    "event": "/doc/event/signing-2023-12-13",
    "mission": "/doc/event/liguria-mission",
    "agreement": "/doc/agr/italy-japan-joint-statement",
    "commitment": "/doc/agr/rapidus-investment",
    "place": "/doc/place/tokyo",
    "polity": "/doc/polity/italy",
    "topic": "/doc/topic/semiconductors",
    "source": "/doc/source/mimit-2023-12-13",
    "evidence": "/doc/evidence/F1-005",
    "dataset": "/doc/dataset/foedera",
    "ontology": "/ns",
    "concepts": "/doc/scheme/topics",
    "elsewhere": "/about?iri=" + quote("http://xmlns.com/foaf/0.1/Person", safe=""),
    "unknown": "/id/person/nobody-of-this-name",
    "timeline": "/timeline",
    "map": "/map",
    "network": "/network",
    "connections": "/connected",
    "connected": "/connected?"
    + f"from={quote(BASE + 'id/person/adolfo-urso', safe='')}"
    + f"&to={quote(BASE + 'id/org/meti', safe='')}",
    "disagreements": "/disagreements",
    "search": "/find",
    "found": "/find?q=nishimura",
    "not found": "/find?q=nishimora",
    "check": "/check",
    "codes": "/check/codes",
    "code": "/check/codes/shape-min-count",
}
"""A page of each kind, by its name."""

ENTITIES = ("person", "organisation", "event", "agreement", "place", "topic", "evidence")

SENT = "Network.requestWillBeSent"
BUDGET = 60_000
"""Bytes of an entity page with everything that it loads."""


def inside(kind: str, language: str) -> str:
    address = KINDS[kind]
    return f"{address}{'&' if '?' in address else '?'}lang={language}"


@pytest.mark.parametrize("kind", KINDS)
def test_no_rule_of_accessibility_is_broken_and_no_page_is_wider_than_its_screen(
    kind: str, tab: Tab, address: str, axe: str, request: pytest.FixtureRequest
) -> None:
    """Without ``--whole``, every second one light and wide in English, the others dark and on a
    telephone in Japanese."""
    lights = (("light", 1200), ("dark", 360))
    whole = request.config.getoption("--whole")
    ways = (("en", lights[:1]), ("ja", lights[1:]))
    second = list(KINDS).index(kind) % 2
    for language, own in ways if whole else ways[second : second + 1]:
        tab.go(address + inside(kind, language))
        assert tab.run("document.documentElement.lang") == language
        tab.run(axe + ";true")
        tab.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
        for scheme, width in lights if whole else own:
            tab.scheme(scheme)
            tab.size(width, 900)
            assert tab.run("document.documentElement.scrollWidth") <= width, (language, width)
            assert tab.run(BROKEN_RULES) == [], (language, scheme, width)


WIDTHS = (320, 360, 640, 700, 800, 900, 1000, 1280)

HEADER = """(() => {
    const header = document.querySelector("header.site");
    const boxes = [...header.querySelectorAll(".name, nav, form")].map(one => {
        const { left, right, top, bottom } = one.getBoundingClientRect();
        return { left, right, top, bottom };
    });
    const name = header.querySelector(".name span");
    return {
        scrolls: document.documentElement.scrollWidth > innerWidth,
        inside: boxes.every(one => one.left >= 0 && one.right <= innerWidth),
        name: name.scrollWidth <= name.clientWidth
            && name.clientHeight < 2 * parseFloat(getComputedStyle(name).fontSize),
        broken: [...header.querySelectorAll("nav a")]
            .filter(one => one.getClientRects().length > 1).map(one => one.textContent),
        overlaps: boxes.some((one, at) => boxes.slice(at + 1).some(other =>
            one.left < other.right && other.left < one.right
            && one.top < other.bottom && other.top < one.bottom)),
        rows: new Set([...header.querySelectorAll("nav")].flatMap(nav =>
            [...nav.querySelectorAll("a")].map(one => one.getBoundingClientRect().top))).size,
    };
})()"""
"""How what stands at the head of a page is laid out."""


@pytest.mark.parametrize("language", ["en", "it", "ja"])
def test_the_head_of_a_page_is_composed_at_every_width(
    language: str, tab: Tab, address: str
) -> None:
    tab.go(address + inside("person", language))
    for width in WIDTHS:
        tab.size(width, 900)
        told = tab.run(HEADER)
        rows = told.pop("rows")
        assert told == {
            "scrolls": False,
            "inside": True,
            "name": True,
            "broken": [],
            "overlaps": False,
        }, width
        assert rows <= 2, width  # the ways of the site on one line, the languages on one


@pytest.mark.parametrize("kind", ENTITIES)
def test_an_entity_with_everything_that_it_loads_is_light(
    kind: str, tab: Tab, address: str
) -> None:
    tab.go(address + KINDS[kind])

    def received() -> dict[str, int]:
        """The bytes of each thing that has come; the icon may come after the page is complete."""
        asked = {one["requestId"]: one["request"]["url"] for one in tab.events(SENT)}
        ended = tab.events("Network.loadingFinished")
        sizes = {one["requestId"]: int(one["encodedDataLength"]) for one in ended}
        return {url: sizes.get(request, 0) for request, url in asked.items()}

    tab.until(lambda: min(received().values()) > 0, "all that the page loads")
    sizes = received()
    assert sum(sizes.values()) <= BUDGET, sizes


@pytest.mark.parametrize("kind", ["home", "person", "event", "timeline", "connections"])
def test_by_keyboard_everything_is_reached_in_the_order_of_the_page(
    kind: str, tab: Tab, address: str
) -> None:
    """Each thing that takes the focus shows that it has it, and comes after the one before."""
    tab.go(address + KINDS[kind])
    whole = tab.run(
        """[...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
            .filter(one => one.checkVisibility() && !one.disabled && one.type !== "hidden"
                && one.tabIndex >= 0).length"""
    )
    seen = []
    for _ in range(min(whole, 60)):
        tab.press("Tab")
        seen.append(
            tab.run(
                """(() => {
                    const all = [...document.querySelectorAll("*")];
                    const style = getComputedStyle(document.activeElement);
                    return [all.indexOf(document.activeElement), style.outlineStyle];
                })()"""
            )
        )
    places = [place for place, _ in seen]
    assert places == sorted(set(places))
    assert {outline for _, outline in seen} == {"solid"}


PAPER = {"A4": (8.27, 11.69), "Letter": (8.5, 11)}
"""The usual sizes of paper, in inches."""


@pytest.mark.parametrize("kind", ["person", "event", "timeline", "map", "network"])
@pytest.mark.parametrize("paper", ["A4", pytest.param("Letter", marks=pytest.mark.whole)])
def test_the_first_page_on_paper_is_no_blank_one_and_nothing_is_cut_off(
    kind: str, paper: str, tab: Tab, address: str
) -> None:
    """A picture that has no room below the head of a page would go to the next one."""
    width, height = PAPER[paper]
    tab.go(address + KINDS[kind])
    printed = tab.call("Page.printToPDF", paperWidth=width, paperHeight=height)
    first, *_ = drawn(base64.b64decode(printed["data"]))
    assert len(first) > 40_000  # a head alone takes a fifth of it
    room = int((width - 32 / 25.4) * 96)
    tab.size(room, 900)
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert (
        tab.run(
            f"""[...document.querySelectorAll("main *:not(svg *)")]
                .filter(one => one.checkVisibility()
                    && one.getBoundingClientRect().right > {room} + 1)
                .map(one => one.outerHTML.slice(0, 80))"""
        )
        == []
    )


def drawn(pdf: bytes) -> list[bytes]:
    """What is drawn on each page of a PDF, as its operators."""
    parts = {
        int(one[1]): one[2] for one in re.finditer(rb"(\d+) 0 obj\n(.*?)endobj", pdf, re.DOTALL)
    }
    pages = [one for one in parts.values() if re.search(rb"/Type /Page\b", one)]
    contents = [re.search(rb"/Contents (\d+) 0 R", page) for page in pages]
    streams = [parts[int(one[1])] for one in contents if one]
    return [zlib.decompress(one.split(b"stream\n", 1)[1]) for one in streams]


def test_amounts_of_money_end_below_each_other(tab: Tab, address: str) -> None:
    tab.size(1200, 900)
    tab.go(f"{address}/doc/agr/rapidus-investment?lang=it")
    ends = """[...document.querySelectorAll(".panel th.number > span")].map(one => [
        one.textContent, Math.round(one.getBoundingClientRect().right),
        getComputedStyle(one).fontVariantNumeric])"""
    (original, place, figures), (converted, below, others) = tab.run(ends)
    assert (original, converted) == ("70.000.000.000", "526.000.000")
    assert place == below
    assert {figures, others} == {"tabular-nums"}


def test_without_scripts_every_page_has_the_same_facts(browser: Chromium, address: str) -> None:
    tab = browser.open()
    tab.without_scripts()
    for kind in ("person", "event", "timeline", "network"):
        tab.go(address + KINDS[kind])
        assert tab.run("document.querySelector('noscript')") is None
        plain = tab.run("document.querySelector('main').innerText")
        other = browser.open()
        other.go(address + KINDS[kind])
        assert other.run("document.querySelector('main').innerText") == plain, kind
        other.close()
    tab.close()


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_is_well_formed_and_names_itself(kind: str, address: str) -> None:
    with contextlib.closing(HTTPConnection(address.removeprefix("http://"))) as site:
        site.request("GET", KINDS[kind], headers={"Accept": "text/html"})
        answer = site.getresponse()
        assert answer.status == (404 if kind == "unknown" else 200)
        page = Page(answer.read().decode())
    assert len(page.all("h1")) == 1
    assert page.text("title").strip()
    assert [one for one in page.all("html") if "style" in one] == []
    assert not [tag for tag, attributes in page.elements if "style" in attributes]
