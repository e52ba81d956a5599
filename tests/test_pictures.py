"""An answer becomes a picture where its columns allow one, with each mark in its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from foedera.views import pictures
from foedera.views.pictures import Chart, Map, Network, Timeline
from foedera.views.table import Table, read

XSD = "http://www.w3.org/2001/XMLSchema#"
EDTF = "http://id.loc.gov/datatypes/edtf/EDTF"


def iri(name: str) -> dict[str, str]:
    return {"type": "uri", "value": f"https://example.org/{name}"}


def text(value: str, datatype: str = "") -> dict[str, str]:
    term = {"type": "literal", "value": value}
    return {**term, "datatype": datatype} if datatype else term


def number(value: float) -> dict[str, str]:
    return text(str(value), XSD + "decimal")


def table(*rows: dict[str, Any]) -> Table:
    return Table(tuple(dict.fromkeys(name for row in rows for name in row)), rows, whole=True)


TWO = (iri("a"), iri("b"))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"x": iri("a")}, {"x": iri("b")}], []),
        ([{"x": iri("a"), "n": number(1)}, {"x": iri("b"), "n": number(2)}], ["chart"]),
        ([{"x": iri("a"), "n": number(1)}], []),
        ([{"n": number(1)}, {"n": number(2)}], []),
        ([{"x": iri("a"), "d": text("2023", EDTF)}, {"x": iri("b")}], ["timeline"]),
        ([{"x": iri("a"), "y": iri("b")}, {"x": iri("b")}], ["network"]),
        ([{"x": iri("a"), "lat": number(1), "long": number(2)}], ["map"]),
        ([{"x": iri("a"), "lat": number(91), "long": number(2)}], []),
        ([{"x": iri("a"), "n": text("1")}, {"x": iri("b"), "n": number(2)}], []),
        ([], []),
    ],
)
def test_the_columns_say_which_pictures_there_are(
    rows: list[dict[str, Any]], expected: list[str]
) -> None:
    assert pictures.offered(table(*rows)) == expected


def test_bars_start_at_nothing_and_the_longest_fills_the_width() -> None:
    chart = pictures.draw(
        "chart", table(*({"x": one, "n": number(n)} for one, n in zip(TWO, (-5, 15), strict=True)))
    )
    assert isinstance(chart, Chart)
    assert [(bar.x, bar.width) for bar in chart.bars] == [(0, 25), (25, 75)]


def test_a_chart_of_nothing_but_zeros_is_drawn() -> None:
    chart = pictures.draw("chart", table(*({"x": one, "n": number(0)} for one in TWO)))
    assert isinstance(chart, Chart)
    assert [bar.width for bar in chart.bars] == [0, 0]


def spans(*dates: str) -> Timeline:
    found = pictures.draw("timeline", table(*({"d": text(date, EDTF)} for date in dates)))
    assert isinstance(found, Timeline)
    return found


def test_times_stand_in_order_each_as_long_as_it_may_have_been() -> None:
    timeline = spans("2023", "2023-07", "2023-01-06")
    assert [span.when["value"] for span in timeline.spans] == ["2023-01-06", "2023", "2023-07"] or [
        span.when["value"] for span in timeline.spans
    ] == ["2023", "2023-01-06", "2023-07"]
    day, month, year = (
        next(span for span in timeline.spans if span.when["value"] == date)
        for date in ("2023-01-06", "2023-07", "2023")
    )
    assert month.width / day.width == pytest.approx(31)
    assert year.width / day.width == pytest.approx(365)


@pytest.mark.parametrize("date", ["[..2023-12-13]", "2023/..", "2023-05/"])
def test_a_time_without_an_end_is_open(date: str) -> None:
    assert [span.open for span in spans(date, "2023-01").spans].count(True) == 1


@pytest.mark.parametrize("date", ["-0044-03-15", "2023-13", "XXXX", "0000"])
def test_a_date_that_cannot_be_placed_is_left_out(date: str) -> None:
    assert len(spans(date, "2023-01", "2024").spans) == 2


def test_the_axis_has_a_handful_of_ticks_at_any_width() -> None:
    for dates in (("2023-01-01", "2023-01-05"), ("2023-01", "2023-12"), ("1200", "2025")):
        ticks = spans(*dates).ticks
        assert 2 <= len(ticks) <= 8
        assert all(0 <= place <= 100 for place, _ in ticks)


def test_a_network_joins_what_stands_in_one_row_once() -> None:
    a, b, c = iri("a"), iri("b"), iri("c")
    network = pictures.draw(
        "network", table({"x": a, "y": b}, {"x": a, "y": b}, {"x": b, "y": c}, {"x": c, "y": c})
    )
    assert isinstance(network, Network)
    assert [node.name for node in network.nodes] == [a, b, c]
    assert network.lines == [(0, 1), (1, 2)]


def test_a_network_is_bounded() -> None:
    rows = [{"x": iri(f"a{n}"), "y": iri(f"b{n}")} for n in range(500)]
    network = pictures.draw("network", table(*rows))
    assert isinstance(network, Network)
    assert len(network.nodes) == 200


def test_a_map_shows_all_its_places() -> None:
    rows = [
        {"x": iri("rome"), "lat": number(41.9), "long": number(12.5)},
        {"x": iri("tokyo"), "lat": number(35.7), "long": number(139.7)},
    ]
    drawn = pictures.draw("map", table(*rows))
    assert isinstance(drawn, Map)
    left, top, width, height = drawn.frame
    for node in drawn.nodes:
        assert left < node.x < left + width
        assert top < node.y < top + height
    assert drawn.nodes[0].y == -41.9


def test_a_map_reads_points_in_well_known_text() -> None:
    wkt = "http://www.opengis.net/ont/geosparql#wktLiteral"
    drawn = pictures.draw("map", table({"x": iri("rome"), "at": text("POINT(12.5 41.9)", wkt)}))
    assert isinstance(drawn, Map)
    assert [(node.x, node.y) for node in drawn.nodes] == [(12.5, -41.9)]


def test_an_answer_that_was_cut_gives_the_rows_that_are_whole() -> None:
    head = '{"head":{"vars":["x"]},"results":{"bindings":['
    row = json.dumps({"x": text('a "}]} b')}, separators=(",", ":"))
    for cut in range(1, len(row)):
        found = read(f"{head}{row},{row},{row[:cut]}".encode(), whole=False)
        assert isinstance(found, Table)
        assert (len(found.rows), found.whole) == (2, False)
