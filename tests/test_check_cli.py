"""`foedera check FILE`, as people and build servers call it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from conftest import ROOT

GOOD = """\
@prefix : <https://example.org/ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<https://example.org/id/book/botchan> a :Book ; rdfs:label "Botchan"@en ;
    :writtenBy <https://example.org/id/person/natsume-soseki> .
"""
BAD = GOOD.replace('rdfs:label "Botchan"@en ;', "")
UNTIDY = GOOD + "@prefix unused: <urn:u> .\n"


def check(
    *arguments: object, cwd: Path, text: str = "", **environment: str
) -> tuple[int, str, str]:
    """Exit status, standard output and error."""
    answer = subprocess.run(
        [sys.executable, "-m", "foedera", "check", *map(str, arguments)],
        cwd=cwd,
        input=text.encode(),
        env={"PATH": os.defpath, "HOME": str(cwd), **environment},
        capture_output=True,
        timeout=60,
    )
    return answer.returncode, answer.stdout.decode(), answer.stderr.decode()


@pytest.fixture
def desk(books: Path) -> Path:
    """The folder of a publication, and files beside it that are to be added."""
    for name, text in (("good", GOOD), ("bad", BAD), ("untidy", UNTIDY)):
        (books / f"{name}.ttl").write_text(text, encoding="utf-8")
    return books


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["good.ttl"], 0),
        (["bad.ttl"], 1),
        (["good.ttl", "bad.ttl"], 0),  # together they are whole
        (["untidy.ttl"], 0),
        (["untidy.ttl", "--fail-on", "info"], 1),
        (["good.ttl", "--alone"], 1),
        (["nowhere.ttl"], 2),
        (["good.ttl", "nowhere.ttl"], 2),
        (["good.ttl", "--format", "zork"], 2),
        (["good.ttl", "--type", "image/png"], 3),
        (["good.ttl", "--engine", "zork"], 3),
        (["shapes/book.ttl"], 2),
        (["."], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_exit_status_says_what_came_of_it(
    desk: Path, arguments: list[str], status: int
) -> None:
    found, _, said = check(*arguments, cwd=desk)
    assert found == status, said


def test_standard_input_is_read(desk: Path) -> None:
    status, out, _ = check("-", "--type", "text/turtle", cwd=desk, text=BAD)
    assert status == 1
    assert "--> stdin:3:1" in out


def test_the_publication_may_be_elsewhere(desk: Path, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    place.mkdir()
    (place / "bad.ttl").write_text(BAD, encoding="utf-8")
    status, out, _ = check("bad.ttl", "--with", desk, cwd=place)
    assert (status, "violation[shape-min-count]" in out) == (1, True)


def test_a_file_of_the_folder_takes_its_own_place(desk: Path) -> None:
    path = desk / "data" / "books.ttl"
    assert check("data/books.ttl", cwd=desk)[0] == 0
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('rdfs:label "Kokoro"@en , "こころ"@ja ;', ""), encoding="utf-8")
    status, out, _ = check("data/books.ttl", "--format", "short", cwd=desk)
    assert (status, out.count("violation")) == (1, 1)


def test_a_report_is_written_to_a_file_in_the_format_that_is_named(desk: Path) -> None:
    status, out, _ = check("bad.ttl", "--format", "json", "--output", "out.json", cwd=desk)
    assert (status, out) == (1, "")
    assert json.loads((desk / "out.json").read_text(encoding="utf-8"))["conforms"] is False


def test_the_language_is_that_of_the_reader(desk: Path) -> None:
    assert "violazione[" in check("bad.ttl", cwd=desk, LANG="it_IT.UTF-8")[1]
    assert "violation[" in check("bad.ttl", "--language", "en", cwd=desk, LANG="it_IT.UTF-8")[1]


def test_a_watcher_checks_again_and_ends_quietly(desk: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "foedera", "check", "good.ttl", "--watch", "--format", "short"],
        cwd=desk,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "watching" in line:
                break
        time.sleep(0.05)
        (desk / "good.ttl").write_text(BAD, encoding="utf-8")
        line = next(line for line in process.stdout if "violation" in line)
        assert line.startswith("good.ttl:3:1: violation: ")
        process.send_signal(signal.SIGINT)
        assert "Traceback" not in process.stdout.read()
        assert process.wait(timeout=30) == 130
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_code_is_explained() -> None:
    command = [sys.executable, "-m", "foedera", "explain"]
    one = subprocess.run([*command, "date-impossible"], capture_output=True, text=True, check=True)
    assert "A day that does not exist" in one.stdout
    everything = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert len(everything.splitlines()) > 80
    none = subprocess.run([*command, "zork"], capture_output=True, text=True, check=False)
    assert none.returncode == 2


def test_the_action_and_the_hook_call_what_there_is() -> None:
    action = (ROOT / "action.yml").read_text(encoding="utf-8")
    hook = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    shown = check("--help", cwd=ROOT)[1]
    for option in ("--with", "--fail-on", "--format", "--output"):
        assert option in action
        assert option in shown
    assert "entry: foedera check" in hook


def action(folder: Path, **inputs: str) -> tuple[int, str]:
    """Runs the step of the Action that checks, as GitHub would; its inputs are its defaults but for
    some. Exit status and standard output."""
    told = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    step = next(one for one in told["runs"]["steps"] if one.get("name") == "Check")
    values = {name: str(one.get("default", "")) for name, one in told["inputs"].items()}
    values.update({name.replace("_", "-"): value for name, value in inputs.items()})
    given = {
        name: values[re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", text)[1]]  # type: ignore[index]
        for name, text in step["env"].items()
    }
    answer = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        cwd=folder,
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
            "HOME": str(folder),
            **given,
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    return answer.returncode, answer.stdout


def test_the_action_marks_what_is_wrong_and_fails(desk: Path) -> None:
    status, told = action(desk, files="good.ttl untidy.ttl bad.ttl")
    assert (status, told.count("::error ")) == (0, 0)
    status, told = action(desk, files="bad.ttl", sarif="told.sarif")
    assert status == 1
    assert "::error file=bad.ttl,line=3" in told
    assert json.loads((desk / "told.sarif").read_text())["runs"][0]["results"]


def test_the_action_checks_the_whole_folder_where_no_files_are_named(desk: Path) -> None:
    assert action(desk)[0] == 0
    (desk / "data" / "x.ttl").write_text(BAD, encoding="utf-8")
    status, told = action(desk)
    assert status == 1
    assert "::error file=data/x.ttl,line=3" in told
    assert action(desk, files="untidy.ttl", fail_on="info")[0] == 1


@pytest.mark.parametrize("place", ["data/x.ttl", "shapes/x.ttl"])
def test_a_hook_runs_for_the_files_that_it_is_for(desk: Path, place: str) -> None:
    """As pre-commit calls it: the entry, and the files that fit its pattern behind it."""
    bad = "<urn:x> a [] [] ." if place.startswith("shapes") else BAD
    (desk / place).write_text(bad, encoding="utf-8")
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    for_it = [hook for hook in hooks if re.search(hook["files"], place)]
    assert [hook["id"] for hook in for_it] == [
        *(["foedera-check"] if place.startswith("data") else []),
        "foedera-check-folder",
    ]
    for hook in for_it:
        words = hook["entry"].split()[2:] + ([place] if hook.get("pass_filenames", True) else [])
        status, told, _ = check(*words, cwd=desk)
        assert status == 1
        assert place in told


def test_a_name_that_is_missing_is_told_once_with_what_to_write(desk: Path) -> None:
    status, told, _ = check("bad.ttl", cwd=desk)
    assert status == 1
    assert told.count("violation[") == 1
    assert "thing-unnamed" not in told
    assert 'rdfs:label "…"@en' in told
