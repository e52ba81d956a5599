"""The IRIs that Python must know; nobody else spells one."""

from __future__ import annotations

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
XSD = "http://www.w3.org/2001/XMLSchema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DCTERMS = "http://purl.org/dc/terms/"
FOAF = "http://xmlns.com/foaf/0.1/"
SCHEMA = "http://schema.org/"
SCHEMAS = (SCHEMA, "https://schema.org/")
VANN = "http://purl.org/vocab/vann/"
VOID = "http://rdfs.org/ns/void#"
PROF = "http://www.w3.org/ns/dx/prof/"
DCAT = "http://www.w3.org/ns/dcat#"
SH = "http://www.w3.org/ns/shacl#"
DASH = "http://datashapes.org/dash#"
PROV = "http://www.w3.org/ns/prov#"
OA = "http://www.w3.org/ns/oa#"
HTTP = "http://www.w3.org/2011/http#"
EDTF = "http://id.loc.gov/datatypes/edtf/"
SD = "http://www.w3.org/ns/sparql-service-description#"
SPARQL = "http://www.w3.org/ns/sparql#"
SEP = "https://github.com/w3c/sparql-dev/blob/main/SEP/"
FORMATS = "http://www.w3.org/ns/formats/"
ENTAILMENT = "http://www.w3.org/ns/entailment/"
PROFILE = "http://www.w3.org/ns/owl-profile/"
WGS84 = "http://www.w3.org/2003/01/geo/wgs84_pos#"
GEO = "http://www.opengis.net/ont/geosparql#"
GEOF = "http://www.opengis.net/def/function/geosparql/"
UOM = "http://www.opengis.net/def/uom/OGC/1.0/"
FOEDERA = "https://w3id.org/foedera/ns#"

TYPE = RDF + "type"
FIRST = RDF + "first"
REST = RDF + "rest"
NIL = RDF + "nil"
LABEL = RDFS + "label"
PREF_LABEL = SKOS + "prefLabel"
DEFINITION = SKOS + "definition"
DESCRIPTION = DCTERMS + "description"
COMMENT = RDFS + "comment"

LABELS = (
    PREF_LABEL,
    LABEL,
    DCTERMS + "title",
    FOAF + "name",
    SCHEMA + "name",
    "https://schema.org/name",
)
"""Properties that name a thing, best first."""

HIDDEN_LABEL = SKOS + "hiddenLabel"
OTHER_LABELS = (
    SKOS + "altLabel",
    DCTERMS + "alternative",
    *(iri + "alternateName" for iri in SCHEMAS),
    HIDDEN_LABEL,
)
"""Properties that say by which other names a thing is found. A hidden one is shown to nobody: it is
how people misspell the name (SKOS Reference, section 5.1)."""

SUMMARIES = (DEFINITION, DESCRIPTION, SCHEMA + "description", COMMENT)
"""Properties that say in a sentence or two what a thing is, best first."""

BEGINNINGS = (
    FOEDERA + "earliest",
    FOEDERA + "latest",
    SCHEMA + "startDate",
    PROV + "startedAtTime",
    DCTERMS + "date",
)
"""Properties that say when a thing began, or began at the latest, best first."""

PREFIXES = {
    "rdf": RDF,
    "rdfs": RDFS,
    "owl": OWL,
    "xsd": XSD,
    "skos": SKOS,
    "dcterms": DCTERMS,
    "foaf": FOAF,
    "schema": SCHEMA,
    "void": VOID,
    "dcat": DCAT,
    "sh": SH,
    "prov": PROV,
    "edtf": EDTF,
}
"""Prefixes used in what we write, beside the publication's own."""
