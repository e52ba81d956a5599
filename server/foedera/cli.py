"""The command line: each command a few lines over the modules below."""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

import foedera
from foedera import settings as settings_module
from foedera.errors import DoesNotConform, FoederaError, NotAPublication
from foedera.settings import Settings

_SHIPPED = Path(__file__).resolve().parent / "published"


class _Group(click.Group):
    """Tells errors of ours in two lines, with the exit status that each has."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FoederaError as fault:
            report = getattr(fault, "report", None)
            for finding in report.violations if report else ():
                click.echo(str(finding), err=True)
            for refused in getattr(fault, "findings", ()):
                place = f"{refused['file']}:{refused['line']}"
                click.echo(f"{place}: {refused['severity']}: {refused['message']}", err=True)
            click.echo(f"foedera: {fault}", err=True)
            ctx.exit(fault.exit_code)


def _option(name: str) -> Callable[[Any], Any]:
    """A command-line option for a setting, described by its row."""
    row = next(row for row in settings_module.ROWS if row.name == name)
    default = row.default if row.default != "" else None
    shown = f"{row.metadata['help']}. [{settings_module.variable(name)}"
    shown += f"; default {default}]" if default is not None else "]"
    return click.option("--" + name.replace("_", "-"), name, type=type(row.default), help=shown)


def _all_options(function: Any) -> Any:
    for row in reversed(settings_module.ROWS):
        if not row.metadata.get("secret"):
            function = _option(row.name)(function)
    return function


_folder = click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))


def _root(folder: Path | None) -> Path:
    """The publication meant: the one given, this folder if it is one, or the one that ships."""
    if folder is not None:
        if not folder.is_dir():
            raise NotAPublication(
                f"There is no folder {folder}", "'foedera new FOLDER' makes one to start from."
            )
        return folder.resolve()
    here = Path.cwd()
    for place in (here, _SHIPPED):
        if (place / "data").is_dir():
            return place
    raise NotAPublication(
        "This folder is no publication, and none ships with this installation",
        "Name a folder that has data/ in it.",
    )


def _say(text: str) -> None:
    """A line of progress: to a terminal as it is, to a log with the time."""
    stamp = "" if sys.stderr.isatty() else time.strftime("%Y-%m-%dT%H:%M:%S ")
    click.echo(f"{stamp}{text}", err=True)


class _Progress:
    """Tells of long work, step by step: to a terminal with the seconds that each takes, counted
    while it lasts; to a log one plain line a step, with the time."""

    def __enter__(self) -> _Progress:
        self._step = ""
        self._since = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)
        if sys.stderr.isatty():
            self._thread.start()
        return self

    def __call__(self, step: str) -> None:
        """Begin a step, which ends the one before."""
        if not sys.stderr.isatty():
            _say(step)
            return
        self._show(end="\n")
        self._step, self._since = step, time.monotonic()
        self._show()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        self._show(end="\n")

    def _count(self) -> None:
        while not self._ended.wait(1):
            self._show()

    def _show(self, end: str = "") -> None:
        if self._step:
            seconds = int(time.monotonic() - self._since)
            spent = f" ({seconds} s)" if seconds else ""
            click.echo(f"\r{self._step}{spent}{end}", err=True, nl=False)


def _settings(arguments: dict[str, Any]) -> Settings:
    return settings_module.load(arguments)


@click.group(cls=_Group)
@click.version_option(foedera.__version__, prog_name="foedera")
def main() -> None:
    """Publish a folder of Turtle as linked data.

    Exit status: 0 done, or conforms; 1 does not conform, or failed; 2 wrong use, or no
    publication; 3 could not be checked.
    """


@main.command()
@_folder
@_all_options
@click.option("--reload", is_flag=True, help="Watch the folder and publish each change.")
def serve(folder: Path | None, reload: bool, **arguments: Any) -> None:
    """Publish FOLDER if it has changed, and serve it until stopped.

    Without FOLDER, the present folder is served if it is a publication, and otherwise the
    dataset that ships with foedera. SIGTERM ends it when requests under way are answered;
    SIGHUP publishes the folder again.
    """
    from foedera import evidence, service

    settings = _settings(arguments)
    root = _root(folder)
    state = settings_module.state_folder(settings, root)
    if settings.texts:  # told now, and not by each HTTP process
        evidence.checksums(Path(settings.texts).expanduser())

    def say(text: str) -> None:
        """Progress goes to stderr; the address also to stdout, once where both are a terminal."""
        address = text.startswith("serving ")
        if address:
            click.echo(text)
            sys.stdout.flush()
        if not (address and sys.stdout.isatty() and sys.stderr.isatty()):
            _say(text)

    def make_app(settings: Settings, site: service.Site) -> Any:
        from foedera.web import create_app

        return create_app(settings, site)

    sys.exit(service.Minder(settings, root, state, make_app, say, reload).run())


_FORMATS = ("text", "short", "json", "ttl", "sarif", "junit", "github", "csv")


@main.command()
@click.argument("paths", nargs=-1, metavar="[FOLDER | FILE...]", type=click.Path(path_type=Path))
@click.option(
    "--with",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The publication that files are checked together with; by default the present folder, or "
    "the dataset that ships with the program.",
)
@click.option("--alone", is_flag=True, help="Check files by its rules, but not with its data.")
@click.option("--type", "media_type", default="", help="The media type of the files.")
@click.option(
    "--format",
    "fmt",
    type=click.Choice(_FORMATS),
    help="How the report is written; by default text for files, and short for a folder.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to.")
@click.option("--language", type=click.Choice(["en", "it"]), help="By default that of LANG.")
@click.option(
    "--fail-on",
    type=click.Choice(["violation", "warning", "info"]),
    default="violation",
    show_default=True,
    help="The least that makes the exit status 1.",
)
@click.option("--engine", default="", help="What runs the shapes: pyshacl or shacl-rust.")
@click.option("--all", "everything", is_flag=True, help="Show also what was wrong before.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes.")
@_option("texts")
@_option("state")
@click.pass_context
def check(ctx: click.Context, /, paths: tuple[Path, ...], watch: bool, **options: Any) -> None:
    """Check a FOLDER without publishing it, or FILEs that are to be added to one.

    Each finding has its file and line. Files are one contribution, checked together with what is
    published: what was wrong before does not count against them. A file that lies in the folder's
    data/ is checked together with the others there. "-" is standard input.

    With --texts the words that the evidence of a folder points at are verified too.

    Exit status 0 when it conforms, 1 when it does not, 2 for wrong use, 3 when it could not be
    checked.
    """
    if not watch:
        ctx.exit(_checked(paths, **options))
    seen: Any = None
    try:
        while True:
            stamps = [one.stat().st_mtime_ns if one.exists() else 0 for one in paths]
            if stamps != seen:
                seen = stamps
                if sys.stdout.isatty():
                    click.clear()
                try:
                    _checked(paths, **options)
                except FoederaError as fault:
                    click.echo(f"foedera: {fault}", err=True)
                _say("watching; Ctrl-C ends it")
            time.sleep(0.3)
    except KeyboardInterrupt:
        ctx.exit(130)


def _checked(paths: tuple[Path, ...], **options: Any) -> int:
    """Check what is named, write the report, and give the exit status."""
    from foedera import check as check_module
    from foedera.check import reports
    from foedera.errors import CouldNotCheck, EngineFailed, TimedOut, TooLarge, UnsupportedMedia

    named = [options.pop(name) for name in ("fmt", "output", "language", "fail_on", "everything")]
    fmt, output, language, fail_on, everything = named
    missing = [str(one) for one in paths if not one.exists() and str(one) != "-"]
    if missing and len(paths) > 1:
        raise click.BadParameter(f"There is no {missing[0]}.", param_hint="FILE")
    of_folder = not paths or (len(paths) == 1 and (paths[0].is_dir() or bool(missing)))
    try:
        if of_folder:
            report, documents, said = _check_folder(paths[0] if paths else None, options)
        else:
            if any(one.is_dir() for one in paths):
                raise click.BadParameter("Name one folder, or files.", param_hint="FILE")
            report, documents, said = _check_files(paths, options)
    except (TimedOut, EngineFailed, TooLarge, UnsupportedMedia) as fault:
        raise CouldNotCheck(fault.detail, fault.hint) from fault
    if language is None:
        language = (
            "it" if os.environ.get("LC_ALL", os.environ.get("LANG", ""))[:2] == "it" else "en"
        )
    form = fmt or ("short" if of_folder else "text")
    colour = output is None and (
        (sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
        or bool(os.environ.get("FORCE_COLOR"))
    )
    if form == "short" and fmt is None:
        text = "".join(f"{finding}\n" for finding in report.findings)
    else:
        text = reports.write(report, documents, form, language, colour, all=everything)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
    if of_folder or form != "text":
        for note in report.skipped:
            _say(note)
        counts = ", ".join(
            f"{report.count(severity)} {severity}{'s' if report.count(severity) != 1 else ''}"
            for severity in check_module.SEVERITIES
        )
        verdict = "conforms" if report.conforms else "does not conform"
        _say(
            f"{said} {verdict}: {counts}" if not of_folder else f"{said.format(verdict)}; {counts}"
        )
    return 1 if report.failing(fail_on) else 0


def _check_folder(folder: Path | None, options: dict[str, Any]) -> tuple[Any, list[Any], str]:
    """The report on a folder, the texts of its files that have findings, and what to call it."""
    from foedera import check as check_module
    from foedera import evidence
    from foedera import folder as folder_module
    from foedera.check.reading import Document

    texts = _settings({"texts": options["texts"]}).texts
    source = folder_module.read(_root(folder))
    with _Progress() as say:
        say(f"checking {len(source.of(*folder_module.PARTS))} files")
        report, parsed = check_module.check(source, options["engine"])
    stretches = evidence.count(parsed)
    if texts:
        report = report.plus(evidence.verify(parsed, Path(texts).expanduser()))
        _say(f"stretches of text compared with those in {texts}: {stretches:,}")
    elif stretches:
        report = report.plus((), [evidence.NOT_RUN])
    wrong = {finding.file for finding in report.findings}
    documents = [
        Document(file.path, file.location.read_text(encoding="utf-8", errors="replace"), "")
        for file in source.files
        if file.path in wrong
    ]
    said = (
        f"{source.root} {{}}: {report.files} files, {report.triples:,} triples, "
        f"{report.shapes} shapes"
    )
    return report, documents, said


def _check_files(paths: tuple[Path, ...], options: dict[str, Any]) -> tuple[Any, list[Any], str]:
    """The report on files that are one contribution, these, and what to call them."""
    from foedera import folder as folder_module
    from foedera import release
    from foedera.check import contribution, reading
    from foedera.stores.embedded import EmbeddedStore

    root = _root(options["folder"])
    source = folder_module.read(root)
    inside = {
        path: path.resolve().relative_to(source.root).as_posix()
        for path in paths
        if str(path) != "-" and path.resolve().is_relative_to(source.root)
    }
    rules = [one for one in inside.values() if one.startswith(("ontology/", "shapes/"))]
    if rules:
        raise click.BadParameter(
            f"{rules[0]} is one of the rules that all is checked by: check the folder whole.",
            param_hint="FILE",
        )
    state = settings_module.state_folder(_settings({"state": options["state"]}), root)
    found = release.current(state)
    replaced = {one for one in inside.values() if one in {file.path for file in source.files}}
    large = sum(file.size for file in source.files) > _LARGE
    if large and not replaced and found and found.id == release.identifier(source):
        against = contribution.of_release(found.rules, EmbeddedStore.open(found.path))
    else:
        against = contribution.of_folder(source, replaced)
    if options["alone"]:
        against = against.alone()
    documents = [
        reading.read(
            "stdin" if str(path) == "-" else str(path),
            sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes(),
            options["media_type"],
            f"{against.rules.base}graph/data/new",
        )
        for path in paths
    ]
    report = contribution.judge(documents, against, engine=options["engine"])
    return report, documents, ", ".join(document.name for document in documents)


_LARGE = 20_000_000
"""Bytes of a folder that is not read anew where its release is there."""


@main.command()
@click.argument("code", required=False)
@click.option("--language", type=click.Choice(["en", "it"]), default="en", show_default=True)
def explain(code: str | None, language: str) -> None:
    """Say what the CODE of a finding means and what to write; without one, list all."""
    from foedera.check import codes

    if code is None:
        for one in codes.CODES.values():
            click.echo(f"{one.slug:30} {one.title[language]}")
        return
    found = codes.CODES.get(code)
    if found is None:
        raise click.BadParameter(f"There is no code {code}; 'foedera explain' lists all.")
    click.echo(
        f"{found.title[language]} ({found.slug}, {found.severity})\n\n{found.text[language]}"
    )
    for title, example in (("wrong", found.wrong), ("right", found.right)):
        if example:
            click.echo(f"\n{title}:")
            click.echo("".join(f"    {line}\n" for line in example.splitlines()), nl=False)


@main.command()
@_folder
@_option("state")
@_option("keep")
@_option("store")
@_option("store_update")
def publish(folder: Path | None, **arguments: Any) -> None:
    """Check FOLDER and make its present state the current release.

    A site that serves it changes over without dropping a request. Nothing is published that does
    not conform; what was published before then stays. With --store the engine there is given the
    graphs that changed.
    """
    from foedera import release

    settings = _settings(arguments)
    root = _root(folder)
    state = settings_module.state_folder(settings, root)
    with _Progress() as say:
        done = release.publish(root, state, settings.keep, say, carry=release.carry(settings))
    click.echo(f"{done.id} {done.triples:,} triples")


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.argument("text")
@click.option("--who", default="", help="Who makes the change; it is kept with it.")
@_option("state")
@_option("keep")
@_option("query_seconds")
@_option("query_memory")
@_option("write_triples")
@_option("store")
@_option("store_update")
def update(folder: Path, text: str, who: str, **arguments: Any) -> None:
    """Change FOLDER by a SPARQL update: check what it makes of the data, and publish it.

    TEXT is the update, @FILE to read it from a file, or - for standard input. The change is kept
    as a file in FOLDER/changes. Exit status 1 with the findings when the result does not conform;
    then nothing changes.
    """
    from foedera import write
    from foedera.edit import Request

    settings = _settings(arguments)
    root = _root(folder)
    state = settings_module.state_folder(settings, root)
    order = write.Order(Request("update", text=_query_text(text)), who)
    done = write.apply(root, state, settings, order, _say)
    for note in done.notes:
        _say(note)
    if done.change:
        _say(f"{done.removed:,} triples removed, {done.added:,} added: {root / done.change}")
        click.echo((root / done.change).read_text(encoding="utf-8"), nl=False)
    else:
        _say("nothing changed")
    click.echo(done.release)


@main.group(invoke_without_command=True)
@click.pass_context
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="The publication.")
@_option("state")
@_option("store")
@_option("store_update")
def releases(ctx: click.Context, folder: Path | None, **arguments: Any) -> None:
    """List the releases kept; the current one is marked."""
    from foedera import release

    ctx.obj = (folder, arguments)
    if ctx.invoked_subcommand:
        return
    state = settings_module.state_folder(_settings(arguments), _root(folder))
    present = release.current(state)
    kept = release.listed(state)
    if not kept:
        _say("nothing has been published yet")
    for one in kept:
        mark = "*" if present and one.id == present.id else " "
        click.echo(f"{mark} {one.id}  {one.created}  {one.triples:>10,} triples")


@releases.command()
@click.argument("release_id")
@click.pass_context
def use(ctx: click.Context, release_id: str) -> None:
    """Make a kept release current again (its identifier, or the beginning of it).

    A restart keeps it as long as the folder does not change; 'foedera publish' ends that.
    """
    from foedera import folder as folder_module
    from foedera import release

    given, arguments = ctx.obj
    root = _root(given)
    settings = _settings(arguments)
    state = settings_module.state_folder(settings, root)
    source = folder_module.read(root)
    chosen = release.use(state, release_id, source, release.carry(settings))
    click.echo(f"{chosen.id} is current")


@main.group(invoke_without_command=True)
@click.pass_context
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="The publication.")
@_option("state")
@_option("keep")
@_option("store")
@_option("store_update")
def contributions(ctx: click.Context, folder: Path | None, **arguments: Any) -> None:
    """List what was offered to a publication, and decide on it; what waits comes first."""
    from foedera import folder as folder_module
    from foedera import offers

    settings, root = _settings(arguments), _root(folder)
    state = settings_module.state_folder(settings, root)
    ctx.obj = (settings, root, state)
    if ctx.invoked_subcommand:
        return
    there = offers.accepted(file.path for file in folder_module.read(root).files)
    found = [(one, one.became(there)) for one in offers.Offers(state).all()]
    for one, became in sorted(found, key=lambda pair: pair[1].state != offers.WAITING):
        name = _harmless(one.sender.contributor)
        click.echo(f"{one.id}  {became.state:9}  {one.when}  {one.triples:>6,} facts  {name}")
    if not found:
        _say("nothing was offered")


@contributions.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--contributor", required=True, help="A name; it is published with the facts.")
@click.option("--contact", default="", help="How to reach the contributor; it is not published.")
@click.option("--source", default="", help="Where the facts are from: an address, or words.")
@click.option("--note", default="", help="What else is to be known.")
@click.option("--type", "media_type", default="", help="The media type of the file.")
@click.option("--anyway", is_flag=True, help="Offer it though it does not conform.")
@click.option("--agree", is_flag=True, help="It may be published by the publication's licence.")
@click.pass_obj
def offer(
    own: _Own, /, file: Path, media_type: str, anyway: bool, agree: bool, **sender: str
) -> None:
    """Check FILE and keep it until somebody accepts it.

    Prints the name by which it is decided on, and the address below the site at which its
    contributor sees what became of it. Exit status 1, with the findings, when it does not conform.
    """
    from foedera import offers, release, service

    settings, root, state = own
    if not agree:
        raise click.UsageError("Say with --agree that it may be published.")
    with _Progress() as say:
        present = release.publish(root, state, settings.keep, say, True, release.carry(settings))
        say("checking what is offered")
        text = base64.b64encode(file.read_bytes()).decode()
        document = {"name": file.name, "type": media_type, "content": text}
        arguments = {"document": document, "memory": settings.query_memory * 1_000_000}
        with service.local(settings, present) as site:
            checked = json.loads(site.live.pool.call(service.CHECKS, "offer", arguments).body())
    report = checked["report"]
    for one in report["findings"]:
        if one["standing"] == "introduced":
            words = " ".join(one["messages"]["en"].split())
            place = f"{one['file']}:{one['line']}:{one['column']}"
            _say(_harmless(f"{place}: {one['severity']}: {words}"))
    if not checked["readable"] or not (report["conforms"] or anyway):
        raise DoesNotConform(
            f"{file} does not conform, and was not kept",
            "Mend it, or offer it as it is with --anyway." if checked["readable"] else "Mend it.",
        )
    licence = present.manifest["publication"]["license"]
    kept, secret = offers.Offers(state).keep(
        file.read_bytes(), offers.Sender(**sender, license=licence), checked
    )
    click.echo(f"{kept.id} /contributions/{kept.id}-{secret}")


@contributions.command()
@click.argument("name")
@click.pass_obj
def show(own: _Own, /, name: str) -> None:
    """Show what the contribution NAME would change, and what is known of it."""
    from foedera import folder as folder_module
    from foedera import offers, release, service

    settings, root, state = own
    it = offers.Offers(state).get(name)
    with _Progress() as say:
        present = release.publish(root, state, settings.keep, say, True, release.carry(settings))
        with service.local(settings, present) as site:
            arguments = {**it.as_call(), "languages": ["en"]}
            told = site.live.pool.call(service.CHECKS, "difference", arguments).body()
    there = offers.accepted(file.path for file in folder_module.read(root).files)
    for line in offers.told(it, it.became(there), json.loads(told)):
        click.echo(_harmless(line))


@contributions.command()
@click.argument("name")
@click.option("--who", default="", help="Who accepts it; that is published with it.")
@click.option("--reason", default="", help="Why; that is published too.")
@click.pass_obj
def accept(own: _Own, /, name: str, who: str, reason: str) -> None:
    """Make the contribution NAME a part of the folder, and publish it.

    Its text and its provenance are then in data/contributed. Exit status 1 with the findings when
    the publication would not conform with it; it then goes on waiting.
    """
    from foedera import offers

    settings, root, state = own
    done = offers.accept(root, state, settings, name, who, reason, _say)
    click.echo(f"{done['release']} {root / done['file']}")


@contributions.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why; the contributor is told.")
@click.option("--who", default="", help="Who refuses it.")
@click.pass_obj
def refuse(own: _Own, /, name: str, who: str, reason: str) -> None:
    """Refuse the contribution NAME. It stays where it is kept."""
    from foedera import folder as folder_module
    from foedera import offers

    _, root, state = own
    there = offers.accepted(file.path for file in folder_module.read(root).files)
    offers.Offers(state).refuse(name, who, reason, there)


_Own = tuple[Settings, Path, Path]
"""Settings, folder and state, as a command of a group is given them."""


def _harmless(text: str) -> str:
    from foedera.check import reports

    return reports.harmless(text)


@main.command()
@click.argument("text")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="The publication.")
@click.option(
    "--at", metavar="URL", help="Ask this SPARQL endpoint, instead of the folder's release."
)
@click.option(
    "--format",
    "fmt",
    default="",
    help="csv, tsv, json or xml for rows, ttl, nt, rdf, trig, nq or jsonld for triples; csv and "
    "ttl are the defaults.",
)
@_option("state")
@_option("query_seconds")
def query(text: str, folder: Path | None, at: str | None, fmt: str, **arguments: Any) -> None:
    """Answer a SPARQL query from the current release of a folder, or from an endpoint.

    TEXT is the query, @FILE to read it from a file, or - for standard input.
    """
    from foedera import formats, release, service

    settings = _settings(arguments)
    text = _query_text(text)
    if fmt and not formats.by_name(fmt, (*formats.RESULTS, *formats.GRAPHS)):
        raise click.BadParameter(f"There is no format {fmt!r}.", param_hint="--format")
    if at:
        _write(_ask_endpoint(at, text, fmt, settings))
        return
    root = _root(folder)
    state = settings_module.state_folder(settings, root)
    found = release.current(state)
    if found is None:
        with _Progress() as say:
            found = release.publish(root, state, settings.keep, say, carry=release.carry(settings))
    with service.local(settings, found) as site:
        answer = site.live.pool.call(
            service.QUERIES,
            "query",
            {
                "query": text,
                "format": fmt,
                "accept": "text/csv, text/turtle",
                "default_graphs": [],
                "named_graphs": [],
                "inferred": True,
                "bounds": settings.bounds,
                "limits": {},  # what is asked here is asked by the owner
            },
        )
        try:
            _check_kind(fmt, answer.head["media_type"])
            _write(answer)
        finally:
            answer.close()


def _query_text(given: str) -> str:
    """The query that is meant: the text itself, what a file holds, or standard input."""
    name = "standard input" if given == "-" else given[1:]
    try:
        if given == "-":
            return sys.stdin.buffer.read().decode()
        return Path(name).read_text(encoding="utf-8") if given.startswith("@") else given
    except OSError as fault:
        raise click.BadParameter(f"{name} cannot be read: {fault.strerror}.") from None
    except UnicodeDecodeError:
        raise click.BadParameter(f"{name} is not UTF-8.") from None


def _check_kind(fmt: str, media_type: str) -> None:
    """Raises BadParameter where the answer is of the kind that the format asked for is not."""
    from foedera import formats

    for kind in (formats.RESULTS, formats.GRAPHS):
        wanted = formats.by_name(fmt, kind)
        if fmt and any(one.content_type == media_type for one in kind) and wanted is None:
            names = ", ".join(one.ending for one in kind)
            raise click.BadParameter(
                f"The answer to this query can be {names}, not {fmt}.", param_hint="--format"
            )


def _write(parts: Iterable[bytes]) -> None:
    """Bytes to standard output as they come; on a terminal, the prompt then begins a line."""
    stream = sys.stdout.buffer
    last = b"\n"
    for part in parts:
        stream.write(part)
        last = part or last
    if sys.stdout.isatty() and not last.endswith(b"\n"):
        stream.write(b"\n")
    stream.flush()


def _ask_endpoint(url: str, text: str, fmt: str, settings: Settings) -> list[bytes]:
    """The answer of a SPARQL endpoint, in the format named (CSV, or Turtle, by default)."""
    from SPARQLWrapper import POST, SPARQLWrapper

    from foedera import formats
    from foedera.errors import EngineFailed

    if not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"{url} is no http address.", param_hint="--at")
    client = SPARQLWrapper(url)
    client.setTimeout(max(1, int(settings.query_seconds)))
    client.setMethod(POST)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says on stderr when it cannot tell the kind of query
        client.setQuery(text)
    kind = formats.GRAPHS if client.queryType in ("CONSTRUCT", "DESCRIBE") else formats.RESULTS
    default = formats.TURTLE if kind is formats.GRAPHS else formats.CSV
    wanted = formats.by_name(fmt, kind) if fmt else default
    _check_kind(fmt, kind[0].content_type)
    assert wanted is not None
    client.setOnlyConneg(True)
    client.addCustomHttpHeader("Accept", wanted.media_type)
    try:
        return [client.query().response.read()]
    except Exception as fault:  # SPARQLWrapper and urllib raise many families
        words = " ".join(str(fault).split())[:500]
        raise EngineFailed(f"{url} did not answer the query: {words}") from None


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
def new(folder: Path) -> None:
    """Make FOLDER, a small publication to start from; it serves at once."""
    from foedera import starter

    for path in starter.new(folder):
        click.echo(f"{folder}/{path}")
    _say(f"now: foedera serve {folder} --reload")
