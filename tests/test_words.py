"""Names of things in the reader's language, and what of them is kept from page to page."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from conftest import Publish
from foedera import terms
from foedera.stores.embedded import EmbeddedStore
from foedera.words import Readers, Words

KOKORO = ox.NamedNode("https://example.org/id/book/kokoro")


@pytest.fixture
def store(publish: Publish) -> EmbeddedStore:
    return EmbeddedStore.load(publish().path)


def test_readers_of_the_same_languages_share_what_was_looked_up(store: EmbeddedStore) -> None:
    readers = Readers(store)
    japanese = readers.words(["ja", "en"])
    assert readers.words(["ja", "en"]) is japanese
    assert readers.words(["en"]).label(KOKORO) != japanese.label(KOKORO)


def test_the_words_of_the_last_few_readers_are_kept(store: EmbeddedStore) -> None:
    readers = Readers(store)
    first, second = readers.words(["x-0"]), readers.words(["x-1"])
    for number in (2, 0, 3, 4):
        readers.words([f"x-{number}"])
    assert readers.words(["x-0"]) is first
    assert readers.words(["x-1"]) is not second


def test_words_that_hold_a_great_deal_are_let_go(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foedera.words._KEPT", 1)
    readers = Readers(store)
    words = readers.words(["en"])
    words.label(KOKORO)
    assert readers.words(["en"]) is words
    words.label(ox.NamedNode("https://example.org/id/book/another"))
    assert readers.words(["en"]) is not words


def test_of_two_texts_in_one_language_the_same_is_taken_in_whatever_order(
    store: EmbeddedStore,
) -> None:
    texts = [ox.Literal("Cuore", language="it"), ox.Literal("Anima", language="it")]
    words = Words(store, ["it"])
    assert words.best(texts) == words.best(texts[::-1]) == {"text": "Anima", "language": "it"}


@pytest.mark.parametrize(
    ("text", "kind", "tag", "said"),
    [
        ("70000000000", "integer", "en-GB", "70,000,000,000"),
        ("-70000000000", "decimal", "it", "-70.000.000.000"),
        ("12345.50", "decimal", "it", "12.345,50"),
        ("12345.50", "decimal", "ja", "12,345.50"),
        ("12345", "nonNegativeInteger", "fr", "12,345"),
        ("2023", "integer", "it", "2023"),
        ("0012", "integer", "en", "0012"),
        ("9" * 5000, "integer", "en", "9" * 5000),
        ("70000", "string", "en", "70000"),
    ],
)
def test_a_number_is_said_in_the_marks_of_the_readers_language(
    store: EmbeddedStore, text: str, kind: str, tag: str, said: str
) -> None:
    value = ox.Literal(text, datatype=ox.NamedNode(terms.XSD + kind))
    told = Words(store, [tag]).literal(value)
    assert (told["text"], told["said"]) == (text, said)


@pytest.mark.parametrize(
    ("text", "kind", "time"),
    [
        ("2023-12-13T00:00:00Z", terms.XSD + "dateTime", True),
        ("2023-12-13", terms.XSD + "date", True),
        ("2023-12", terms.EDTF + "EDTF", True),
        ("[..2023]", terms.EDTF + "EDTF", False),
        ("2023-12-13", terms.XSD + "string", False),
    ],
)
def test_what_html_takes_for_a_time_is_there_as_one(
    store: EmbeddedStore, text: str, kind: str, time: bool
) -> None:
    told = Words(store, ["en"]).literal(ox.Literal(text, datatype=ox.NamedNode(kind)))
    assert told.get("time") == (text if time else None)
