"""The code that the query page offers runs as it stands, whatever the query holds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import over_http
from foedera.service import Site
from foedera.settings import Settings
from foedera.web.samples import of_files, of_query

NASTY = """\
SELECT (CONCAT(?t, "|", STR(STRLEN(?t))) AS ?said) WHERE {
    VALUES ?t { "a 'b' `c` ${d} \\\\ \\u00e9 )-" "SPARQL" '''multi
SPARQL
line''' }
}"""
GRAPH = "CONSTRUCT { ?b <urn:p> ?l } WHERE { ?b a :Book ; rdfs:label ?l }"
COMMANDS = {"Shell": ("bash", "-e"), "Python": (sys.executable,), "JavaScript": ("node",)}
ENDINGS = {"Shell": "sh", "Python": "py", "R": "R", "JavaScript": "mjs"}


@pytest.fixture(scope="module")
def address(site: Site, plain_settings: Settings) -> Iterator[str]:
    """The books, over HTTP."""
    with over_http(site, plain_settings) as address:
        yield address


def run(language: str, code: str, folder: Path) -> str:
    """What a piece of code prints."""
    program, *options = COMMANDS[language]
    if shutil.which(program) is None or (language == "Shell" and shutil.which("curl") is None):
        pytest.skip(f"{language} cannot be run on this machine")
    script = folder / f"sample.{ENDINGS[language]}"
    script.write_text(code, encoding="utf-8")
    done = subprocess.run(
        [program, *options, str(script)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("language", COMMANDS)
@pytest.mark.parametrize("query", [NASTY, NASTY + ' # """'], ids=["plain", "quotes"])
def test_a_query_reaches_the_endpoint_as_it_is(
    language: str, query: str, address: str, tmp_path: Path
) -> None:
    sample = next(
        one for one in of_query(f"{address}/sparql", (), query, False) if one.language == language
    )
    said = run(language, sample.code, tmp_path)
    assert "${d}" in said
    for length in ("|21", "SPARQL|6", "|17"):  # of each text: no character of it was changed
        assert length in said


@pytest.mark.parametrize("language", COMMANDS)
def test_a_graph_is_asked_for_as_one(language: str, address: str, tmp_path: Path) -> None:
    samples = of_query(f"{address}/sparql", [("inferred", "false")], GRAPH, True)
    sample = next(one for one in samples if one.language == language)
    assert "Kokoro" in run(language, sample.code, tmp_path)


@pytest.mark.parametrize("language", COMMANDS)
def test_an_answer_is_read_from_its_address(language: str, address: str, tmp_path: Path) -> None:
    query = "SELECT+%3Fl+%7B%3Fb+a+%3ABook+%3B+rdfs%3Alabel+%3Fl%7D"
    samples = of_files(
        f"{address}/sparql?query={query}&format=csv",
        f"{address}/sparql?query={query}&format=json",
        False,
    )
    sample = next(one for one in samples if one.language == language)
    assert "Il Gattopardo" in run(language, sample.code, tmp_path)


def test_a_raw_string_of_r_ends_where_the_query_does() -> None:
    """R is rarely on a machine that runs tests: its one rule is checked by hand."""
    samples = of_query("http://x/sparql", (), 'ASK { } # )-" )--"', False)
    code = next(one.code for one in samples if one.language == "R")
    assert 'r"---(\n' in code
    assert '\n)---"\n' in code
