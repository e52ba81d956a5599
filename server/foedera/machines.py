"""What machines read of a page beside what it shows: schema.org, a citation, its own address."""

from __future__ import annotations

from typing import Any

from foedera import cite, schema
from foedera.describe import Found, find, signs
from foedera.stores.base import Store
from foedera.words import Words


def of_document(
    store: Store, words: Words, found: Found, head: dict[str, Any], languages: list[str]
) -> dict[str, Any]:
    """For the page of a document, the `signs` of which are its ``head``: the IRIs of it and of its
    ``authors``, and of its first thing the ``citation`` and what ``schema`` there is."""
    return {
        "document": head["document"],
        "authors": head["authors"],
        "citation": cite.of(store, words, found, head["authors"]),
        "schema": schema.embedded(store, found.things[0], languages),
    }


def of_site(store: Store, words: Words, languages: list[str]) -> dict[str, Any]:
    """The same for the first page: the site, and the dataset if there is one."""
    dataset = store.manifest["publication"]["dataset"]
    title = cite.title_of(store, words)
    site = {"@type": "WebSite", "@id": f"{store.base}#site", "url": store.base}
    if title:
        site["name"] = title["text"]
    if not dataset:
        return {"document": store.base, "schema": {"@context": schema.CONTEXT, **site}}
    found = find(store, [dataset])
    about = of_document(store, words, found, signs(store, found), languages)
    main = {name: value for name, value in about["schema"].items() if name != "@context"}
    graph = [main, {**site, "about": {"@id": dataset}}]
    return {
        **about,
        "document": store.base,
        "schema": {"@context": schema.CONTEXT, "@graph": graph},
    }
