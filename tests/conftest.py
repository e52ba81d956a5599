"""What tests start from: a small real publication, and the same one published and answering."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from werkzeug.test import Client

from foedera import release, service, settings, starter
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import create_app

Publish = Callable[..., release.Release]


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """A fresh publication of two books, to be changed at will."""
    folder = tmp_path / "books"
    starter.new(folder)
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where the releases of a test go."""
    return tmp_path / "state"


@pytest.fixture
def publish(books: Path, state: Path) -> Publish:
    """Publishes the books as they are now."""

    def publish(keep: int = 5, again: bool = False) -> release.Release:
        return release.publish(books, state, keep, lambda _: None, again=again)

    return publish


@pytest.fixture
def published(publish: Publish) -> release.Release:
    """The books, published."""
    return publish()


@pytest.fixture(scope="session")
def plain_settings() -> Settings:
    """The defaults, whatever the environment holds."""
    return settings.load({}, {})


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, plain_settings: Settings) -> Iterator[Site]:
    """The books as a site without HTTP, with workers of its own; one for the whole run."""
    folder = tmp_path_factory.mktemp("site") / "books"
    starter.new(folder)
    found = release.publish(folder, folder / ".foedera", 5, lambda _: None)
    with service.local(plain_settings, found) as site:
        yield site


@pytest.fixture
def client(site: Site, plain_settings: Settings) -> Client:
    """An HTTP client of that site, without a socket between."""
    return Client(create_app(plain_settings, site))
