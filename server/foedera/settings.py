"""What a person may set: each setting is one row of `Settings`, with its default and its help.

An argument beats the environment (``FOEDERA_`` and the name in capitals), which beats the
default. Facts about the data are never settings: they are triples in the data.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from foedera.errors import NotAPublication


def _row(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


class Mode(StrEnum):
    """How the IRI of a thing answers."""

    SEE_OTHER = "303"
    """By leading to its document, which Accept chooses the format of."""
    OK = "200"
    """With the document itself."""
    SAFE = "safe"
    """By leading to the document in the format and language that were chosen: nothing that depends
    on more than its address is kept by a cache."""


def _choice(default: StrEnum, text: str) -> Any:
    """Text that is one of a few words."""
    return field(default=str(default), metadata={"help": text, "choices": tuple(type(default))})


SHORTEST_SECRET = 16
"""Letters. What is shorter can be guessed."""


def _secret(text: str, shortest: int = SHORTEST_SECRET) -> Any:
    """Text that stands in the environment alone: a command line is seen by everybody."""
    metadata = {"help": text, "secret": True, "shortest": shortest}
    return field(default="", repr=False, metadata=metadata)


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
    query_operators: int = _row(2_000, "most operators in a query, from UNION to +")
    query_rows: int = _row(
        10_000, "most rows, or triples, of an answer, which says that it was cut; 0 for no limit"
    )
    query_answer: int = _row(
        20_000_000, "most bytes of an answer, which says that it was cut; 0 for no limit"
    )
    query_services: str = _row(
        "", "endpoints that SERVICE may ask, with spaces between; none is asked by default"
    )
    query_memory: int = _row(500, "memory that a query may take, in MB")
    check_workers: int = _row(1, "workers for checking what strangers send, for each HTTP process")
    check_queue: int = _row(4, "checks that may wait for a worker, for each HTTP process")
    check_seconds: float = _row(20.0, "longest time for a check, in seconds")
    check_bytes: int = _row(2_000_000, "most bytes of data sent to be checked at a time")
    check_shapes: int = _row(
        0, "1 lets strangers check against shapes of their own, of SHACL Core; 0 does not"
    )
    client_workers: int = _row(
        2,
        "workers that the queries of one client may have at a time, in all HTTP processes, and of "
        "each process's all but one; 0 for no limit",
    )
    client_queue: int = _row(
        4, "queries of one client that may wait, for each HTTP process; 0 for no limit"
    )
    client_seconds: float = _row(
        60.0, "seconds that the queries of one client may have workers in a minute; 0 for no limit"
    )
    client_errors: int = _row(
        30, "errors that the queries of one client may meet in a minute; 0 for no limit"
    )
    trusted_proxy: str = _row(
        "",
        "address of the reverse proxy before the site, whose X-Forwarded-For says who the client "
        "is; without it all who come through a proxy count as one client",
    )
    write_token: str = _secret(
        "the token that a request must bear to write; without one, nothing is written over HTTP"
    )
    write_bytes: int = _row(2_000_000, "longest update, or graph sent to be stored, in bytes")
    write_triples: int = _row(50_000, "most triples that one change removes and adds")
    write_queue: int = _row(16, "changes that may wait for their turn, for each HTTP process")
    contributions: int = _row(
        0, "1 lets strangers offer contributions, which wait until they are accepted; 0 does not"
    )
    contributions_waiting: int = _row(
        200, "contributions that may wait to be looked at; of one client, a tenth of them"
    )
    review_token: str = _secret(
        "the token with which contributions are looked at and decided over HTTP; without one, that "
        "is done by the command line alone"
    )
    store: str = _row(
        "",
        "address of a SPARQL 1.1 engine that holds the release and answers from it; by default "
        "the site holds it itself",
    )
    store_update: str = _row(
        "",
        "where that engine takes updates; by default /update where the address ends in /query, "
        "else the same address",
    )
    store_user: str = _secret("who we are to that engine, where it asks", shortest=0)
    store_password: str = _secret("the password of that user", shortest=0)
    memory: int = _row(0, "MB for holding a release in memory; 0 allows a quarter of what is free")
    inverse_links: int = _row(
        0, "most links from other things in one description, which says that it was cut; 0 for all"
    )
    entity_mode: str = _choice(
        Mode.SEE_OTHER,
        "how the IRI of a thing answers: 303 leads to its document, 200 is the document, safe "
        "leads to it in one format and language, for sites behind caches that ignore Vary",
    )
    cache: int = _row(64, "MB of ready answers that one HTTP process keeps")
    texts: str = _row(
        "",
        "folder with the source texts, to verify offsets by; a text is found by its checksum, "
        "whatever its file is called. A site that is given it shows their words on its pages, and "
        "nowhere else: give it only where they may be shown",
    )

    @property
    def bounds(self) -> dict[str, Any]:
        """What the text of a query may measure, as `query.scan.Bounds` takes it."""
        return {
            "size": self.query_bytes,
            "nesting": self.query_nesting,
            "operators": self.query_operators,
            "services": self.query_services.split(),
        }

    @property
    def longest(self) -> float:
        """The longest time that a request may be at work, in seconds."""
        return max(self.query_seconds, self.check_seconds)

    @property
    def limits(self) -> dict[str, int]:
        """The most that an answer may hold, as `query.cut.Limits` takes it."""
        return {"rows": self.query_rows, "size": self.query_answer}


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
        if 0 < len(text) < row.metadata.get("shortest", 0):
            raise NotAPublication(
                f"{name} is shorter than {SHORTEST_SECRET} letters, and could be guessed",
                "Make one with: openssl rand -hex 32",
            )
    values.update({name: value for name, value in arguments.items() if value is not None})
    for row in ROWS:
        choices = row.metadata.get("choices", ())
        value = values.get(row.name, row.default)
        if choices and value not in choices:
            raise NotAPublication(
                f"{row.name.replace('_', '-')} is {value!r}, which is none of {', '.join(choices)}",
                f"It means: {help_of(row.name)}",
            )
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
