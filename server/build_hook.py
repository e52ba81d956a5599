"""Puts the publication into the wheel, file by file, so that nothing else slips in; and the
browser bundle, which is built first where npm is.

A folder named as a whole would bring scratch files and stores along, and would leave stale copies
in an editable install, which reads the checkout's own folders instead.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path, PurePosixPath
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PUBLISHED = {"ontology": (".ttl", ".rq"), "data": (".ttl",), "shapes": (".ttl", ".rq")}
"""The folders of the publication, and the endings of what is published from each."""

STATIC = "server/foedera/web/static"
BUNDLE = ("query.js", "land.svg")
"""What is built for browsers, below `STATIC`. Git does not know it."""


class PublishedFiles(BuildHookInterface):
    """Adds the published files, below ``foedera/published/`` in a wheel and in place in an sdist;
    and what browsers load, where it is or can be built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        tracked = in_git(root)
        on_disk = in_folder(root)
        if tracked is None:
            files = on_disk
            if (root / ".git").exists():
                self.app.display_warning("git cannot be asked: untracked files are included too")
        else:
            files = tracked
            for file in sorted(set(on_disk) - set(tracked)):
                self.app.display_warning(f"{file} is left out: git does not know it")
        if not any(file.startswith("data/") for file in files):
            raise RuntimeError("There is nothing to publish: no .ttl file in data/ is in git")
        if not bundle(root):
            self.app.display_warning("The query editor is left out: npm is not here, or failed")
        build_data["artifacts"] += [f"/{STATIC}/{name}" for name in BUNDLE]
        place = "foedera/published/" if self.target_name == "wheel" else ""
        for file in files:
            build_data["force_include"][str(root / file)] = place + file


def bundle(root: Path) -> bool:
    """Whether the browser bundle is there, built now if need be. What is older than its sources
    is built again, where it can be."""
    sources = root / "server" / "web"
    built = [root / STATIC / name for name in BUNDLE]
    inputs = [sources / "build.mjs", sources / "package-lock.json", *sources.glob("src/*.js")]
    newest = max((path.stat().st_mtime for path in inputs if path.exists()), default=0.0)
    if all(path.exists() and path.stat().st_mtime >= newest for path in built):
        return True
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node and sources.exists():
        install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        for command in (install, [node, "build.mjs"]):
            if subprocess.run(command, cwd=sources, stdin=subprocess.DEVNULL).returncode:
                break
    return all(path.exists() for path in built)


def in_git(root: Path) -> list[str] | None:
    """The published files that git tracks; None where this is no checkout, or git fails."""
    if not (root / ".git").exists():  # an sdist, perhaps unpacked inside somebody's repository
        return None
    try:
        answer = subprocess.run(
            ["git", "ls-files", "-z", "--", *PUBLISHED], cwd=root, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    names = answer.stdout.decode().split("\0")
    return sorted(name for name in names if _is_published(name) and (root / name).is_file())


def in_folder(root: Path) -> list[str]:
    """The files that may be published, by place and name alone."""
    paths = (path for part in PUBLISHED for path in (root / part).rglob("*") if path.is_file())
    names = (path.relative_to(root).as_posix() for path in paths)
    return sorted(name for name in names if _is_published(name))


def _is_published(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(piece.startswith(".") for piece in path.parts)
    return bool(path.parts) and not hidden and path.suffix in PUBLISHED.get(path.parts[0], ())
