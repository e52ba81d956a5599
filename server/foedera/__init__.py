"""Foedera publishes a folder of Turtle as linked data: pages, entity URIs and a SPARQL endpoint."""

__version__ = "0.1.0"
