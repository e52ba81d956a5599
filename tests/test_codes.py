"""Every kind of finding has a code, and the page of a code tells the truth."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from foedera import terms
from foedera.check import codes, contribution, findings, reading, rules, said, shapes

CODES = list(codes.CODES.values())
SHOWN = [code for code in CODES if code.wrong]
ALONE = contribution.Against(rules.Rules("https://example.org/"))


def found(turtle: str) -> set[str]:
    document = reading.read("example.ttl", (codes.PREFIXES + turtle).encode())
    return {one.code for one in contribution.judge([document], ALONE).findings}


@pytest.mark.parametrize("code", SHOWN, ids=lambda code: code.slug)
def test_the_wrong_example_is_found_and_the_right_one_is_not(code: codes.Code) -> None:
    assert code.slug in found(code.wrong)
    assert found(code.right) & {code.slug, "parse-error"} == set()


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.slug)
def test_a_code_is_explained_in_english_and_italian(code: codes.Code) -> None:
    assert set(code.title) == set(code.text) == {"en", "it"}
    assert code.title["en"] != code.title["it"]
    assert code.text["en"] != code.text["it"]
    assert "{" not in "".join(code.text.values()) or code.slug == "parse-iri"
    assert code.severity in findings.SEVERITIES


def test_every_code_that_is_told_is_there() -> None:
    package = Path(str(codes.__file__)).parent
    told = set()
    for path in package.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        told |= set(
            re.findall(
                r'"((?:parse|prefix|term|literal|date|language|iri|thing|encoding)-[a-z0-9-]+)"',
                source,
            )
        )
    told -= {"thing-"}
    assert len(told) > 50
    assert sorted(told - set(codes.CODES)) == []
    assert sorted(said.CODES - set(codes.CODES)) == []


def test_every_component_of_shacl_has_a_code() -> None:
    components = [f"{terms.SH}{name}ConstraintComponent" for name in shapes.COMPONENTS]
    slugs = {codes.of_component(one) for one in components}
    assert len(slugs) == 29
    assert sorted(slugs - set(codes.CODES)) == []
    assert {codes.component(slug) for slug in slugs} == set(shapes.COMPONENTS)


def test_a_component_of_somebody_s_own_has_one_too() -> None:
    assert codes.of_component("https://example.org/Own") == "shape-custom"
