"""Settings: argument beats environment beats default, and nothing else exists."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from foedera import settings
from foedera.errors import NotAPublication
from foedera.settings import Settings


def test_an_argument_beats_the_environment_which_beats_the_default() -> None:
    environment = {"FOEDERA_PORT": "81", "FOEDERA_KEEP": "7"}
    found = settings.load({"port": 82}, environment)
    assert (found.port, found.keep, found.threads) == (82, 7, Settings.threads)


def test_an_argument_that_was_not_given_leaves_the_environment_alone() -> None:
    assert settings.load({"port": None}, {"FOEDERA_PORT": "81"}).port == 81


def test_an_argument_may_be_nought() -> None:
    assert settings.load({"port": 0}, {"FOEDERA_PORT": "81"}).port == 0


def test_the_environment_is_read_as_the_kind_that_the_default_has() -> None:
    environment = {"FOEDERA_QUERY_SECONDS": "2.5", "FOEDERA_KEEP": " 3 ", "FOEDERA_HOST": "::1"}
    found = settings.load({}, environment)
    assert (found.query_seconds, found.keep, found.host) == (2.5, 3, "::1")


def test_with_no_environment_given_the_process_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOEDERA_KEEP", "9")
    assert settings.load({}).keep == 9


def test_other_variables_are_not_ours() -> None:
    assert settings.load({}, {"PORT": "x", "HOME": "/", "foedera_port": "x"}) == Settings()


def test_a_variable_of_ours_that_is_no_setting_is_told_with_those_there_are() -> None:
    with pytest.raises(NotAPublication, match="FOEDERA_PROT") as told:
        settings.load({}, {"FOEDERA_PROT": "80"})
    assert "FOEDERA_PORT" in told.value.hint


@pytest.mark.parametrize(("name", "value"), [("FOEDERA_PORT", "eighty"), ("FOEDERA_KEEP", "1.5")])
def test_a_value_of_the_wrong_kind_is_told_with_what_it_means(name: str, value: str) -> None:
    with pytest.raises(NotAPublication, match=f"{name} is '{value}', which is no int") as told:
        settings.load({}, {name: value})
    assert "It means" in told.value.hint


@pytest.mark.parametrize("row", settings.ROWS, ids=lambda row: row.name)
def test_every_setting_has_a_default_and_help(row: settings.Field[object]) -> None:
    assert isinstance(row.default, str | int | float)
    assert len(settings.help_of(row.name)) > 10
    assert settings.variable(row.name) == "FOEDERA_" + row.name.upper()


def test_releases_go_where_they_are_told_to(tmp_path: Path) -> None:
    found = settings.state_folder(Settings(state=str(tmp_path / "x")), tmp_path / "books")
    assert found == tmp_path / "x"


def test_releases_go_into_the_publication_when_nothing_is_said(tmp_path: Path) -> None:
    assert settings.state_folder(Settings(), tmp_path) == tmp_path / ".foedera"


def test_releases_of_a_folder_that_cannot_be_written_go_to_the_state_folder_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # nothing is read-only to root
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    found = settings.state_folder(Settings(), tmp_path / "books")
    assert found.parent == tmp_path / "home" / "foedera"
    assert found.name.endswith("-books")


def test_releases_of_what_ships_with_the_program_never_go_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    shipped = Path(settings.__file__).parent / "published"
    assert settings.state_folder(Settings(), shipped).parent == tmp_path / "foedera"
