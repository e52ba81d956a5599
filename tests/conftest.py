"""What tests start from: a small real publication, and the same one published and answering."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import re
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from waitress.server import create_server
from werkzeug.test import Client

import chromium
from chromium import Chromium, Tab
from foedera import release, service, settings, starter
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import create_app

ROOT = Path(__file__).resolve().parents[1]
BUNDLE = ROOT / "server" / "foedera" / "web" / "static" / "query.js"
AXE = ROOT / "server" / "web" / "node_modules" / "axe-core" / "axe.min.js"

BROKEN_RULES = """axe.run().then(found => found.violations.map(
    one => [one.id, one.nodes.map(node => node.html.slice(0, 120))]))"""
"""A script that gives the rules of accessibility that a page breaks; it needs the fixture `axe`."""

Publish = Callable[..., release.Release]
Sample = Callable[[Sequence[str]], Sequence[str]]
Serve = Callable[..., Site]


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "prove it for all things of the dataset, which takes minutes more, and not for a sample"
    parser.addoption("--whole", action="store_true", help=text)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the whole proofs to `make whole`."""
    if config.getoption("--whole"):
        return
    left = [item for item in items if item.get_closest_marker("whole")]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def pytest_collection_finish() -> None:
    """Thousands of tests are held to the end: they need not be walked through again and again for
    what can be freed, nor copied into each process that a test forks."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def sample(request: pytest.FixtureRequest) -> Sample:
    """Some of many things, always the same ones; with ``--whole`` all of them."""
    if request.config.getoption("--whole"):
        return lambda all_: all_
    return lambda all_: random.Random(7).sample(list(all_), min(60, len(all_)))


class Page(HTMLParser):
    """A page as a strict reader sees it: every element is closed, in the order of opening."""

    _EMPTY = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self._EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert tag == self._open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, tag: str) -> str:
        """What stands directly in the elements of a kind."""
        return "".join(text for inside, text in self.texts if inside == tag)

    def addresses(self) -> list[str]:
        """Where its elements lead, or what they load."""
        kinds = ("href", "src", "action", "formaction", "data", "poster", "srcset")
        return [attrs[kind] for _, attrs in self.elements for kind in kinds if kind in attrs]


class Served:
    """A site started by `foedera serve`; ``url`` is the address that it prints."""

    def __init__(self, *command: object, cwd: Path, **environment: str) -> None:
        self._errors = tempfile.TemporaryFile("a+", encoding="utf-8")  # noqa: SIM115
        self.process = subprocess.Popen(
            [*map(str, command), "--port", "0"],
            cwd=cwd,
            env={"PATH": os.defpath, "HOME": str(cwd), **environment},
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        # One that never prints its address is ended here; reading then meets the end of file.
        self._timer = threading.Timer(180, self.process.kill)
        self._timer.start()
        self.url = self._address()
        self._timer.cancel()

    def _address(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
                return found[0]
        self.process.wait()
        said = self.said()
        self.close()
        pytest.fail(f"it ended with {self.process.returncode} before it served:\n{said}")

    def said(self) -> str:
        """What it wrote to standard error."""
        self._errors.seek(0)
        return self._errors.read()

    def get(self, path: str, accept: str = "*/*") -> tuple[int, str, str]:
        """Status, media type and text of an answer, its redirects followed."""
        request = urllib.request.Request(self.url + path, headers={"Accept": accept})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers.get_content_type(), answer.read().decode()
        except urllib.error.HTTPError as fault:
            with fault:
                return fault.code, fault.headers.get_content_type(), fault.read().decode()

    def stop(self) -> int:
        """The exit status after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def close(self) -> None:
        self._timer.cancel()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._errors.close()


def soon(true: Callable[[], object], seconds: float = 30.0) -> bool:
    """Whether something becomes true before so many seconds have gone by."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def processor_time(process: int) -> float:
    """Seconds of a processor that a process has used; 0 when it is no more."""
    with contextlib.suppress(FileNotFoundError):
        line = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
        fields = line.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


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


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory, plain_settings: Settings) -> Iterator[Serve]:
    """Makes a site without HTTP of one Turtle file; arguments are settings to change."""
    with contextlib.ExitStack() as stack:

        def serve(turtle: str, **changes: Any) -> Site:
            folder = tmp_path_factory.mktemp("turtle")
            (folder / "data").mkdir()
            (folder / "data" / "all.ttl").write_text(turtle, encoding="utf-8")
            found = release.publish(folder, folder / ".foedera", 5, lambda _: None)
            return stack.enter_context(service.local(replace(plain_settings, **changes), found))

        yield serve


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> release.Release:
    """The dataset of this repository, published once for the whole run."""
    return release.publish(ROOT, tmp_path_factory.mktemp("dataset"), 5, lambda _: None)


@pytest.fixture(scope="session")
def dataset_site(dataset: release.Release, plain_settings: Settings) -> Iterator[Site]:
    """The dataset as a site without HTTP."""
    with service.local(plain_settings, dataset) as site:
        yield site


@pytest.fixture(scope="session")
def dataset_client(dataset_site: Site, plain_settings: Settings) -> Client:
    """An HTTP client of the dataset, without a socket between."""
    return Client(create_app(plain_settings, dataset_site))


# A real browser


@contextlib.contextmanager
def over_http(site: Site, settings: Settings) -> Iterator[str]:
    """The address of a site, on a thread of this process."""
    server = create_server(create_app(settings, site), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(10)


@pytest.fixture(scope="session")
def address(dataset_site: Site, plain_settings: Settings) -> Iterator[str]:
    """The dataset, over HTTP."""
    with over_http(dataset_site, plain_settings) as address:
        yield address


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    if chromium.FOUND is None:
        pytest.skip("There is no Chromium on this machine (Debian: chromium)")
    browser = Chromium(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture
def bundle() -> None:
    if not BUNDLE.exists():
        pytest.skip("The browser bundle is not built: make bundle, which needs npm")


@pytest.fixture
def tab(browser: Chromium, address: str) -> Iterator[Tab]:
    """A tab; whatever it did, it asked no other host, and broke no rule of the page's policy."""
    tab = browser.open()
    yield tab
    strangers = [one for one in tab.addresses() if not one.startswith((address, "data:"))]
    said = [one for one in tab.faults() if "the server responded with a status" not in one]
    tab.close()
    assert (strangers, said) == ([], [])


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: make bundle, which needs npm")
    return AXE.read_text(encoding="utf-8")
