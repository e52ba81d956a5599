"""A folder to start from: small, conforming, and serving at once."""

from __future__ import annotations

from pathlib import Path

from foedera.errors import NotAPublication

_FILES = {
    "ontology/core.ttl": """\
# The model: what kinds of things there are, and how they are connected.
@prefix : <https://example.org/ns#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

<https://example.org/ns>
    a owl:Ontology ;
    rdfs:label "A small model of books"@en .

:Book
    a owl:Class ;
    rdfs:label "Book"@en ;
    skos:definition "A written work that is kept and lent as one piece."@en .

:Author
    a owl:Class ;
    rdfs:label "Author"@en ;
    skos:definition "A person who wrote at least one book."@en .

:writtenBy
    a owl:ObjectProperty ;
    rdfs:domain :Book ;
    rdfs:range :Author ;
    owl:inverseOf :wrote ;
    rdfs:label "written by"@en ;
    skos:definition "Leads from a book to the person who wrote it."@en .

:wrote
    a owl:ObjectProperty ;
    rdfs:label "wrote"@en ;
    skos:definition "Leads from a person to a book of theirs."@en .
""",
    "data/dataset.ttl": """\
# What this publication says of itself. Change the base before you publish for others.
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix void: <http://rdfs.org/ns/void#> .

<https://example.org/id/dataset/books>
    a void:Dataset ;
    void:uriSpace "https://example.org/" ;
    dcterms:title "A shelf of books"@en ;
    dcterms:description "Two books and who wrote them, as a start for data of your own."@en ;
    dcterms:license <https://creativecommons.org/publicdomain/zero/1.0/> ;
    void:exampleResource <https://example.org/id/book/the-leopard> .
""",
    "data/books.ttl": """\
# The facts.
@prefix : <https://example.org/ns#> .
@prefix book: <https://example.org/id/book/> .
@prefix person: <https://example.org/id/person/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .

book:the-leopard
    a :Book ;
    rdfs:label "The Leopard"@en , "Il Gattopardo"@it ;
    :writtenBy person:giuseppe-tomasi-di-lampedusa .

book:kokoro
    a :Book ;
    rdfs:label "Kokoro"@en , "\u3053\u3053\u308d"@ja ;
    :writtenBy person:natsume-soseki .

person:giuseppe-tomasi-di-lampedusa
    a :Author ;
    rdfs:label "Giuseppe Tomasi di Lampedusa"@it .

person:natsume-soseki
    a :Author ;
    rdfs:label "Natsume S\u014dseki"@en , "\u590f\u76ee\u6f31\u77f3"@ja .
""",
    "shapes/book.ttl": """\
# The rules: what a book needs.
@prefix : <https://example.org/ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix shapes: <https://example.org/shapes/> .

shapes:Book
    a sh:NodeShape ;
    sh:targetClass :Book ;
    sh:property shapes:Book-label , shapes:Book-writtenBy .

shapes:Book-label
    a sh:PropertyShape ;
    sh:path rdfs:label ;
    sh:minCount 1 ;
    sh:message "A book needs a name: write rdfs:label with its title."@en .

shapes:Book-writtenBy
    a sh:PropertyShape ;
    sh:path :writtenBy ;
    sh:minCount 1 ;
    sh:class :Author ;
    sh:message "A book needs an author: write :writtenBy with an :Author."@en .
""",
}


def new(target: Path) -> list[str]:
    """Write a publication to start from; the paths written. Raises NotAPublication when there is
    something in the way, and then writes nothing, or when the folder cannot be written."""
    taken = [path for path in _FILES if (target / path).exists()]
    if taken:
        raise NotAPublication(
            f"{target} holds {taken[0]} already", "Give the name of a folder that is not there yet."
        )
    try:
        for path, text in _FILES.items():
            location = target / path
            location.parent.mkdir(parents=True, exist_ok=True)
            location.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise NotAPublication(
            f"{fault.filename} cannot be written: {fault.strerror}",
            "Give the name of a folder that can be made.",
        ) from None
    return list(_FILES)
