"""Forty and more faulty files, one for each mistake that people make: the line, and the words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import ROOT
from foedera import folder
from foedera.check import Report, codes, contribution, reading

FILES = sorted((ROOT / "tests" / "data" / "faulty").glob("*.ttl"))


@pytest.fixture(scope="module")
def against() -> contribution.Against:
    return contribution.of_folder(folder.read(ROOT))


def judged(path: Path, against: contribution.Against) -> Report:
    base = f"{against.rules.base}graph/data/new"
    return contribution.judge([reading.read(path.name, path.read_bytes(), base=base)], against)


def test_there_are_at_least_forty_kinds_of_mistake() -> None:
    assert len(FILES) >= 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_mistake_is_found_in_its_line_and_the_words_say_what_to_do(
    path: Path, against: contribution.Against
) -> None:
    """Each file says on its first lines which code is expected on which line, and some words of
    the message. No other line is called wrong."""
    text = path.read_bytes().decode("utf-8-sig", "replace")
    expected = re.search(r"# expect: (\S+) line (\d+)", text)
    words = re.search(r"# says: (.+)", text)
    assert expected is not None
    assert words is not None
    code, line = expected[1], int(expected[2])
    report = judged(path, against)
    (found,) = {(one.code, one.line) for one in report.findings if one.code == code}
    assert found == (code, line)
    finding = next(one for one in report.findings if one.code == code)
    assert words[1].strip() in finding.message("en")
    assert finding.message("it") != finding.message("en")
    assert finding.column > 0
    assert code in codes.CODES
    assert {one.line for one in report.violations} <= {line}


def test_without_its_mistake_a_file_conforms(against: contribution.Against) -> None:
    path = ROOT / "tests" / "data" / "faulty" / "missing-semicolon.ttl"
    text = path.read_text(encoding="utf-8")
    text = text.replace('rdfs:label "Ada Prova"@en', 'rdfs:label "Ada Prova"@en ;')
    report = contribution.judge([reading.read("x.ttl", text.encode())], against)
    assert [one for one in report.findings if one.severity != "info"] == []
