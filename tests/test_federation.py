"""SERVICE over HTTP: closed by default, and open to the endpoints that the operator names."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

import bench
from conftest import Served, soon
from foedera import starter

PRICES = "<https://example.org/id/book/kokoro> <urn:price> 12 ."


@pytest.fixture(scope="module")
def other() -> Iterator[str]:
    """Another endpoint: the oxigraph server, which knows a price."""
    port = bench.free_port()
    binary = Path(sys.executable).with_name("oxigraph")
    process = subprocess.Popen(
        [str(binary), "serve", "--bind", f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:

        def filled() -> bool:
            store = urllib.request.Request(
                f"http://127.0.0.1:{port}/store?default",
                PRICES.encode(),
                {"Content-Type": "text/turtle"},
                method="PUT",
            )
            try:
                with urllib.request.urlopen(store, timeout=10):
                    return True
            except urllib.error.URLError:
                return False

        assert soon(filled)
        yield f"http://127.0.0.1:{port}/query"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def open_site(tmp_path_factory: pytest.TempPathFactory, other: str) -> Iterator[Served]:
    """The books, from where the other endpoint may be asked."""
    folder = tmp_path_factory.mktemp("federation") / "books"
    starter.new(folder)
    command = (sys.executable, "-m", "foedera", "serve", folder, "--query-services", other)
    site = Served(*command, cwd=folder)
    try:
        yield site
    finally:
        site.close()


def asked(site: Served, query: str) -> tuple[int, str]:
    status, _, text = site.get(f"sparql?{urlencode({'query': query})}", "application/json")
    return status, text


def priced(endpoint: str) -> str:
    return f"SELECT ?price {{ ?book a :Book SERVICE <{endpoint}> {{ ?book <urn:price> ?price }} }}"


def test_an_endpoint_that_is_allowed_is_asked(open_site: Served, other: str) -> None:
    status, text = asked(open_site, priced(other))
    assert status == 200
    assert [row["price"]["value"] for row in json.loads(text)["results"]["bindings"]] == ["12"]


def test_no_other_endpoint_is(open_site: Served, other: str) -> None:
    status, text = asked(open_site, priced(other + "2"))
    assert status == 403
    assert f"<{other}>" in json.loads(text)["hint"]


def test_an_endpoint_that_is_down_is_no_empty_answer(
    tmp_path: Path,
) -> None:
    starter.new(tmp_path / "books")
    nobody = f"http://127.0.0.1:{bench.free_port()}/query"
    command = (sys.executable, "-m", "foedera", "serve", "--query-services", nobody)
    site = Served(*command, cwd=tmp_path / "books")
    try:
        status, text = asked(site, priced(nobody))
        assert status == 502, text
    finally:
        site.close()


def test_the_log_says_which_workers_reach_other_machines(open_site: Served) -> None:
    assert "workers run without network, but for queries" in open_site.said()
