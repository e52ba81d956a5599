"""The codes of findings: what each means, and an example of the wrong and of the right."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from foedera.check import said, shapes
from foedera.terms import SH

PREFIXES = """\
@prefix : <https://example.org/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
"""What the examples stand below."""


@dataclass(frozen=True)
class Code:
    """One kind of finding. ``severity`` is the usual one; ``title`` and ``text`` are by language
    tag, ``wrong`` and ``right`` are examples in Turtle, or ""."""

    slug: str
    severity: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    wrong: str = ""
    right: str = ""

    @property
    def family(self) -> str:
        """What kind of thing is wrong: ``parse``, ``shape`` and so on."""
        return self.slug.split("-")[0]


class _Codes(Mapping[str, Code]):
    """All codes by slug, read on the first look."""

    def __getitem__(self, slug: str) -> Code:
        return _read()[slug]

    def __iter__(self) -> Iterator[str]:
        return iter(_read())

    def __len__(self) -> int:
        return len(_read())


CODES: Mapping[str, Code] = _Codes()


@cache
def _read() -> dict[str, Code]:
    path = Path(__file__).with_name("codes.toml")
    rows = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        slug: Code(
            slug,
            row["severity"],
            row["title"],
            row.get("text") or _text(slug),
            row.get("wrong", ""),
            row.get("right", ""),
        )
        for slug, row in rows.items()
    }


def _text(slug: str) -> dict[str, str]:
    """What a finding says, with the places open that only a finding can fill."""
    if slug.startswith("shape-"):
        texts = shapes.sentence(component(slug))
    else:
        texts = said.messages(slug, {})
    return {language: re.sub(r"\{\w+\}", "…", text) for language, text in texts.items()}


def of_component(component: str) -> str:
    """The code of what a constraint component finds: ``shape-min-count`` and the like."""
    if not component.startswith(SH):
        return "shape-custom"
    name = component.removeprefix(SH).removesuffix("ConstraintComponent")
    return "shape-" + re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def component(slug: str) -> str:
    """The name of the constraint component of a code, as SHACL has it: ``MinCount``."""
    name = "".join(part.capitalize() for part in slug.split("-")[1:])
    return "SPARQL" if name == "Sparql" else name
