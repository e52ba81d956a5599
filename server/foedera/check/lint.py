"""What no shape says of a text: terms that do not exist, prefixes, IRIs that lead nowhere, and more."""

from __future__ import annotations

from dataclasses import dataclass

from foedera.check.base import Base
from foedera.check.findings import Finding
from foedera.check.reading import Document
from foedera.check.rules import Rules


@dataclass(frozen=True)
class Vocabulary:
    base: str

    @classmethod
    def of(cls, rules: Rules) -> Vocabulary:
        return cls(rules.base)


def lint(document: Document, vocabulary: Vocabulary, base: Base | None) -> list[Finding]:
    return []
