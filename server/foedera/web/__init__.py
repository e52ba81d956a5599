"""The site over HTTP: Flask, and only here. One module a family of addresses."""

from __future__ import annotations

from typing import Any

from flask import Flask

from foedera import __version__
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import entity, home, links, problems, ready, replies, sparql


def create_app(settings: Settings, site: Site) -> Any:
    """The WSGI application over a site.

    Nothing is read from the environment, and no store is opened: every answer comes from the
    site's workers.
    """
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # an IRI may hold two slashes in a row
    app.extensions["foedera"] = (settings, site)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["program_version"] = __version__
    for module in (home, sparql, entity):
        app.register_blueprint(module.bp)
    links.install(app)
    problems.install(app)
    replies.install(app)
    return ready.Ready(app.wsgi_app, site, settings.cache * 1_000_000, flask=app)
