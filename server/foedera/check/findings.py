"""What a check finds, in one model: what is wrong, where, and what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace

SEVERITIES = ("violation", "warning", "info")
"""Worst first. Only a violation stops publishing."""

STANDINGS = ("introduced", "there", "resolved")
"""What a finding is to a contribution: it comes with it, was there before it and stays, or goes
with it."""


@dataclass(frozen=True)
class Spot:
    """A stretch of a text: from the first character to behind the last; all count from 1.

    Columns count characters (Unicode code points). A line or column that is not known is 0.
    """

    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or could be better.

    ``kind`` is ``syntax``, ``change``, ``shape``, ``hygiene``, ``lint`` or ``evidence``; ``code``
    one of ``codes``, whose page explains it. ``messages`` are texts by language tag. ``path`` is
    the property (or a path, in SPARQL), ``rule`` the IRI of the shape or the file of the query
    that found it. ``line`` and ``column`` count from 1; 0 where there is none.

    ``labels`` are names of the thing by language tag, ``path_labels`` of the path in words.
    ``value`` is the value's text, ``term`` the value in N-Triples. ``fix`` is Turtle that could
    stand there instead, or be added, with ``fixes`` saying in words what to do with it.
    ``standing`` is one of STANDINGS, or "" where nothing is compared.
    """

    kind: str
    severity: str
    file: str
    line: int
    column: int
    messages: dict[str, str]
    focus: str = ""
    path: str = ""
    value: str = ""
    rule: str = ""
    code: str = ""
    end_line: int = 0
    end_column: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    path_labels: dict[str, str] = field(default_factory=dict)
    term: str = ""
    component: str = ""
    fix: str = ""
    standing: str = ""

    def message(self, language: str = "en") -> str:
        """What to say to a person, in their language where there is one."""
        texts = self.messages
        return texts.get(language) or texts.get("en") or texts.get("") or next(iter(texts.values()))

    @property
    def spot(self) -> Spot:
        """Where it is in its file."""
        return Spot(self.line, self.column, self.end_line, self.end_column)

    def place(self) -> str:
        """``file:line:column``, as editors and compilers write it."""
        parts = [self.file, *(str(number) for number in (self.line, self.column) if number)]
        return ":".join(parts)

    def __str__(self) -> str:
        words = _short(" ".join(self.message().split()), 5 * _LONGEST)
        return f"{self.place()}: {self.severity}: {words}{self._about()}"

    def _about(self) -> str:
        """The thing, the property and the value, in brackets."""
        focus, path = (
            f"<{one}>" if _IRI.fullmatch(one) else one for one in (self.focus, self.path)
        )
        if self.focus and not _IRI.fullmatch(self.focus):
            focus = "[]"  # it has no name of its own
        about = " ".join(_short(one) for one in (focus, path) if one)
        if about and self.term and self.value != self.focus:
            value = "[]" if self.term.startswith("_:") else _short(self.term)
            about += f" is {value}"
        return f" ({about})" if about else ""


@dataclass(frozen=True)
class Report:
    """All findings, worst first, and what was looked at.

    ``skipped`` says in sentences what was not looked at, and why. ``engine`` names what ran the
    shapes, with its version; ``against`` the release that a contribution was checked with, or ""
    where it was looked at alone. ``triples`` counts what was read.
    """

    findings: tuple[Finding, ...] = ()
    files: int = 0
    triples: int = 0
    shapes: int = 0
    skipped: tuple[str, ...] = field(default=())
    engine: str = ""
    against: str = ""

    @property
    def conforms(self) -> bool:
        """Whether nothing found is a violation; what was there before, or goes, is none."""
        return not self.violations

    @property
    def violations(self) -> tuple[Finding, ...]:
        """The findings that stop publishing."""
        return self.failing("violation")

    def failing(self, severity: str) -> tuple[Finding, ...]:
        """The findings of at least a severity that the contribution answers for."""
        worst = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return tuple(
            finding
            for finding in self.findings
            if finding.severity in worst and finding.standing in ("", "introduced")
        )

    def count(self, severity: str, standing: str | None = None) -> int:
        """How many findings are of a severity, of all standings or of one."""
        return sum(
            finding.severity == severity and standing in (None, finding.standing)
            for finding in self.findings
        )

    def plus(self, findings: Iterable[Finding], skipped: Iterable[str] = ()) -> Report:
        """The report with more findings, or with more that was not looked at."""
        return replace(
            self,
            findings=ordered((*self.findings, *findings)),
            skipped=(*self.skipped, *skipped),
        )

    def to_json(self) -> str:
        return json.dumps({"conforms": self.conforms, **asdict(self)}, ensure_ascii=False, indent=1)


_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>]*")
_LONGEST = 200


def _short(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else text[:longest] + "…"


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings as a report has them, worst first; two of the same are one, reached in two ways."""
    return tuple(found for _, found in sorted({_order(one): one for one in findings}.items()))


def _order(found: Finding) -> tuple[int, str, int, int, tuple[str, ...]]:
    """Where a finding stands in a report."""
    rest = (found.rule, found.path, found.focus, found.value, found.standing, found.message())
    return (SEVERITIES.index(found.severity), found.file, found.line, found.column, rest)
