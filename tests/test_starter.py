"""The folder to start from: it conforms without a remark, something follows, it is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from foedera import check, folder, infer, starter
from foedera.errors import NotAPublication


def test_it_conforms_without_a_remark(books: Path) -> None:
    report, _ = check.check(folder.read(books))
    assert report.conforms
    assert report.findings == ()
    assert report.skipped == ()
    assert report.shapes == 3


def test_it_describes_itself(books: Path) -> None:
    found = folder.read(books).publication
    assert found.stated
    assert found.titles
    assert found.descriptions
    assert found.license
    assert found.examples


def test_something_follows_from_it(books: Path) -> None:
    """So that a newcomer sees what an ontology is good for."""
    _, parsed = check.check(folder.read(books))
    assert len(infer.closure([one for one in parsed if one.file.part != "shapes"])) == 2


def test_it_tells_what_it_wrote(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "er"
    written = starter.new(target)
    found = [path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()]
    assert sorted(written) == sorted(found)


@pytest.mark.parametrize("path", ["ontology/core.ttl", "data/books.ttl", "shapes/book.ttl"])
def test_nothing_is_overwritten(tmp_path: Path, path: str) -> None:
    mine = tmp_path / path
    mine.parent.mkdir()
    mine.write_text("# mine\n")
    with pytest.raises(NotAPublication, match=path):
        starter.new(tmp_path)
    assert mine.read_text() == "# mine\n"
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [mine]


def test_a_folder_with_other_files_in_it_may_be_used(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Mine\n")
    starter.new(tmp_path)
    assert folder.read(tmp_path).files


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(NotAPublication, match="cannot be written: Not a directory"):
        starter.new(tmp_path / "x")
