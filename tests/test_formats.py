"""Picking a format: as RFC 9110, section 12.5.1, has it, and kindly where it leaves room."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pyoxigraph as ox
import pytest

from foedera import formats
from foedera.formats import (
    CSV,
    GRAPHS,
    HTML,
    JSON_LD,
    JSON_RESULTS,
    N_TRIPLES,
    RDF_XML,
    RESULTS,
    TSV,
    TURTLE,
    XML_RESULTS,
    Format,
    pick,
)

OFFERED = (HTML, *GRAPHS)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/turtle;q=0.4, application/n-triples;q=0.5", N_TRIPLES),
        ("application/rdf+xml, text/turtle;q=0.9", RDF_XML),
        ("text/html;q=0.001, text/turtle;q=0.002", TURTLE),
        ("text/turtle;q=0.9999, text/html", HTML),
    ],
)
def test_the_highest_quality_wins(accept: str, expected: Format) -> None:
    assert expected is pick(accept, OFFERED)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/*;q=0.9, text/turtle;q=0.1, application/n-triples;q=0.5", HTML),
        ("text/html;q=0.1, text/*;q=0.9", TURTLE),
        ("*/*, text/html;q=0.1, text/turtle;q=0.2", N_TRIPLES),
        ("*/*;q=0.1, application/*;q=0.5, application/n-triples;q=0", RDF_XML),
    ],
)
def test_the_most_specific_range_gives_the_quality(accept: str, expected: Format) -> None:
    assert expected is pick(accept, OFFERED)


@pytest.mark.parametrize("accept", ["*/*", "*", "image/png, */*;q=0.1", "text/*"])
def test_a_wildcard_takes_what_is_offered_first(accept: str) -> None:
    assert pick(accept, OFFERED) is HTML


def test_on_a_tie_turtle_comes_first_and_json_ld_last() -> None:
    tied = "application/ld+json, application/rdf+xml, application/n-triples, text/turtle"
    assert pick(tied, GRAPHS) is TURTLE
    assert pick("application/ld+json, application/rdf+xml", GRAPHS) is RDF_XML
    assert pick("application/*", GRAPHS) is N_TRIPLES


@pytest.mark.parametrize("accept", [None, "", "  ", "\t"])
def test_who_says_nothing_gets_what_is_offered_first(accept: str | None) -> None:
    assert pick(accept, GRAPHS) is TURTLE


@pytest.mark.parametrize(
    ("accept", "offered", "expected"),
    [
        ("application/json", RESULTS, JSON_RESULTS),
        ("text/json", RESULTS, JSON_RESULTS),
        ("application/xml", RESULTS, XML_RESULTS),
        ("text/xml", RESULTS, XML_RESULTS),
        ("text/plain", RESULTS, TSV),
        ("application/json", GRAPHS, JSON_LD),
        ("application/xml", GRAPHS, RDF_XML),
        ("text/plain", GRAPHS, N_TRIPLES),
        ("application/x-turtle", GRAPHS, TURTLE),
        ("application/xhtml+xml", OFFERED, HTML),
    ],
)
def test_an_alias_named_in_full_means_its_format(
    accept: str, offered: Sequence[Format], expected: Format
) -> None:
    assert expected is pick(accept, offered)


def test_a_wildcard_does_not_reach_a_format_through_its_alias() -> None:
    """``text/*`` is no request for N-Triples, though text/plain is one of its names."""
    assert pick("text/*", (N_TRIPLES, TURTLE)) is TURTLE


@pytest.mark.parametrize(
    "accept", ["nonsense", ",;,", "text", "/", "text/", "/turtle", "image/png", "q=1", ";q=1"]
)
def test_what_names_nothing_offered_gets_nothing(accept: str) -> None:
    assert pick(accept, GRAPHS) is None


def test_nonsense_beside_a_good_range_is_passed_over() -> None:
    assert pick("nonsense, ,;;, text/turtle, /", GRAPHS) is TURTLE


@pytest.mark.parametrize("accept", ["text/turtle;q=0", "text/turtle;q=0.000", "*/*;q=0"])
def test_a_quality_of_zero_is_a_refusal(accept: str) -> None:
    assert pick(accept, (TURTLE,)) is None


def test_a_refusal_holds_against_a_wildcard() -> None:
    assert pick("text/turtle;q=0, */*;q=0.1", GRAPHS) is N_TRIPLES


def test_a_quality_that_is_no_number_counts_for_nothing() -> None:
    assert pick("text/turtle;q=high, application/ld+json;q=0.1", GRAPHS) is JSON_LD


def test_other_parameters_do_not_hinder() -> None:
    assert pick("text/turtle;charset=utf-8;q=0.5", GRAPHS) is TURTLE
    assert pick('application/ld+json;profile="http://www.w3.org/ns/x"', GRAPHS) is JSON_LD


@pytest.mark.parametrize("odd", ["nan", "-1", "inf", "1e3"])
def test_an_odd_number_never_beats_a_plain_one(odd: str) -> None:
    found = pick(f"application/ld+json;q={odd}, text/turtle;q=1.0", GRAPHS)
    assert found is TURTLE


def test_dozens_of_types_with_odd_spaces_are_read() -> None:
    many = [f"application/x-{number} ;  q = 0.{number}" for number in range(10, 60)]
    many.insert(25, "\t Text/TURTLE \t;\tQ=0.5 ")
    many.insert(3, "application/ld+json;q=0.49 ; charset=utf-8")
    assert pick(" ,".join(many), GRAPHS) is TURTLE


def test_two_thousand_headers_are_answered_as_the_rfc_has_it() -> None:
    """Against a plain second reading of RFC 9110, over media types that have no aliases."""
    chance = random.Random(9110)
    types = ["text/a", "text/b", "application/a", "application/b", "image/a"]
    ranges = [*types, "text/*", "application/*", "image/*", "*/*", "video/z", "video/*"]
    offered = tuple(Format(name, name, name) for name in types)
    for _ in range(2000):
        # Each range once: which of two equal ones counts is nowhere said.
        chosen = chance.sample(ranges, chance.randint(1, 6))
        parts = [
            (one, chance.choice(["", "0", "0.1", "0.25", "0.5", "1", "1.000"])) for one in chosen
        ]
        header = ",".join(
            f"{chance.choice(['', ' '])}{one}{f'; q={q}' if q else ''}" for one, q in parts
        )
        kept = chance.sample(offered, chance.randint(1, 5))
        assert by_the_rfc(parts, kept) == pick(header, kept), header


def by_the_rfc(parts: list[tuple[str, str]], offered: Sequence[Format]) -> Format | None:
    given = {name: float(q or "1") for name, q in parts}

    def quality(media_type: str) -> float:
        for name in (media_type, media_type.split("/")[0] + "/*", "*/*"):
            if name in given:
                return given[name]
        return 0.0

    best = max(offered, key=lambda one: quality(one.media_type))
    return best if quality(best.media_type) else None


def test_an_ending_means_one_format_among_those_offered() -> None:
    assert formats.by_ending("ttl", OFFERED) is TURTLE
    assert formats.by_ending("csv", RESULTS) is CSV
    assert formats.by_ending("csv", GRAPHS) is None
    assert formats.by_ending("turtle", OFFERED) is None


@pytest.mark.parametrize("offered", [OFFERED, RESULTS], ids=["graphs", "results"])
def test_no_two_formats_share_an_ending_or_a_media_type(offered: Sequence[Format]) -> None:
    assert len({one.ending for one in offered}) == len(offered)
    assert len({one.media_type for one in offered}) == len(offered)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ttl", TURTLE),
        ("Turtle", TURTLE),
        (" TEXT/TURTLE ", TURTLE),
        ("json-ld", JSON_LD),
        ("application/json", JSON_LD),
        ("application/ld json", JSON_LD),  # a plus that nobody escaped
        ("json", JSON_LD),
        ("text/turtle; charset=utf-8", TURTLE),
        ("xml", RDF_XML),
        ("ntriples", N_TRIPLES),
        ("html", HTML),
        ("csv", None),
        ("", None),
    ],
)
def test_a_format_is_called_by_ending_name_or_media_type(
    name: str, expected: Format | None
) -> None:
    assert expected is formats.by_name(name, OFFERED)


def test_the_same_name_means_results_among_results() -> None:
    assert formats.by_name("json", RESULTS) is JSON_RESULTS
    assert formats.by_name("xml", RESULTS) is XML_RESULTS
    assert formats.by_name("srx", RESULTS) is XML_RESULTS


@pytest.mark.parametrize("fmt", GRAPHS, ids=lambda fmt: fmt.ending)
def test_the_engine_knows_every_graph_format(fmt: Format) -> None:
    assert fmt.media_type == getattr(ox.RdfFormat, fmt.engine).media_type


@pytest.mark.parametrize("fmt", RESULTS, ids=lambda fmt: fmt.ending)
def test_the_engine_knows_every_result_format(fmt: Format) -> None:
    engine = getattr(ox.QueryResultsFormat, fmt.engine)
    assert fmt.media_type == engine.media_type.split(";")[0]


def test_text_says_that_it_is_utf_8_and_the_rest_does_not() -> None:
    assert TURTLE.content_type == "text/turtle; charset=utf-8"
    assert JSON_LD.content_type == "application/ld+json"
