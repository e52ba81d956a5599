"""The site over HTTP: Flask, and only here. One module a family of addresses."""

from __future__ import annotations

from flask import Flask

from foedera import __version__
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import (
    catalog,
    context,
    entity,
    graphs,
    home,
    links,
    phrases,
    problems,
    queries,
    ready,
    replies,
    sparql,
)


def create_app(settings: Settings, site: Site) -> ready.Ready:
    """The WSGI application over a site.

    Nothing is read from the environment, and no store is opened: every answer comes from the
    site's workers.
    """
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False  # an IRI may hold two slashes in a row
    app.config["MAX_CONTENT_LENGTH"] = settings.query_bytes * 4  # a query, with all of it escaped
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.query_bytes * 4
    app.extensions[context.SETTINGS] = settings
    app.extensions[context.SITE] = site
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["program_version"] = __version__
    for module in (home, sparql, catalog, queries, graphs, entity):
        app.register_blueprint(module.bp)
    links.install(app)
    phrases.install(app)
    problems.install(app)
    replies.install(app)
    return ready.Ready(app.wsgi_app, site, settings.cache * 1_000_000)
