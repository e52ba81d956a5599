"""One graph of the dataset, as it was written: by its IRI, or the default graph of writing."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox

from foedera import formats
from foedera.errors import NotFound
from foedera.folder import CHANGES
from foedera.query.worker import Reply
from foedera.stores.base import Store


def graph(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """Answer with a graph (SPARQL 1.1 Graph Store HTTP Protocol, section 5.2).

    The call holds ``graph``, its IRI or "" for the default graph: what the files in data/ and the
    changes state in no named graph. ``engine`` names the format. Raises NotFound.
    """
    iri = call["graph"]
    if iri:
        if iri not in store.numbers.get("graphs", store.graphs):
            raise NotFound(f"There is no graph <{iri}>", "/graphs?default is the default graph.")
        wanted = [iri]
    else:
        parts = ("data/", f"{CHANGES}/")
        files = (one for one in store.manifest["files"] if one["path"].startswith(parts))
        wanted = sorted({str(one["graph"]) for one in files})
    found = store.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", wanted, [])
    fmt = next(one for one in formats.GRAPHS if one.engine == call["engine"])
    reply.head({"media_type": fmt.content_type})
    ox.serialize(
        found,  # type: ignore[arg-type]
        reply,  # type: ignore[arg-type]  # write() is all that is called
        format=getattr(ox.RdfFormat, fmt.engine),
        prefixes=store.prefixes,
    )


OPERATIONS = {"graph": graph}
