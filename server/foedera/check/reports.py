"""A report in the formats that people and programs read.

What strangers wrote is made harmless for its medium: no control character reaches a terminal, no
formula a spreadsheet.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import pyoxigraph as ox

import foedera
from foedera import terms
from foedera.check import codes
from foedera.check.findings import SEVERITIES, Finding, Report
from foedera.check.reading import Document

_PAGES = "https://w3id.org/foedera/check/codes/"
"""Where codes are explained, for reports that lead nowhere else."""


@dataclass(frozen=True)
class Form:
    """A format of reports: its name, media type, the ending of its files, and what writes it."""

    name: str
    media_type: str
    ending: str
    write: Callable[[_Told], str]


@dataclass(frozen=True)
class _Told:
    """A report, and all that its words depend on."""

    report: Report
    documents: Mapping[str, Document]
    language: str
    colour: bool
    codes_at: str
    all: bool

    def code_page(self, finding: Finding) -> str:
        return f"{self.codes_at or _PAGES}{finding.code}" if finding.code else ""

    def title(self, finding: Finding) -> str:
        code = codes.CODES.get(finding.code)
        return (code.title.get(self.language) or code.title["en"]) if code else finding.kind


def write(
    report: Report,
    documents: Sequence[Document],
    fmt: str,
    language: str = "en",
    colour: bool = False,
    codes_at: str = "",
    all: bool = False,
) -> str:
    """A report in a format of `FORMS`, by its name.

    ``documents`` are what it is about, for excerpts. ``codes_at`` is the address below which codes
    have their pages. ``all`` shows to people what was wrong before, too. Raises KeyError.
    """
    named = {document.name: document for document in documents}
    return FORMS[fmt].write(_Told(report, named, language, colour, codes_at, all))


# For people


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_COLOURS = {"violation": "31", "warning": "33", "info": "36", "mark": "1", "help": "32"}
_WORDS = {
    "violation": {"en": "violation", "it": "violazione"},
    "warning": {"en": "warning", "it": "avviso"},
    "info": {"en": "info", "it": "nota"},
    "of": {"en": "of", "it": "di"},
    "path": {"en": "at", "it": "in"},
    "value": {"en": "is", "it": "è"},
    "fix": {"en": "write", "it": "scrivere"},
    "resolved": {"en": "mended", "it": "corretto"},
    "there": {"en": "was there before", "it": "c'era già"},
    "hidden": {
        "en": "{n} that were there before are not shown (--all shows them)",
        "it": "{n} che c'erano già non sono mostrati (--all li mostra)",
    },
    "good": {"en": "conforms", "it": "è conforme"},
    "bad": {"en": "does not conform", "it": "non è conforme"},
}


def harmless(text: str) -> str:
    """A text without what would move a terminal's cursor, or turn its words around."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(
        0
        if unicodedata.combining(letter)
        else 2
        if unicodedata.east_asian_width(letter) in "WF"
        else 1
        for letter in text
    )


def _text(told: _Told) -> str:
    """As a compiler tells it: the words, the place, the line with the spot marked, the cure."""
    lines: list[str] = []
    hidden = 0
    for finding in _in_order(told.report.findings):
        if finding.standing == "there" and not told.all:
            hidden += 1
            continue
        lines += [*_told_of(finding, told), ""]
    lines += [f"note: {harmless(note)}" for note in told.report.skipped]
    if hidden:
        lines.append(_say("hidden", told).replace("{n}", f"{hidden:,}"))
    lines.append(_summary(told))
    return "\n".join(lines) + "\n"


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    """File by file, from the top to the bottom of each."""
    return sorted(findings, key=lambda one: (one.file, one.line, one.column))


def _say(name: str, told: _Told) -> str:
    texts = _WORDS[name]
    return texts.get(told.language) or texts["en"]


def _paint(text: str, name: str, told: _Told) -> str:
    return f"\033[{_COLOURS[name]}m{text}\033[0m" if told.colour else text


def _told_of(finding: Finding, told: _Told) -> Iterator[str]:
    head = _say(finding.severity, told) + (f"[{finding.code}]" if finding.code else "")
    standing = f" ({_say(finding.standing, told)})" if finding.standing in _WORDS else ""
    words = " ".join(harmless(finding.message(told.language)).split())
    yield f"{_paint(head, finding.severity, told)}{standing}: {_paint(words, 'mark', told)}"
    yield f"  --> {harmless(finding.place())}"
    yield from _excerpt(finding, told)
    name = finding.labels.get(told.language) or finding.labels.get("en") or ""
    if finding.focus:
        shown = f"{finding.focus} ({name})" if name else finding.focus
        yield f"   = {_say('of', told)} {harmless(shown)}"
    path = finding.path_labels.get(told.language) or finding.path_labels.get("en")
    if path:
        yield f"   = {_say('path', told)} {harmless(path)}"
    if finding.fix:
        fix = " ".join(harmless(finding.fix).split())
        yield f"   = {_paint(_say('fix', told) + ':', 'help', told)} {fix}"


_ROOM = 96
"""Columns of a line that are shown."""


def _excerpt(finding: Finding, told: _Told) -> Iterator[str]:
    """The line that a finding is about, with its spot marked."""
    document = told.documents.get(finding.file)
    if document is None or not finding.line:
        return
    rows = document.text.split("\n")
    if finding.line > len(rows):
        return
    row = rows[finding.line - 1].rstrip("\r")
    start = max(finding.column - 1, 0)
    same = finding.end_line in (0, finding.line)
    end = finding.end_column - 1 if same and finding.end_column else len(row)
    first = 0 if _width(row[:end]) <= _ROOM else max(0, start - 30)
    before = harmless(row[first:start]).replace("\t", "    ")
    marked = harmless(row[start:end]).replace("\t", "    ")[:_ROOM]
    after = harmless(row[end : end + _ROOM]).replace("\t", "    ")
    number = str(finding.line)
    gutter = " " * len(number)
    dots = "…" if first else ""
    yield f"{gutter} |"
    yield f"{number} | {dots}{before}{marked}{after}"[: _ROOM * 2]
    carets = "^" * max(_width(marked), 1) if finding.column else ""
    blank = " " * (_width(before) + len(dots))
    yield f"{gutter} | {blank}{_paint(carets, finding.severity, told)}"


def _summary(told: _Told) -> str:
    report = told.report
    counts = []
    for severity in SEVERITIES:
        number = sum(
            one.severity == severity and one.standing in ("", "introduced")
            for one in report.findings
        )
        plural = "s" if told.language == "en" and number != 1 and severity != "info" else ""
        counts.append(f"{number:,} {_say(severity, told)}{plural}")
    for standing in ("there", "resolved"):
        number = sum(one.standing == standing for one in report.findings)
        if number:
            counts.append(f"{number:,} {_say(standing, told)}")
    verdict = _say("good" if report.conforms else "bad", told)
    engine = f"; {report.engine}" if report.engine else ""
    return f"{verdict}: {', '.join(counts)}{engine}"


def _short(told: _Told) -> str:
    """One line each, as editors read them: ``file:line:column: severity: words [code]``."""
    lines = []
    for one in _in_order(told.report.findings):
        if one.standing in ("there", "resolved") and not told.all:
            continue
        words = " ".join(harmless(one.message(told.language)).split())
        place = harmless(f"{one.file}:{one.line or 1}:{one.column or 1}")
        lines.append(f"{place}: {one.severity}: {words}" + (f" [{one.code}]" if one.code else ""))
    return "".join(f"{line}\n" for line in lines)


# For programs


def _json(told: _Told) -> str:
    content = json.loads(told.report.to_json())
    for finding, one in zip(content["findings"], told.report.findings, strict=True):
        finding["message"] = one.message(told.language)
        finding["help"] = told.code_page(one)
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


_COLUMNS = (
    "severity", "code", "file", "line", "column", "end_line", "end_column", "message", "focus",
    "label", "path", "value", "fix", "standing", "rule",
)  # fmt: skip


def _csv(told: _Told) -> str:
    """RFC 4180, with a header; before a cell that a spreadsheet would compute is an apostrophe."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for one in told.report.findings:
        row = {
            **vars(one),
            "message": one.message(told.language),
            "label": one.labels.get(told.language) or one.labels.get("en") or "",
        }
        writer.writerow([_cell(row[name]) for name in _COLUMNS])
    return stream.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value


def _github(told: _Told) -> str:
    """Annotations of GitHub Actions (its workflow commands)."""
    levels = {"violation": "error", "warning": "warning", "info": "notice"}
    lines = []
    for one in told.report.findings:
        if one.standing in ("there", "resolved"):
            continue
        places = {
            "file": one.file,
            "line": one.line or 1,
            "endLine": one.end_line or one.line or 1,
            "col": one.column,
            "endColumn": one.end_column,
            "title": f"{one.code}: {told.title(one)}" if one.code else told.title(one),
        }
        if places["endLine"] != places["line"]:  # columns are then ignored, with a complaint
            del places["col"], places["endColumn"]
        told_of = ",".join(f"{name}={_property(value)}" for name, value in places.items() if value)
        words = one.message(told.language) + (f"\n{one.fix}" if one.fix else "")
        lines.append(f"::{levels[one.severity]} {told_of}::{_data(words)}")
    return "".join(f"{line}\n" for line in lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: Any) -> str:
    return _data(str(value)).replace(":", "%3A").replace(",", "%2C")


def _junit(told: _Told) -> str:
    """JUnit XML: a suite for each file, a case for each finding, as build servers read it."""
    findings = [one for one in told.report.findings if one.standing not in ("there", "resolved")]
    by_file = {
        file: list(of) for file, of in groupby(_in_order(findings), key=lambda one: one.file)
    }
    for name in told.documents:
        by_file.setdefault(name, [])
    wrong = sum(one.severity == "violation" for one in findings)
    total = sum(max(len(of), 1) for of in by_file.values())
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="foedera check" tests="{total}" failures="{wrong}" errors="0">',
    ]
    for file, of in sorted(by_file.items()):
        failures = sum(one.severity == "violation" for one in of)
        lines.append(
            f'  <testsuite name={_attribute(file)} tests="{max(len(of), 1)}" '
            f'failures="{failures}" errors="0">'
        )
        if not of:
            lines.append(f'    <testcase name="conforms" classname={_attribute(file)}/>')
        for one in of:
            name = f"{one.line}:{one.column} {one.code}"
            lines.append(
                f"    <testcase name={_attribute(name)} classname={_attribute(file)} "
                f'file={_attribute(file)} line="{one.line}">'
            )
            words = _xml(f"{one.place()}\n{one.message(told.language)}\n{one.focus}\n{one.fix}")
            if one.severity == "violation":
                message = _attribute(one.message(told.language))
                lines.append(f"      <failure message={message} type={_attribute(one.code)}>")
                lines.append(f"{words}</failure>")
            else:
                lines.append(f"      <system-out>{words}</system-out>")
            lines.append("    </testcase>")
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml(text: str) -> str:
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text).strip())


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))


def _sarif(told: _Told) -> str:
    """SARIF 2.1.0 (OASIS), with rules, fixes, and what is new, unchanged or absent."""
    levels = {"violation": "error", "warning": "warning", "info": "note"}
    states = {"introduced": "new", "there": "unchanged", "resolved": "absent"}
    used = sorted({one.code for one in told.report.findings if one.code in codes.CODES})
    results = []
    for one in told.report.findings:
        place: dict[str, Any] = {
            "artifactLocation": {"uri": _uri(one.file)},
            **({"region": _region(one)} if one.line else {}),
        }
        result: dict[str, Any] = {
            "ruleId": one.code or one.kind,
            "level": levels[one.severity],
            "message": {"text": one.message(told.language)},
            "locations": [{"physicalLocation": place}],
            "partialFingerprints": {
                "foedera/v1": "|".join((one.code, one.focus, one.path, one.value, one.rule))
            },
            "properties": {
                name: value
                for name in ("focus", "path", "value", "rule", "fix")
                if (value := getattr(one, name))
            },
        }
        if one.code in used:
            result["ruleIndex"] = used.index(one.code)
        if one.standing:
            result["baselineState"] = states[one.standing]
        if one.fix and one.end_column and one.kind != "shape":
            change = {
                "artifactLocation": {"uri": _uri(one.file)},
                "replacements": [
                    {"deletedRegion": _region(one), "insertedContent": {"text": one.fix}}
                ],
            }
            result["fixes"] = [{"description": {"text": one.fix}, "artifactChanges": [change]}]
        results.append(result)
    run = {
        "tool": {
            "driver": {
                "name": "Foedera",
                "version": foedera.__version__,
                "informationUri": "https://w3id.org/foedera/",
                "rules": [_rule(slug, told) for slug in used],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": results,
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": note}} for note in told.report.skipped
                ],
            }
        ],
    }
    content = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _rule(slug: str, told: _Told) -> dict[str, Any]:
    code = codes.CODES[slug]
    return {
        "id": slug,
        "name": "".join(part.capitalize() for part in slug.split("-")),
        "shortDescription": {"text": code.title.get(told.language) or code.title["en"]},
        "fullDescription": {"text": code.text.get(told.language) or code.text["en"]},
        "helpUri": f"{told.codes_at or _PAGES}{slug}",
    }


def _uri(file: str) -> str:
    return quote(file.replace("\\", "/"), safe="/~-._")


def _region(one: Finding) -> dict[str, int]:
    region = {"startLine": one.line}
    if one.column:
        region["startColumn"] = one.column
    if one.end_line:
        region["endLine"] = one.end_line
    if one.end_column:
        region["endColumn"] = one.end_column
    return region


_POINTER = "http://www.w3.org/2009/pointers#"


def _turtle(told: _Told) -> str:
    """A validation report (SHACL, section 3.6), each result with its place as a pointer (W3C,
    Pointer Methods in RDF); what no shape found is a result with the page of its code as
    component."""
    report = told.report
    lines = [
        f"@prefix sh: <{terms.SH}> .",
        f"@prefix ptr: <{_POINTER}> .",
        f"@prefix dcterms: <{terms.DCTERMS}> .",
        f"@prefix rdfs: <{terms.RDFS}> .",
        "",
        "[] a sh:ValidationReport ;",
        f"    sh:conforms {'true' if report.conforms else 'false'}",
    ]
    for one in report.findings:
        lines[-1] += " ;"
        lines.append("    sh:result [")
        lines += [f"        {line} ;" for line in _result(one, told)]
        lines.append("    ]")
    lines[-1] += " ."
    return "\n".join(lines) + "\n"


def _result(one: Finding, told: _Told) -> Iterator[str]:
    yield "a sh:ValidationResult"
    yield f"sh:resultSeverity sh:{one.severity.capitalize()}"
    yield f"sh:focusNode {_node(one.focus) or '[]'}"
    if one.path:
        yield f"sh:resultPath {_path(one.path)}"
    if one.term and not one.term.startswith("_:"):
        yield f"sh:value {one.term}"
    component = one.component or told.code_page(one)
    if component:
        yield f"sh:sourceConstraintComponent {_node(component)}"
    if one.kind == "shape" and _node(one.rule):
        yield f"sh:sourceShape {_node(one.rule)}"
    for language, words in one.messages.items():
        tag = language if re.fullmatch("[A-Za-z]+(-[A-Za-z0-9]+)*", language) else ""
        literal = ox.Literal(words, language=tag) if tag else ox.Literal(words)
        yield f"sh:resultMessage {literal}"
    if one.code:
        yield f"dcterms:identifier {ox.Literal(one.code)}"
    if one.standing:
        yield f"dcterms:type {ox.Literal(one.standing)}"
    if one.line:
        yield (
            "ptr:startPointer [ a ptr:LineCharPointer ; "
            f"ptr:reference {ox.Literal(one.file)} ; "
            f"ptr:lineNumber {one.line} ; ptr:charNumber {one.column or 1} ]"
        )
    if one.fix:
        yield f"rdfs:comment {ox.Literal(one.fix)}"


def _node(iri: str) -> str:
    try:
        return str(ox.NamedNode(iri)) if ":" in iri else ""
    except ValueError:
        return ""


def _path(path: str) -> str:
    """A path as SHACL writes it, from the way in which SPARQL does (SHACL, section 2.3.1)."""
    if "<" not in path:
        return _node(path) or "[]"
    return _Path(path).read()


class _Path:
    """Reads a path of SPARQL: IRIs, ^, /, |, *, +, ? and brackets."""

    def __init__(self, text: str) -> None:
        self._pieces = re.findall(r"<[^<>]*>|[\^/|*+?()]", text)
        self._at = 0

    def read(self) -> str:
        return self._choice()

    def _next(self) -> str:
        return self._pieces[self._at] if self._at < len(self._pieces) else ""

    def _choice(self) -> str:
        parts = [self._sequence()]
        while self._next() == "|":
            self._at += 1
            parts.append(self._sequence())
        if len(parts) == 1:
            return parts[0]
        return f"[ sh:alternativePath ( {' '.join(parts)} ) ]"

    def _sequence(self) -> str:
        parts = [self._step()]
        while self._next() == "/":
            self._at += 1
            parts.append(self._step())
        return parts[0] if len(parts) == 1 else f"( {' '.join(parts)} )"

    def _step(self) -> str:
        if self._next() == "^":
            self._at += 1
            return f"[ sh:inversePath {self._step()} ]"
        if self._next() == "(":
            self._at += 1
            found = self._choice()
            self._at += 1
        else:
            found = self._next() or "[]"
            self._at += 1
        steps = {"*": "zeroOrMorePath", "+": "oneOrMorePath", "?": "zeroOrOnePath"}
        while self._next() in steps:
            found = f"[ sh:{steps[self._next()]} {found} ]"
            self._at += 1
        return found


FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form("text", "text/plain", "txt", _text),
        Form("short", "text/plain", "txt", _short),
        Form("json", "application/json", "json", _json),
        Form("ttl", "text/turtle", "ttl", _turtle),
        Form("sarif", "application/sarif+json", "sarif", _sarif),
        Form("junit", "application/xml", "xml", _junit),
        Form("github", "text/plain", "txt", _github),
        Form("csv", "text/csv", "csv", _csv),
    )
}
"""All formats, by name."""
