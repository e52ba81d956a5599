"""The site over HTTP: Flask, and only here. One module a family of addresses."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import PathConverter

from foedera import __version__
from foedera.service import Site
from foedera.settings import Mode, Settings
from foedera.web import (
    catalog,
    check,
    cite,
    context,
    elements,
    entity,
    explore,
    find,
    graphs,
    home,
    links,
    machines,
    offers,
    paging,
    panels,
    phrases,
    problems,
    provenance,
    queries,
    ready,
    replies,
    sparql,
)


class _Rest(PathConverter):
    """The rest of a path, whatever its escapes stand for: werkzeug's own takes neither a slash at
    its begin nor a line feed, and an IRI may have both escaped."""

    part_isolating = False
    regex = "(?s:.+?)"


def create_app(settings: Settings, site: Site) -> ready.Ready:
    """The WSGI application over a site.

    Nothing is read from the environment, and no store is opened: every answer comes from the
    site's workers.
    """
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False  # an IRI may hold two slashes in a row
    app.url_map.converters["path"] = _Rest
    app.config["MAX_CONTENT_LENGTH"] = settings.query_bytes * 4  # a query, with all of it escaped
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.query_bytes * 4
    app.extensions[context.SETTINGS] = settings
    app.extensions[context.SITE] = site
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["program_version"] = __version__
    families = (home, sparql, catalog, queries, graphs, explore, find, cite, machines, check)
    for module in (*families, offers, entity):  # the last takes all other addresses
        app.register_blueprint(module.bp)
    links.install(app)
    paging.install(app)
    provenance.install(app, settings.texts)
    phrases.install(app)
    elements.install(app)
    panels.install(app)
    cite.install(app)
    machines.install(app)
    problems.install(app)
    replies.install(app)
    heeded = settings.entity_mode != Mode.SAFE
    return ready.Ready(app.wsgi_app, site, settings.cache * 1_000_000, compress=heeded)
