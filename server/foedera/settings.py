"""What a person may set: each setting is one row of `Settings`, with its default and its help.

An argument beats the environment (``FOEDERA_`` and the name in capitals), which beats the
default. Facts about the data are never settings: they are triples in the data.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from foedera.errors import NotAPublication


def _row(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class Settings:
    """All that can be set, one row each."""

    host: str = _row("127.0.0.1", "address to listen on; 0.0.0.0 for every interface")
    port: int = _row(8000, "port to listen on; 0 takes a free one")
    state: str = _row(
        "",
        "folder for the releases; by default .foedera in the publication, or where that cannot "
        "be written, foedera/ in the user's state folder",
    )
    keep: int = _row(5, "how many releases to keep")
    fronts: int = _row(2, "processes that speak HTTP")
    threads: int = _row(32, "requests that one such process answers at a time")
    query_workers: int = _row(2, "workers for strangers' queries, for each HTTP process")
    page_workers: int = _row(1, "workers kept for pages and entities, for each HTTP process")
    query_seconds: float = _row(10.0, "longest time for a query, in seconds")
    query_queue: int = _row(16, "queries that may wait for a worker, for each HTTP process")
    query_bytes: int = _row(262_144, "longest text of a query, in bytes")
    query_nesting: int = _row(40, "deepest nesting of brackets in a query")
    query_memory: int = _row(500, "memory that a query may take, in MB")
    memory: int = _row(0, "MB for holding a release in memory; 0 allows a quarter of what is free")
    inverse_links: int = _row(
        10_000, "most links from other things in one description; a cut is always said"
    )
    cache: int = _row(64, "MB of ready answers that one HTTP process keeps")
    texts: str = _row(
        "",
        "folder with the source texts, to verify offsets by; a text is found by its checksum, "
        "whatever its file is called",
    )


ROWS: tuple[Field[Any], ...] = fields(Settings)


def variable(name: str) -> str:
    """The environment variable that holds a setting."""
    return "FOEDERA_" + name.upper()


def load(arguments: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from arguments (None means not given), environment and defaults.

    Raises NotAPublication when the environment holds a value of the wrong kind or a variable of
    ours that is no setting.
    """
    environment = os.environ if environment is None else environment
    known = {variable(row.name): row for row in ROWS}
    values: dict[str, Any] = {}
    for name, text in environment.items():
        if not name.startswith("FOEDERA_"):
            continue
        row = known.get(name)
        if row is None:
            raise NotAPublication(
                f"{name} is set in the environment, and there is no such setting",
                "The settings are " + ", ".join(sorted(known)),
            )
        kind: Any = type(row.default)
        try:
            values[row.name] = kind(text)
        except ValueError:
            raise NotAPublication(
                f"{name} is {text!r}, which is no {kind.__name__}", f"It means: {help_of(row.name)}"
            ) from None
    values.update({name: value for name, value in arguments.items() if value is not None})
    return Settings(**values)


def help_of(name: str) -> str:
    """What a setting means, in a few words."""
    return next(str(row.metadata["help"]) for row in ROWS if row.name == name)


def state_folder(settings: Settings, publication: Path) -> Path:
    """Where a publication's releases live: never below ``data/``, and always writable."""
    if settings.state:
        return Path(settings.state).expanduser().resolve()
    inside = publication / ".foedera"
    installed = Path(__file__).resolve().parent in publication.resolve().parents
    if not installed and (os.access(inside, os.W_OK) or os.access(publication, os.W_OK)):
        return inside.resolve()
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    name = str(publication.resolve()).strip("/").replace("/", "-")
    return Path(home) / "foedera" / name[-100:]
