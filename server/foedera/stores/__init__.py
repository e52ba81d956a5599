"""Where the triples are: one module a kind of store."""
