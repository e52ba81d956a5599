"""The project's own tools: what it depends on is declared, what can be made is listed."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

DISTRIBUTIONS = {
    "shacl_rust": "shacl-rust",
    "sparqlwrapper": "SPARQLWrapper",
    "flask": "Flask",
    "werkzeug": "Flask",
}
"""Where the name to import, in small letters, is not the name to install."""


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["fast"]]
    return {re.split(r"[<>=~! \[]", line)[0] for line in lines}


def imported() -> set[str]:
    found = set()
    for path in (ROOT / "server" / "foedera").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    outside = found - sys.stdlib_module_names - {"foedera"}
    return {DISTRIBUTIONS.get(name.lower(), name) for name in outside}


def test_whatever_the_package_imports_is_a_declared_dependency() -> None:
    assert imported() - declared() == set()


def test_every_target_of_the_makefile_is_listed_by_make_help() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert targets is not None
    assert targets[1].split() == re.findall(r"^([a-z]+):.*## ", text, re.MULTILINE)
