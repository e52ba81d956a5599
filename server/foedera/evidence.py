"""The source texts, where they are at hand: whether what the data says of their words is so.

The data copies no sentence. Evidence is a source, two offsets and a digest of the words between
them; a name form is a few words with its evidence. With the texts all of it can be verified.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from foedera import folder, terms
from foedera.check import Finding
from foedera.errors import CouldNotCheck

NOT_RUN = "the words at the offsets of evidence were not verified: --texts names no folder of texts"
"""What a check says where there is evidence and no folder to verify it by."""

_NAMES = ("source", "start", "end", "digest", "sha256", "length", "form", "evidence")
_PROPERTIES = {terms.FOEDERA + name: name for name in _NAMES}
_DIGITS = 16
_NEAR = 200
"""How far from the offsets given, in characters, the words are looked for."""


@dataclass(frozen=True)
class _Said:
    """The value of a property, and where it is said."""

    value: str
    file: str
    line: int


_About = dict[str, dict[str, list[_Said]]]
"""What is said of each thing, by the name of the property."""


def count(parsed: Iterable[folder.Parsed]) -> int:
    """How many stretches of texts the evidence points at."""
    return sum("start" in said for said in _read(parsed).values())


def verify(parsed: Iterable[folder.Parsed], texts: Path) -> list[Finding]:
    """Compare every offset, digest and name form with the texts in a folder.

    A text is found by its SHA-256, whatever its file is called. Its offsets count the characters
    of the file, read as UTF-8 with its line ends as they are; an end is just after the last one.
    Raises CouldNotCheck where there is no such folder.
    """
    about = _read(parsed)
    findings: list[Finding] = []
    words: dict[str, str] = {}
    sums = checksums(texts)
    for source, said in about.items():
        for checksum in said.get("sha256", []):
            file = sums.get(checksum.value)
            if file is None:
                findings.append(_missing(source, checksum, texts, sums))
                continue
            text = file.read_bytes().decode("utf-8", errors="replace")
            words[source] = text
            for length in said.get("length", []):
                if length.value != str(len(text)):
                    findings.append(_wrong_length(source, length, len(text)))
    sound: dict[str, str] = {}
    for evidence, said in about.items():
        for text, start, end in _stretches(said, words):
            finding = _out_of_bounds(evidence, start, end, text) or _other_words(
                evidence, start, end, said.get("digest", []), text
            )
            if finding is not None:
                findings.append(finding)
            if finding is None or finding.severity == "info":
                sound[evidence] = text
    for name, said in about.items():
        for form in said.get("form", []):
            for pointer in said.get("evidence", []):
                if pointer.value in sound:
                    at, text = about[pointer.value], sound[pointer.value]
                    findings += _other_form(name, form, at, text)
    return findings


def _read(parsed: Iterable[folder.Parsed]) -> _About:
    about: _About = {}
    for one in parsed:
        for triple, line in zip(one.triples, one.lines, strict=True):
            name = _PROPERTIES.get(triple.predicate.value)
            if name is not None and isinstance(triple.subject, ox.NamedNode):
                value = getattr(triple.object, "value", "")
                said = _Said(value, one.file.path, line)
                about.setdefault(triple.subject.value, {}).setdefault(name, []).append(said)
    return about


def checksums(texts: Path) -> dict[str, Path]:
    """The files of a folder by their SHA-256. Raises CouldNotCheck where there is none."""
    if not texts.is_dir():
        raise CouldNotCheck(
            f"There is no folder {texts}", "--texts names the folder that holds the source texts."
        )
    found = {}
    for file in sorted(texts.rglob("*")):
        if file.is_file():
            with file.open("rb") as stream:
                found[hashlib.file_digest(stream, "sha256").hexdigest()] = file
    return found


def _stretches(
    said: dict[str, list[_Said]], words: dict[str, str]
) -> Iterator[tuple[str, _Said, _Said]]:
    """The text, start and end of evidence, as far as they are said and the text is at hand."""
    for source in said.get("source", []):
        if source.value in words:
            for start, end in zip(said.get("start", []), said.get("end", []), strict=False):
                if start.value.isdecimal() and end.value.isdecimal():
                    yield words[source.value], start, end


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:_DIGITS]


def _finding(
    at: _Said, focus: str, name: str, english: str, italian: str, severity: str = "violation"
) -> Finding:
    return Finding(
        "evidence",
        severity,
        at.file,
        at.line,
        0,
        {"en": f"{english} (<{focus}>)", "it": f"{italian} (<{focus}>)"},
        focus=focus,
        path=terms.FOEDERA + name,
        value=at.value,
    )


def _missing(source: str, checksum: _Said, texts: Path, sums: dict[str, Path]) -> Finding:
    name = source.rsplit("/", 1)[-1]
    namesake = next((file for file in sums.values() if file.stem == name), None)
    if namesake is None:
        english = f"No file in {texts} has this SHA-256, so nothing that rests on the text was"
        english += " verified: add the text to the folder."
        italian = f"Nessun file in {texts} ha questo SHA-256, quindi nulla di ciò che si fonda sul"
        italian += " testo è stato verificato: aggiungere il testo alla cartella."
    else:
        english = f"{namesake.name} has another SHA-256: it is not the text that was read. Bring"
        english += " that text back, or correct :sha256, :length and every offset."
        italian = f"{namesake.name} ha un altro SHA-256: non è il testo che fu letto. Ripristinare"
        italian += " quel testo, o correggere :sha256, :length e ogni posizione."
    return _finding(checksum, source, "sha256", english, italian)


def _wrong_length(source: str, length: _Said, characters: int) -> Finding:
    return _finding(
        length,
        source,
        "length",
        f"The text has {characters} characters: write that number.",
        f"Il testo ha {characters} caratteri: scrivere questo numero.",
    )


def _out_of_bounds(evidence: str, start: _Said, end: _Said, text: str) -> Finding | None:
    if int(start.value) < int(end.value) <= len(text):
        return None
    return _finding(
        end,
        evidence,
        "end",
        f"{start.value} to {end.value} is no stretch of a text of {len(text)} characters:"
        " correct the offsets.",
        f"Da {start.value} a {end.value} non c'è un tratto in un testo di {len(text)} caratteri:"
        " correggere le posizioni.",
    )


def _other_words(
    evidence: str, start: _Said, end: _Said, digests: list[_Said], text: str
) -> Finding | None:
    """What is wrong with the words between two offsets, by their digest."""
    first, last = int(start.value), int(end.value)
    there = _digest(text[first:last])
    if not digests:
        return _finding(
            end,
            evidence,
            "digest",
            f'Write :digest "{there}" beside the offsets, so that a shift is found.',
            f'Scrivere :digest "{there}" accanto alle posizioni, per trovare uno spostamento.',
            "info",
        )
    if there in (digest.value for digest in digests):
        return None
    meant, size = digests[0].value, last - first
    for shift in sorted(range(-_NEAR, _NEAR + 1), key=abs):
        begin = first + shift
        if begin >= 0 and _digest(text[begin : begin + size]) == meant:
            english = f"they stand at {begin} to {begin + size}."
            italian = f"stanno da {begin} a {begin + size}."
            break
    else:
        english = f'correct the offsets, or, if they are right, write :digest "{there}".'
        italian = f'correggere le posizioni o, se sono giuste, scrivere :digest "{there}".'
    return _finding(
        start,
        evidence,
        "start",
        f"The words at {first} to {last} are not those that were meant: {english}",
        f"Le parole da {first} a {last} non sono quelle intese: {italian}",
    )


def _other_form(
    name: str, form: _Said, evidence: dict[str, list[_Said]], text: str
) -> Iterator[Finding]:
    """Where a name form is not what stands at its evidence, letter by letter."""
    for start, end in zip(evidence["start"], evidence["end"], strict=False):
        first, last = int(start.value), int(end.value)
        there = text[first:last]
        if there != form.value:
            yield _finding(
                form,
                name,
                "form",
                f"“{form.value}” is not what stands at {first} to {last}, which is “{there}”:"
                " correct the form or its evidence.",
                f"“{form.value}” non è ciò che sta da {first} a {last}, cioè “{there}”:"
                " correggere la forma o la sua prova.",
            )
