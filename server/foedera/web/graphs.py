"""The graph store: each graph at an address, to read, put, add to and delete.

SPARQL 1.1 Graph Store HTTP Protocol. A graph is named by ``/graphs?graph=IRI``, the default graph
by ``/graphs?default``; a graph below BASE/graph/ or BASE/graphs/ is at that address itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from pathlib import PurePath
from urllib.parse import quote

from flask import Blueprint, Response, request

from foedera import formats
from foedera.edit import MEDIA_TYPES, Request
from foedera.errors import BadRequest, NotFound, TooLarge, UnsupportedMedia
from foedera.folder import ENDINGS
from foedera.service import QUERIES
from foedera.web import context, entity, links, write
from foedera.web.replies import is_unchanged, reply, stream

bp = Blueprint("graphs", __name__)

_METHODS = ["GET", "PUT", "POST", "DELETE"]
_READING = ("GET", "HEAD")

_KEPT = 2_000_000
"""The largest graph, in bytes, that has a length and a checksum, and may be kept."""


@bp.route("/graphs", methods=_METHODS)
def store() -> Response:
    """A graph named by a parameter (section 4.2); without one, a POST makes a new graph (5.5)."""
    _authorise()
    context.only("graph", "default", "format")
    iris = request.args.getlist("graph")
    if len(iris) + ("default" in request.args) > 1:
        raise BadRequest("More than one graph is named", "Write one at a time.")
    if iris:
        return _graph(_absolute(iris[0]))
    if "default" in request.args:
        return _graph("")
    if request.method != "POST":
        raise BadRequest("Which graph?", "/graphs?graph=IRI is one of them, /graphs?default too.")
    return _graph(f"{context.live().base}graphs/{uuid.uuid4()}")


@bp.route("/graphs/<path:name>", methods=_METHODS)
@bp.route("/graph/<path:name>", methods=_METHODS)
def direct(name: str) -> Response:
    """A graph whose IRI stands for the address that is asked (section 4.1).

    What is said of a file's graph goes before what it holds, as with all IRIs.
    """
    _authorise()
    path = links.raw_path()
    iris = links.iris(path)
    known = context.live().numbers.get("graphs", {})
    iri = next((iri for iri in iris if iri in known), iris[0])
    if request.method in _READING and not (iri in known and path.startswith("graphs/")):
        with contextlib.suppress(*([NotFound] if iri in known else [])):
            return entity.thing()
    context.only("format")
    return _graph(iri)


def _authorise() -> None:
    """Nothing is said to a stranger of what is wrong with a request to write."""
    if request.method not in _READING:
        write.authorise()


def _absolute(iri: str) -> str:
    """An IRI as it was given, or what a path on this host stands for, as `Location` has it."""
    return context.live().base + iri[1:] if iri.startswith("/") else iri


def _graph(iri: str) -> Response:
    if request.method in _READING:
        return _read(iri)
    if request.method == "DELETE":
        return write.told(write.apply(Request("delete", graph=iri or None), _present()))
    operation = request.method.lower()
    done = write.apply(Request(operation, graph=iri or None, parts=_parts()), _present())
    response = write.told(done, 201 if done.created else 200)
    if done.created:
        response.autocorrect_location_header = False
        response.headers["Location"] = _address(iri)
    return response


def _address(iri: str) -> str:
    """Where on this host a graph is."""
    base = context.live().base
    if iri.startswith((f"{base}graphs/", f"{base}graph/")):
        return links.address(iri)
    return f"/graphs?graph={quote(iri, safe='')}"


def _read(iri: str) -> Response:
    fmt = context.asked(*formats.GRAPHS) or context.accepted(*formats.GRAPHS)
    gone = request.environ.get("waitress.client_disconnected", lambda: False)
    mark = f"{fmt.ending}-{hashlib.sha256(iri.encode()).hexdigest()[:16]}"
    if is_unchanged(mark):
        return stream((), fmt, mark, 304)
    answer = context.live().pool.call(
        QUERIES, "graph", {"graph": iri, "engine": fmt.engine}, gone=gone, client=context.client()
    )
    if answer.gather(_KEPT).whole:
        return reply(answer.body(), fmt)
    return stream(answer, fmt, mark)


def _present() -> bool | None:
    """Whether the graph must be there, or must not be, by the star of If-Match, If-None-Match."""
    if request.if_match and request.if_match.star_tag:
        return True
    if request.if_none_match and request.if_none_match.star_tag:
        return False
    return None


def _parts() -> list[tuple[str, bytes]]:
    """What was sent for a graph, each part with its media type (section 5.5)."""
    if request.mimetype == "multipart/form-data":
        found = [
            (_kind(file.mimetype, file.filename or ""), file.read())
            for file in request.files.values()
        ]
        if not found or request.form:
            raise BadRequest("A form is to hold files, and nothing beside", f"Read are {_MENU}")
    else:
        kind = _kind(request.mimetype)
        if kind != "application/rdf+xml":  # which says itself what it is in
            write.in_utf_8()
        found = [(kind, request.get_data())]
    limit = context.settings().write_bytes
    size = sum(len(body) for _, body in found)
    if size > limit:
        raise TooLarge(f"{size:,} bytes were sent; {limit:,} are read", "Send it in parts.")
    return found


_MENU = ", ".join(MEDIA_TYPES)


def _kind(media_type: str, filename: str = "") -> str:
    """The media type that is meant, of those that are read. Raises UnsupportedMedia."""
    if media_type in MEDIA_TYPES:
        return media_type
    by_ending = ENDINGS.get(PurePath(filename).suffix)
    if by_ending and media_type in ("", "application/octet-stream", "text/plain"):
        return next(name for name, fmt in MEDIA_TYPES.items() if fmt == by_ending)
    raise UnsupportedMedia(
        f"A graph is not read as {media_type or 'nothing in particular'}", f"Read are {_MENU}"
    )
