"""Offsets, digests and name forms against the texts themselves."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

import facts
from foedera import cli, evidence, folder, terms
from foedera.check import Finding
from foedera.errors import CouldNotCheck

SONG = "Twinkle, twinkle, little star,\r\nHow I wonder what you are — 星よ.\n"
"""A text with a line end of two characters, and characters of several bytes."""

Write = Callable[..., list[folder.Parsed]]


def digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:16]


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder with the song, under a name that says nothing."""
    (tmp_path / "texts" / "deep").mkdir(parents=True)
    (tmp_path / "texts" / "deep" / "scan-17").write_bytes(SONG.encode())
    return tmp_path / "texts"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a publication of one source, one stretch of it and one name, and parses it."""

    def write(
        start: int = 18,
        end: int = 29,
        words: str | None = "little star",
        form: str = "little star",
        sha256: str = hashlib.sha256(SONG.encode()).hexdigest(),
        length: int = len(SONG),
    ) -> list[folder.Parsed]:
        said = f'    :digest "{digest(words)}" ;\n' if words else ""
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / "song.ttl").write_text(
            f"@prefix : <{terms.FOEDERA}> .\n"
            "<urn:source/song> a :Source ;\n"
            f'    :sha256 "{sha256}" ;\n'
            f"    :length {length} .\n"
            "<urn:words> a :Evidence ;\n"
            "    :source <urn:source/song> ;\n"
            f"    :start {start} ;\n"
            f"    :end {end} ;\n"
            f"{said}"
            '    :fact "1" .\n'
            "<urn:name> a :Name ;\n"
            f'    :form "{form}" ;\n'
            "    :evidence <urn:words> .\n",
            encoding="utf-8",
        )
        source = folder.read(tmp_path)
        return [file.parse("urn:") for file in source.of("data")]

    return write


def one(findings: list[Finding]) -> Finding:
    [finding] = findings
    return finding


def test_offsets_and_names_that_are_right_give_no_finding(write: Write, texts: Path) -> None:
    assert evidence.verify(write(), texts) == []


def test_offsets_count_characters_and_keep_the_line_ends_of_the_file(
    write: Write, texts: Path
) -> None:
    start = SONG.index("星")
    assert evidence.verify(write(start, start + 1, "星", "星"), texts) == []


def test_a_stretch_shifted_by_a_character_is_found_with_its_file_line_and_cure(
    write: Write, texts: Path
) -> None:
    finding = one(evidence.verify(write(start=19, end=30), texts))
    assert (finding.severity, finding.place()) == ("violation", "data/song.ttl:7")
    assert "they stand at 18 to 29" in finding.message()
    assert "stanno da 18 a 29" in finding.message("it")


def test_words_that_are_nowhere_near_are_said_with_the_digest_of_what_is_there(
    write: Write, texts: Path
) -> None:
    finding = one(evidence.verify(write(words="a diamond"), texts))
    assert f':digest "{digest("little star")}"' in finding.message()


def test_a_name_that_is_not_what_stands_there_is_found(write: Write, texts: Path) -> None:
    finding = one(evidence.verify(write(form="Little star"), texts))
    assert (finding.severity, finding.place()) == ("violation", "data/song.ttl:12")
    assert "“Little star” is not what stands at 18 to 29, which is “little star”" in (
        finding.message()
    )


def test_a_name_is_compared_where_the_evidence_has_no_digest_too(write: Write, texts: Path) -> None:
    found = evidence.verify(write(start=19, end=30, words=None), texts)
    assert sorted(finding.severity for finding in found) == ["info", "violation"]


def test_evidence_without_a_digest_is_told_which_to_write(write: Write, texts: Path) -> None:
    finding = one(evidence.verify(write(words=None), texts))
    assert finding.severity == "info"
    assert f':digest "{digest("little star")}"' in finding.message()


@pytest.mark.parametrize(("start", "end"), [(18, len(SONG) + 1), (29, 29), (29, 18)])
def test_a_stretch_that_is_none_is_found(write: Write, texts: Path, start: int, end: int) -> None:
    finding = one(evidence.verify(write(start=start, end=end), texts))
    assert (finding.severity, finding.place()) == ("violation", "data/song.ttl:8")
    assert "correct the offsets" in finding.message()


def test_the_last_character_may_be_the_end(write: Write, texts: Path) -> None:
    assert evidence.verify(write(len(SONG) - 2, len(SONG), ".\n", ".\\n"), texts) == []


def test_a_wrong_length_is_found(write: Write, texts: Path) -> None:
    finding = one(evidence.verify(write(length=len(SONG.encode())), texts))
    assert (finding.severity, finding.place()) == ("violation", "data/song.ttl:4")
    assert f"The text has {len(SONG)} characters" in finding.message()


def test_a_text_that_is_missing_is_said(write: Write, texts: Path) -> None:
    (texts / "deep" / "scan-17").unlink()
    finding = one(evidence.verify(write(), texts))
    assert (finding.severity, finding.place()) == ("violation", "data/song.ttl:3")
    assert "No file in" in finding.message()


def test_a_text_changed_by_a_byte_is_said(write: Write, texts: Path) -> None:
    (texts / "deep" / "scan-17").rename(texts / "song.txt")
    changed = (texts / "song.txt").read_bytes().replace(b"wonder", b"Wonder")
    (texts / "song.txt").write_bytes(changed)
    finding = one(evidence.verify(write(), texts))
    assert finding.severity == "violation"
    assert "song.txt has another SHA-256: it is not the text that was read" in finding.message()


def test_a_folder_that_is_not_there_cannot_be_checked_by(write: Write, tmp_path: Path) -> None:
    with pytest.raises(CouldNotCheck, match="There is no folder"):
        evidence.verify(write(), tmp_path / "nowhere")


def test_the_command_verifies_with_a_folder_and_says_so_without(
    write: Write, texts: Path, tmp_path: Path
) -> None:
    write(start=19, end=30)
    without = CliRunner().invoke(cli.main, ["check", str(tmp_path)])
    assert (without.exit_code, without.output.count(evidence.NOT_RUN)) == (0, 1)
    found = CliRunner().invoke(cli.main, ["check", str(tmp_path), "--texts", str(texts)])
    assert found.exit_code == 1
    assert "data/song.ttl:7: violation: The words at 19 to 30 are not those" in found.output
    assert evidence.NOT_RUN not in found.output
    write()
    sound = CliRunner().invoke(cli.main, ["check", str(tmp_path), "--texts", str(texts)])
    assert sound.exit_code == 0
    assert "stretches of text compared with" in sound.output


def test_a_publication_without_evidence_hears_nothing_of_it(books: Path) -> None:
    answer = CliRunner().invoke(cli.main, ["check", str(books)])
    assert (answer.exit_code, evidence.NOT_RUN in answer.output) == (0, False)


# The dataset of this repository, and its texts


@pytest.fixture(scope="module")
def sources() -> Path:
    """The four texts; they are kept outside this repository."""
    path = facts.SHARED / "sources"
    if not path.is_dir():
        pytest.skip(f"there is no {path}: the source texts are kept outside this repository")
    return path


def test_every_stretch_of_the_dataset_is_as_the_texts_have_it(sources: Path) -> None:
    parsed = facts.load().parsed
    assert evidence.verify(parsed, sources) == []
    assert evidence.count(parsed) > 500


def test_every_stretch_of_the_dataset_has_a_digest() -> None:
    assert facts.load().select(
        "SELECT ?e { ?e :start ?s FILTER NOT EXISTS { ?e :digest ?d } }"
    ) == ([])


def test_any_stretch_of_the_dataset_shifted_by_a_character_is_found(sources: Path) -> None:
    """By its first offset, all of a file at once: each finding names the file and the line."""
    start = terms.FOEDERA + "start"
    for one in facts.load().parsed:
        shifted = replace(one, triples=list(one.triples))
        lines = set()
        for place, triple in enumerate(one.triples):
            if triple.predicate.value == start:
                value = ox.Literal(
                    str(int(triple.object.value) + 1), datatype=triple.object.datatype
                )
                shifted.triples[place] = ox.Triple(triple.subject, triple.predicate, value)
                lines.add(one.lines[place])
        if lines:
            found = evidence.verify(
                [other if other is not one else shifted for other in facts.load().parsed], sources
            )
            assert {(finding.file, finding.line) for finding in found if finding.path == start} == {
                (one.file.path, line) for line in lines
            }


def test_a_text_of_the_dataset_is_found_under_any_name_and_missed_when_it_changes(
    sources: Path, tmp_path: Path
) -> None:
    for number, file in enumerate(sorted(sources.glob("*.txt"))):
        shutil.copyfile(file, tmp_path / f"{number}.bin")
    assert evidence.verify(facts.load().parsed, tmp_path) == []
    changed = tmp_path / "0.bin"
    changed.chmod(0o644)
    changed.write_bytes(changed.read_bytes() + b" ")
    found = evidence.verify(facts.load().parsed, tmp_path)
    assert [(finding.path, finding.file) for finding in found] == [
        (terms.FOEDERA + "sha256", "data/sources/liguria-japan.ttl")
    ]


def test_every_mention_that_was_read_is_a_name_form_at_its_offsets() -> None:
    table = facts.SHARED / "facts" / "mentions.tsv"
    if not table.exists():
        pytest.skip(f"there is no {table}: the table of mentions is kept outside this repository")
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) == 222
    forms = set(
        facts.load().select(
            "SELECT ?thing ?source ?start ?end ?form ?quality { ?name a :Name ; :nameOf ?thing ;"
            " :form ?form ; :quality ?quality ; :evidence ?evidence ."
            " ?evidence :source ?source ; :start ?start ; :end ?end }"
        )
    )
    names = ("entity", "source", "start", "end", "form", "quality")
    mentions = [
        tuple(f"source/{row[name]}" if name == "source" else row[name] for name in names)
        for row in rows
    ]
    assert [mention for mention in mentions if mention not in forms] == []
