"""What is said of each mistake of syntax, in English and Italian."""

from __future__ import annotations

from collections.abc import Mapping

_SAID: dict[str, tuple[str, str]] = {
    "parse-missing-dot": (
        "A statement ends with a dot: write . here.",
        "Una dichiarazione finisce con un punto: scrivere . qui.",
    ),
    "parse-missing-semicolon": (
        "Before the next property of the same thing stands a semicolon: write ; here.",
        "Prima della proprietà successiva della stessa cosa va un punto e virgola: scrivere ; qui.",
    ),
    "parse-missing-comma": (
        "Between two values of one property stands a comma: write , here.",
        "Tra due valori di una proprietà va una virgola: scrivere , qui.",
    ),
    "parse-no-object": (
        "A statement has three parts, the thing, a property and its value, and something is "
        "missing before this {text} here. To go on about the same thing, end the line before with "
        "; and not with a dot.",
        "Una dichiarazione ha tre parti, la cosa, una proprietà e il suo valore, e prima di questo "
        "{text} manca qualcosa. Per continuare sulla stessa cosa, chiudere la riga precedente con "
        "; e non con un punto.",
    ),
    "parse-unclosed-text": (
        'This text is not closed: write " at its end. A text of several lines stands between '
        'three quotation marks, """like this""".',
        'Questo testo non è chiuso: scrivere " alla fine. Un testo di più righe va tra tre '
        'virgolette, """così""".',
    ),
    "parse-quote-inside": (
        'A quotation mark ends the text: write \\" for one that belongs to it.',
        'Le virgolette chiudono il testo: scrivere \\" per quelle che ne fanno parte.',
    ),
    "parse-curly-quotes": (
        'Texts stand between straight quotation marks, "like this": typographic ones, which '
        "word processors put in, do not count.",
        'I testi vanno tra virgolette dritte, "così": quelle tipografiche, che i programmi di '
        "scrittura inseriscono, non contano.",
    ),
    "parse-unclosed-iri": (
        "This IRI is not closed: write > at its end.",
        "Questo IRI non è chiuso: scrivere > alla fine.",
    ),
    "parse-iri": (
        "An IRI has no spaces, quotation marks or braces in it: write %20 for a space, and so on.",
        "Un IRI non contiene spazi, virgolette o parentesi graffe: scrivere %20 per uno spazio, e "
        "così via.",
    ),
    "parse-unclosed-bracket": (
        "The bracket {text} that is opened here is not closed.",
        "La parentesi {text} aperta qui non è chiusa.",
    ),
    "parse-unopened-bracket": (
        "The bracket {text} closes nothing: take it out, or open it before.",
        "La parentesi {text} non chiude nulla: toglierla, o aprirla prima.",
    ),
    "parse-literal-subject": (
        "A statement begins with the thing that it is about, which is an IRI and never a text: "
        "name the thing, and make {text} a value.",
        "Una dichiarazione comincia con la cosa di cui tratta, che è un IRI e mai un testo: "
        "nominare la cosa, e fare di {text} un valore.",
    ),
    "parse-literal-predicate": (
        "Here a property is due, which is an IRI and never a text such as {text}. If this is one "
        "more value, write a comma before it.",
        "Qui ci vuole una proprietà, che è un IRI e mai un testo come {text}. Se è un valore in "
        "più, scrivere una virgola prima.",
    ),
    "parse-blank-predicate": (
        "Here a property is due, and a property has a name: write its IRI.",
        "Qui ci vuole una proprietà, e una proprietà ha un nome: scrivere il suo IRI.",
    ),
    "parse-bare-word": (
        "A word alone means nothing: write a name with its prefix, as in :{text}, or a text in "
        'quotation marks, as in "{text}".',
        "Una parola da sola non significa nulla: scrivere un nome con il suo prefisso, come "
        ':{text}, o un testo tra virgolette, come "{text}".',
    ),
    "parse-datatype": (
        "After ^^ stands the IRI of a datatype, such as xsd:date.",
        "Dopo ^^ va l'IRI di un tipo di dato, come xsd:date.",
    ),
    "parse-prefix": (
        "A prefix is declared as in  @prefix ex: <https://example.org/> .  with its colon and the "
        "IRI in angle brackets.",
        "Un prefisso si dichiara come in  @prefix ex: <https://example.org/> .  con i due punti e "
        "l'IRI tra parentesi angolari.",
    ),
    "parse-sparql-dot": (
        "After {word} stands no dot: take it out, or write @{word} in small letters.",
        "Dopo {word} non va un punto: toglierlo, o scrivere @{word} in minuscolo.",
    ),
    "prefix-undeclared": (
        "The prefix {prefix}: is not declared (used {times} times): write at the top of the file "
        "what it stands for.",
        "Il prefisso {prefix}: non è dichiarato (usato {times} volte): scrivere all'inizio del "
        "file per che cosa sta.",
    ),
    "parse-language": (
        "This is no language tag: write one such as @en, @it or @ja right behind the text.",
        "Questa non è un'etichetta di lingua: scriverne una come @en, @it o @ja subito dopo il "
        "testo.",
    ),
    "parse-escape": (
        'A backslash begins one of \\\\ \\" \\n \\t \\uXXXX: write \\\\ for a backslash itself.',
        'Una barra rovesciata comincia uno tra \\\\ \\" \\n \\t \\uXXXX: scrivere \\\\ per la '
        "barra stessa.",
    ),
    "parse-comment": (
        "A comment begins with #, not with //.",
        "Un commento comincia con #, non con //.",
    ),
    "parse-unexpected": (
        "{text} cannot stand here: take it out, or look at what stands before it.",
        "{text} non può stare qui: toglierlo, o guardare che cosa c'è prima.",
    ),
    "parse-error": (
        "This does not parse: {words}",
        "Questo non si legge: {words}",
    ),
    "parse-too-deep": (
        "More than {most} brackets are open here: write the things inside with names of their own.",
        "Qui sono aperte più di {most} parentesi: scrivere le cose all'interno con nomi propri.",
    ),
    "parse-too-many": (
        "There are more mistakes than are told of: mend these, and check again.",
        "Ci sono più errori di quanti se ne elencano: correggere questi, e controllare di nuovo.",
    ),
    "parse-xml": (
        "This is no RDF/XML: {words}",
        "Questo non è RDF/XML: {words}",
    ),
    "parse-entity": (
        "Entities are not read: write what they stand for.",
        "Le entità non si leggono: scrivere ciò per cui stanno.",
    ),
    "parse-json": (
        "This is no JSON: {words}",
        "Questo non è JSON: {words}",
    ),
    "parse-json-ld": (
        "This is no JSON-LD: {words}",
        "Questo non è JSON-LD: {words}",
    ),
    "parse-remote-context": (
        "The @context is elsewhere, and nothing is fetched: write it here.",
        "Il @context è altrove, e nulla viene scaricato: scriverlo qui.",
    ),
    "encoding-mark": (
        "The file begins with a byte order mark of {encoding}: save it as UTF-8 without one.",
        "Il file comincia con un contrassegno (BOM) di {encoding}: salvarlo come UTF-8 senza BOM.",
    ),
    "encoding-not-utf-8": (
        "From here the file is not UTF-8, but probably Windows-1252 or Latin-1: save it as UTF-8.",
        "Da qui il file non è UTF-8, ma probabilmente Windows-1252 o Latin-1: salvarlo come UTF-8.",
    ),
}


def messages(code: str, words: Mapping[str, str]) -> dict[str, str]:
    """The message of a mistake by language tag, with some words put in."""
    english, italian = _SAID[code]
    return {"en": _filled(english, words), "it": _filled(italian, words)}


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        text = text.replace("{" + name + "}", value)
    return text
