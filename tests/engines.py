"""Real SPARQL engines, each as a process of its own on this machine: what `--store` may name.

``NAMES`` are those known; `started` gives the running one's `Endpoint`, or skips the test where it
is not installed.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from foedera.stores.endpoint import Endpoint

NAMES = ("oxigraph", "virtuoso")

USER, PASSWORD = "foedera", "a shelf of books"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextlib.contextmanager
def started(name: str, folder: Path) -> Iterator[Endpoint]:
    """An empty engine that keeps what it is given in a folder."""
    start = {"oxigraph": oxigraph, "virtuoso": virtuoso}[name]
    with start(folder) as endpoint:
        yield endpoint


@contextlib.contextmanager
def oxigraph(folder: Path, port: int = 0) -> Iterator[Endpoint]:
    program = shutil.which("oxigraph", path=f"{Path(sys.executable).parent}")
    if program is None:
        pytest.skip("there is no Oxigraph server here: pip install oxigraph")
    address = f"127.0.0.1:{port or free_port()}"
    command = [program, "serve", "--location", str(folder / "oxigraph"), "--bind", address]
    with _running(command, folder, f"http://{address}/query"):
        yield Endpoint(f"http://{address}/query", f"http://{address}/update")


@contextlib.contextmanager
def virtuoso(folder: Path) -> Iterator[Endpoint]:
    program, console = shutil.which("virtuoso-t"), shutil.which("isql-vt")
    if program is None or console is None:
        pytest.skip("there is no Virtuoso 7 here: apt-get install virtuoso-opensource")
    sql, http = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    (folder / "engine.ini").write_text(_VIRTUOSO.format(sql=sql, http=http), encoding="ascii")
    command = [program, "+configfile", "engine.ini", "+foreground"]
    url = f"http://{http}/sparql"
    with _running(command, folder, url):
        grant = (
            f"DB.DBA.USER_CREATE('{USER}', '{PASSWORD}'); GRANT SPARQL_UPDATE TO {USER};"
            f" GRANT SPARQL_SELECT TO {USER};"
        )
        subprocess.run(
            [console, sql, "dba", "dba", f"exec={grant}"],
            check=True,
            capture_output=True,
            timeout=30,
        )
        yield Endpoint(url, f"{url}-auth", USER, PASSWORD)


@contextlib.contextmanager
def _running(command: list[str], folder: Path, url: str) -> Iterator[None]:
    with (folder / "said.txt").open("w+", encoding="utf-8") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said)
        try:
            until = time.monotonic() + 60
            while not _answers(url):
                if process.poll() is not None or time.monotonic() > until:
                    said.seek(0)
                    pytest.fail(f"{command[0]} did not start:\n{said.read()[-2000:]}")
                time.sleep(0.1)
            yield
        finally:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError as fault:
        fault.close()
    except OSError:
        return False
    return True


_VIRTUOSO = """
[Database]
DatabaseFile = engine.db
ErrorLogFile = engine.log
LockFile = engine.lck
TransactionFile = engine.trx
xa_persistent_file = engine.pxa
FileExtend = 200
MaxCheckpointRemap = 2000
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = engine-temp.db
TransactionFile = engine-temp.trx
[Parameters]
ServerPort = {sql}
DisableUnixSocket = 1
CaseMode = 2
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
CheckpointInterval = 0
ThreadsPerQuery = 2
AsyncQueueMaxThreads = 2
[HTTPServer]
ServerPort = {http}
ServerThreads = 10
MaxClientConnections = 10
[SPARQL]
ResultSetMaxRows = 10000000
"""
