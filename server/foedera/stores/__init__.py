"""Where the triples are: one module a kind of store.

``base`` says what every store does, ``embedded`` is Oxigraph within this program, ``remote`` any
SPARQL 1.1 engine elsewhere: ``endpoint`` speaks to it, ``load`` brings a release into it.
"""
