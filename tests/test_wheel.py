"""The wheel, installed alone in an empty environment, holds what is published, and serves it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from conftest import Served

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("data", "ontology", "shapes")
ENDINGS = (".ttl", ".rq")


def run(*command: object, cwd: Path = ROOT) -> str:
    """What a command prints; fails with all that it said."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=600
    )
    if done.returncode:
        pytest.fail(f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def published() -> list[str]:
    """What ought to ship: the published files that git tracks, or all, where there is no git."""
    if (ROOT / ".git").exists():
        names = run("git", "ls-files", "-z", "--", *PARTS).split("\0")
    else:
        paths = (path for part in PARTS for path in (ROOT / part).rglob("*"))
        names = [path.relative_to(ROOT).as_posix() for path in paths]
    return sorted(name for name in names if name.endswith(ENDINGS) and (ROOT / name).is_file())


def shipped(wheel: Path) -> list[str]:
    place = "foedera/published/"
    names = zipfile.ZipFile(wheel).namelist()
    return sorted(name.removeprefix(place) for name in names if name.startswith(place))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it is built from the checkout."""
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", out)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="session")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`foedera`, from the wheel, in an environment that holds it and what it depends on."""
    place = tmp_path_factory.mktemp("empty") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", place)
    pip = (sys.executable, "-m", "pip", "--python", place / "bin" / "python")
    run(*pip, "--disable-pip-version-check", "install", "--quiet", wheel)
    return place / "bin" / "foedera"


@pytest.fixture
def served(program: Path, tmp_path: Path) -> Iterator[Served]:
    site = Served(program, "serve", cwd=tmp_path)
    yield site
    site.close()


def test_the_wheel_holds_the_published_files_and_no_others(wheel: Path) -> None:
    assert shipped(wheel) == published()


def test_the_wheel_holds_the_package_and_nothing_beside_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "foedera/web/templates/layout.html" in names
    assert "foedera/web/static/style.css" in names
    assert [name for name in names if not re.match(r"foedera(-[^/]+\.dist-info)?/", name)] == []
    assert [name for name in names if "/." in name or "__pycache__" in name] == []


def test_an_sdist_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """Outside a checkout git cannot be asked: there the sdist itself must hold no more."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", tmp_path)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert sorted(names) == sorted(zipfile.ZipFile(wheel).namelist())
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as sdist:
        inside = [name.split("/", 1)[1] for name in sdist.getnames()]
    assert sorted(name for name in inside if name.split("/")[0] in PARTS) == published()


def test_the_wheel_serves_alone_and_ends_when_told(served: Served) -> None:
    status, media_type, _ = served.get("", "text/html")
    assert (status, media_type) == (200, "text/html")
    status, media_type, text = served.get("id/person/adolfo-urso", "text/turtle")
    assert (status, media_type) == (200, "text/turtle")
    assert "Adolfo Urso" in text
    assert served.stop() == 0


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_hook", ROOT / "server" / "build_hook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def untidy(tmp_path: Path) -> Path:
    """A checkout with the litter that work leaves: one file of it is published."""
    for name in (
        "data/kept.ttl",
        "data/untracked.ttl",
        "data/ignored.ttl",
        "data/notes.md",
        "data/.foedera/store.ttl",
        "data/.hidden.ttl",
        "data/removed.ttl",
        "data/query.rq",
        "tests/example.ttl",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / ".gitignore").write_text("ignored.ttl\n")
    run("git", "init", "--quiet", cwd=tmp_path)
    run("git", "add", ".", cwd=tmp_path)
    run("git", "rm", "--quiet", "--cached", "data/untracked.ttl", cwd=tmp_path)
    (tmp_path / "data" / "removed.ttl").unlink()
    return tmp_path


def test_only_what_git_tracks_is_published_from_a_checkout(hook: ModuleType, untidy: Path) -> None:
    assert hook.in_git(untidy) == ["data/kept.ttl"]


def test_where_there_is_no_git_place_and_name_decide(hook: ModuleType, untidy: Path) -> None:
    (untidy / ".git").rename(untidy / "elsewhere")
    assert hook.in_git(untidy) is None
    assert hook.in_folder(untidy) == ["data/ignored.ttl", "data/kept.ttl", "data/untracked.ttl"]
