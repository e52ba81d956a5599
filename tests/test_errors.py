"""Errors: what each says, and that the tree at the top of the module is the one there is."""

from __future__ import annotations

import re

import pytest

from foedera import errors, release
from foedera.check import Report
from foedera.errors import FoederaError


def family(kind: type[FoederaError] = FoederaError) -> list[type[FoederaError]]:
    mine = [one for one in kind.__subclasses__() if one.__module__ == errors.__name__]
    return [below for one in mine for below in (one, *family(one))]


def code(kind: type[FoederaError]) -> str:
    """What tells a machine of the error: the HTTP status, or the exit code of the program."""
    return f"exit {kind.exit_code}" if "exit_code" in vars(kind) else str(kind.status)


def test_an_error_says_what_happened_and_what_to_do() -> None:
    fault = errors.BadRequest("There is no query", "Send one.")
    assert str(fault) == "There is no query\nSend one."
    assert str(errors.BadRequest("There is no query")) == "There is no query"


@pytest.mark.parametrize("kind", family(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_title_of_its_own(kind: type[FoederaError]) -> None:
    assert "title" in vars(kind)


def test_the_tree_in_the_docstring_is_the_one_there_is() -> None:
    lines = re.findall(r"^([│ ]*)[├└]── (\w+) +(\d{3}|exit \d) ?", errors.__doc__ or "", re.M)
    above: dict[int, str] = {-1: FoederaError.__name__}
    drawn = set()
    for indent, name, told in lines:
        depth = len(indent) // 4
        above[depth] = name
        drawn.add((name, above[depth - 1], told))
    assert drawn == {(kind.__name__, kind.__bases__[0].__name__, code(kind)) for kind in family()}


def test_what_may_come_from_a_worker_is_found_by_name() -> None:
    assert all(kind.__name__ == name for name, kind in errors.BY_NAME.items())
    of_requests = [kind for kind in family() if not code(kind).startswith("exit")]
    assert list(errors.BY_NAME.values()) == of_requests


def test_a_report_that_stops_publishing_goes_with_the_error() -> None:
    fault = release.Findings(Report())
    assert fault.report == Report()
    assert fault.exit_code == 1
