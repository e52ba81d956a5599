"""A query as code to copy: the same question from a shell, Python, R or JavaScript."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlencode


@dataclass(frozen=True)
class Sample:
    """Code in a language, and what it needs.

    In ``code`` the address that it asks stands before anything that a person wrote.
    """

    language: str
    needs: str
    code: str

    def parted(self, home: str) -> tuple[str, str, str]:
        """The code around the place where it names the site that it asks."""
        return self.code.partition(home)


Parameters: TypeAlias = Sequence[tuple[str, str]]


def of_query(endpoint: str, more: Parameters, query: str, graph: bool) -> Iterator[Sample]:
    """Code that asks a query of an endpoint.

    ``more`` are parameters that go with it; ``graph`` tells that the answer is one.
    """
    accept = "text/turtle" if graph else "text/csv"
    address = f"{endpoint}?{urlencode(more)}" if more else endpoint
    yield Sample("Shell", "curl", _curl(address, query, accept))
    yield Sample("Python", "SPARQLWrapper", _python(endpoint, more, query, graph))
    yield Sample("R", "httr2, R 4.1 or newer", _r(address, query, accept, graph))
    yield Sample("JavaScript", "nothing more", _javascript(address, query, graph))


def of_files(table: str, tree: str, graph: bool) -> Iterator[Sample]:
    """Code that reads an answer from its address: as a table or Turtle, and as JSON."""
    yield Sample("Shell", "curl", f"curl {shlex.quote(table)}")
    if graph:
        imports, read = "import urllib.request", "print(answer.read().decode())"
    else:
        imports = "import csv\nimport io\nimport urllib.request"
        read = (
            "for row in csv.DictReader(io.TextIOWrapper(answer, encoding='utf-8')):\n"
            "        print(row)"
        )
    yield Sample(
        "Python",
        "nothing more",
        f"{imports}\n\nwith urllib.request.urlopen({_quoted(table)}) as answer:\n    {read}",
    )
    yield Sample(
        "R",
        "nothing more",
        f'cat(readLines({_quoted(table)}), sep = "\\n")'
        if graph
        else f"read.csv({_quoted(table)})",
    )
    yield Sample(
        "JavaScript",
        "nothing more",
        f"const answer = await fetch({_quoted(tree)});\n{_SHOW.format('json')}",
    )


def _curl(endpoint: str, query: str, accept: str) -> str:
    end = "SPARQL"
    while end in query.split("\n"):
        end += "_"
    return (
        f"curl {shlex.quote(endpoint)} -H 'Accept: {accept}' --data-urlencode query@- <<'{end}'\n"
        f"{query}\n{end}"
    )


def _python(endpoint: str, more: Parameters, query: str, graph: bool) -> str:
    quote = next((one for one in ('"""', "'''") if one not in query), None)
    text = f"r{quote}\n{query}\n{quote}" if quote else _quoted(query)
    if graph:
        kind, rest = "TURTLE", "print(endpoint.queryAndConvert().decode())"
    else:
        kind, rest = "JSON", "print(endpoint.queryAndConvert())"
    return (
        f"from SPARQLWrapper import {', '.join(sorted((kind, 'SPARQLWrapper')))}\n\n"
        f"endpoint = SPARQLWrapper({_quoted(endpoint)})\n"
        + "".join(
            f"endpoint.addParameter({_quoted(name)}, {_quoted(value)})\n" for name, value in more
        )
        + f"endpoint.setQuery({text})\n"
        f"endpoint.setReturnFormat({kind})\n{rest}"
    )


def _r(endpoint: str, query: str, accept: str, graph: bool) -> str:
    dashes = "-"
    while f'){dashes}"' in query:
        dashes += "-"
    read = "cat(text)" if graph else "read.csv(text = text)"
    return (
        f"library(httr2)\n\nendpoint <- {_quoted(endpoint)}\n"
        f'query <- r"{dashes}(\n{query}\n){dashes}"\n'
        "text <- request(endpoint) |>\n"
        f'  req_headers(Accept = "{accept}") |>\n'
        "  req_body_form(query = query) |>\n"
        "  req_perform() |>\n"
        f"  resp_body_string()\n{read}"
    )


def _javascript(endpoint: str, query: str, graph: bool) -> str:
    plain = "`" not in query and "${" not in query
    text = f"String.raw`\n{query}\n`" if plain else _quoted(query)
    accept, read = ("text/turtle", "text") if graph else ("application/sparql-results+json", "json")
    return (
        f"const endpoint = {_quoted(endpoint)};\n"
        f"const query = {text};\n"
        "const answer = await fetch(endpoint, {\n"
        '  method: "POST",\n'
        f'  headers: {{ "Content-Type": "application/sparql-query", Accept: "{accept}" }},\n'
        "  body: query,\n"
        f"}});\n{_SHOW.format(read)}"
    )


_SHOW = "console.dir(await answer.{0}(), {{ depth: null }});"
"""How JavaScript prints all of an object, and not just its top."""


def _quoted(text: str) -> str:
    """A string in double quotes, as Python, R and JavaScript all read it."""
    return json.dumps(text, ensure_ascii=False)
