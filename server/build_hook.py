"""Puts the publication into the wheel, file by file, so that nothing else slips in.

A folder named as a whole would bring scratch files and stores along, and would leave stale copies
in an editable install, which reads the checkout's own folders instead.
"""

from __future__ import annotations

import subprocess
from pathlib import Path, PurePosixPath
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PUBLISHED = {"ontology": (".ttl", ".rq"), "data": (".ttl",), "shapes": (".ttl", ".rq")}
"""The folders of the publication, and the endings of what is published from each."""


class PublishedFiles(BuildHookInterface):
    """Adds the published files: below ``foedera/published/`` in a wheel, in place in an sdist."""

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
        place = "foedera/published/" if self.target_name == "wheel" else ""
        for file in files:
            build_data["force_include"][str(root / file)] = place + file


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
