"""Imports point down: the middle knows nothing of the web or the terminal."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "server" / "foedera"

LAYERS = (
    "__init__",
    "errors",
    "formats",
    "settings",
    "terms",
    "dates",
    "points",
    "languages",
    "patch",
    "folder",
    "bridge",
    "stores",
    "query",
    "schema",
    "retired",
    "describe",
    "near",
    "words",
    "proof",
    "provenance",
    "cite",
    "machines",
    "rdfa",
    "vocabulary",
    "panels",
    "show",
    "suggest",
    "explore",
    "search",
    "check",
    "evidence",
    "infer",
    "catalog",
    "graphs",
    "release",
    "edit",
    "write",
    "offers",
    "starter",
    "service",
    "views",
    "web",
    "cli",
    "__main__",
)
"""Lowest first. A module may import those before it; a package also its own modules."""

ONLY_IN = {
    "click": {"cli"},
    "flask": {"web"},
    "waitress": {"service", "web"},
    "werkzeug": {"web"},
}

FILES = sorted(PACKAGE.rglob("*.py"))


def layer(path: Path) -> str:
    """The top-level module that a file is, or belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """The line and full name of everything that a file imports, inside functions too."""
    inside = ("foedera", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = inside[: len(inside) + 1 - node.level] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def imported_layer(name: str) -> str:
    """The layer that an imported name of ours is in."""
    first = name.split(".")[1] if "." in name else "__init__"
    return first if first in LAYERS or _is_module(first) else "__init__"


def _is_module(name: str) -> bool:
    return (PACKAGE / f"{name}.py").exists() or (PACKAGE / name).is_dir()


def test_every_module_has_its_layer() -> None:
    unknown = {layer(path) for path in FILES} - set(LAYERS)
    assert not unknown, (
        f"{', '.join(sorted(unknown))}: say in LAYERS of {Path(__file__).name}, and in "
        "ARCHITECTURE.md, above which modules it stands"
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path: Path) -> None:
    mine = layer(path)
    if mine not in LAYERS:
        pytest.fail(f"{mine} has no layer yet")
    allowed = {mine, *LAYERS[: LAYERS.index(mine)]}
    upwards = [
        f"{path.name}:{line} imports {name}, which is above {mine}"
        for line, name in imports(path)
        if name.split(".")[0] == "foedera" and imported_layer(name) not in allowed
    ]
    assert not upwards, "\n".join(upwards)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_frameworks_stay_where_they_belong(path: Path) -> None:
    strays = [
        f"{path.name}:{line} imports {name}: only {', '.join(sorted(ONLY_IN[top]))} may"
        for line, name in imports(path)
        if (top := name.split(".")[0]) in ONLY_IN and layer(path) not in ONLY_IN[top]
    ]
    assert not strays, "\n".join(strays)


def test_the_command_line_starts_without_the_slow_libraries() -> None:
    """`foedera --help` must not wait for rdflib and pySHACL, nor a second start for either."""
    slow = {"flask", "pyshacl", "rdflib", "reasonable", "SPARQLWrapper"}
    code = "import sys, foedera.cli; print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert slow & set(answer.stdout.split()) == set()
