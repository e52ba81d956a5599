"""The page's own words: all of them are there in every language, and none is there for nothing."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections import Counter
from collections.abc import Iterator
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


SCRIPTS = ROOT / "server" / "web" / "src"
FILES = sorted([*WEB.glob("*.py"), *WEB.glob("templates/*.html"), *SCRIPTS.glob("*.js")])
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


TERMS = {
    r"\bactors?\b": ("attor", "行為者"),
    r"\bclaims?\b": ("affermazion", "主張"),
    r"\bconnections?\b": ("collegament", "つながり"),
    r"(?<!:)\bdataset\b": ("dataset", "データセット"),
    r"\bevidence\b": ("prov", "典拠"),
    r"\binferred\b": ("inferit", "推論"),
    r"\bpublication\b": ("pubblicazione", "公開データ"),
    r"\brelease {": ("edizion", "リリース"),
    r"\bshapes?\b": ("shape", "シェイプ"),
    r"\bsources?\b(?!})": ("font", "情報源"),
    r"\btopics?\b": ("tem", "主題"),
}
"""Terms in English, and by what an Italian and a Japanese phrase with them is known."""


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_the_same_word_throughout(term: str) -> None:
    rows = {one: row for one, row in phrases.table().items() if re.search(term, one, re.I)}
    assert len(rows) > 0
    for tag, word in zip(("it", "ja"), TERMS[term], strict=True):
        assert [one for one, row in rows.items() if word not in str(row[tag]).lower()] == []


def test_what_a_script_says_goes_to_the_page() -> None:
    used = set().union(*(said(file) for file in FILES if file.suffix == ".js"))
    assert {text for text, row in phrases.table().items() if row.get("script")} == used


def test_a_phrase_has_one_place() -> None:
    """The last file would win, and the page of one family speak as another one wants."""
    files = sorted((WEB / "phrases").glob("*.toml"))
    tables = [tomllib.loads(file.read_text(encoding="utf-8")) for file in files]
    places = Counter(text for rows in tables for text in rows)
    assert [text for text, count in places.items() if count > 1] == []


def spoken() -> Iterator[str]:
    """The texts in the program, with {} where it puts a value in."""
    for file in (ROOT / "server" / "foedera").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                parts = (
                    one.value if isinstance(one, ast.Constant) else "{}" for one in node.values
                )
                yield "".join(map(str, parts))


def test_what_is_named_is_what_the_program_says() -> None:
    """By another word in the program, a phrase of the table would be lost without a sound."""
    there = {part.lower() for text in spoken() for part in (text, text.partition(";")[0])}
    lost = []
    for text, row in phrases.table().items():
        bare = re.sub(r"\{\w+\}", "{}", text).lower()
        begun = bare.removesuffix("{}")  # a list is put behind it
        if row.get("named") and not {bare, begun, begun.rstrip()} & there:
            lost.append(text)
    assert lost == []
