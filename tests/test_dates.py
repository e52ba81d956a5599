"""Dates as people say them."""

from __future__ import annotations

import pytest

from foedera.dates import in_words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2023", "2023"),
        ("2023-01", "January 2023"),
        ("2023-12-13", "13 December 2023"),
        ("2023-01-06~", "about 6 January 2023"),
        ("2023?", "perhaps 2023"),
        ("2023-01%", "perhaps about January 2023"),
        ("[..2023-12-13]", "13 December 2023 or earlier"),
        ("[2023-12-13..]", "13 December 2023 or later"),
        ("[2024-01..2024-11]", "some time from January 2024 to November 2024"),
        ("2023-01/2023-03", "from January 2023 to March 2023"),
        ("2023/..", "from 2023 on"),
        ("../2023", "until 2023"),
        ("2023/", "from 2023, end not known"),
        ("/2023", "until 2023, beginning not known"),
    ],
)
def test_a_date_is_said_in_english(text: str, said: str) -> None:
    assert in_words(text, "en") == said


@pytest.mark.parametrize(
    ("language", "said"), [("it", "13 dicembre 2023 o prima"), ("ja", "2023年12月13日以前")]
)
def test_a_date_is_said_in_the_other_languages(language: str, said: str) -> None:
    assert in_words("[..2023-12-13]", language) == said


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("2023-12-13T23:59:59Z", "en", "13 December 2023, 23:59:59 UTC"),
        ("2023-12-13T00:00:00Z", "it", "13 dicembre 2023, ore 00:00 UTC"),
        ("2023-12-13T09:30:00.000+09:00", "ja", "2023年12月13日 09:30（UTC+09:00）"),
        ("2023-12-13T09:30", "en", "13 December 2023, 09:30"),
    ],
)
def test_a_moment_is_a_day_with_a_time(text: str, language: str, said: str) -> None:
    assert in_words(text, language) == said


@pytest.mark.parametrize(
    "text", ["", "soon", "2023-13", "[2023,2024]", "2023/soon", "20XX", "1/2/3"]
)
def test_what_cannot_be_said_is_left_as_it_is(text: str) -> None:
    assert in_words(text, "en") is None


def test_a_language_that_is_not_spoken_here_is_left_alone() -> None:
    assert in_words("2023", "fr") is None
