"""The page's own words: all of them are there in every language, and none is there for nothing."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from conftest import ROOT
from foedera.web import phrases

WEB = ROOT / "server" / "foedera" / "web"

_SAID = re.compile(r"""\bsay\(\s*"((?:[^"\\]|\\.)*)\"""")
_COUNTED = re.compile(r"""\bmany\([^"]*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)\"""")


def said(file: Path) -> set[str]:
    """The phrases that a template or a module uses."""
    text = file.read_text(encoding="utf-8")
    found = {*_SAID.findall(text), *(one for both in _COUNTED.findall(text) for one in both)}
    return {one.replace('\\"', '"') for one in found}


FILES = sorted([*WEB.glob("*.py"), *WEB.glob("templates/*.html")])
OTHERS = [tag for tag in phrases.LANGUAGES if tag != "en"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_phrase_of_a_page_is_there_in_every_language(file: Path) -> None:
    rows = phrases.table()
    missing = [(one, tag) for one in said(file) for tag in OTHERS if tag not in rows.get(one, {})]
    assert missing == []


def test_no_phrase_is_there_that_no_page_says() -> None:
    """One that no template names in full, but a value of the program, is marked as ``named``."""
    used = set().union(*map(said, FILES))
    assert {one for one, row in phrases.table().items() if not row.get("named")} - used == set()


@pytest.mark.parametrize("text", sorted(phrases.table()))
def test_a_phrase_keeps_its_values_in_every_language(text: str) -> None:
    def fields(of: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(of) if name is not None}

    row = phrases.table()[text]
    assert all(fields(row[tag]) == fields(text) for tag in OTHERS)
