"""What is said of each mistake that no shape tells of, in English and Italian."""

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
    "parse-bare-iri": (
        "An IRI that is written out stands in angle brackets: put < before it and > behind it.",
        "Un IRI scritto per intero va tra parentesi angolari: mettere < prima e > dopo.",
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
        "The bracket {text} that is opened here is not closed: write {close} where it ends.",
        "La parentesi {text} aperta qui non è chiusa: scrivere {close} dove finisce.",
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
        "The prefix {prefix}: is not declared: write at the top of the file what it stands for.",
        "Il prefisso {prefix}: non è dichiarato: scrivere all'inizio del file per che cosa sta.",
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
    "parse-json-comma": (
        "A comma stands only between two things: take this one out.",
        "Una virgola sta solo tra due cose: togliere questa.",
    ),
    "parse-json-no-comma": (
        "Between two values, and before the name that follows a value, stands a comma: write , "
        "here.",
        "Tra due valori, e dopo un valore prima del nome successivo, va una virgola: scrivere , "
        "qui.",
    ),
    "parse-json-no-brace": (
        "Only between curly brackets do values have names: write those around them in place of [ "
        "and ].",
        "Solo tra parentesi graffe i valori hanno nomi: scrivere quelle al posto di [ e ].",
    ),
    "parse-json-empty": (
        "There is nothing in this file: write what it says between curly brackets.",
        "In questo file non c'è nulla: scrivere tra parentesi graffe ciò che dice.",
    ),
    "parse-json-no-colon": (
        "Between a name and its value stands a colon: write : here.",
        "Tra un nome e il suo valore vanno due punti: scrivere : qui.",
    ),
    "parse-json-no-value": (
        "A value is missing behind the colon: write one, or take the name out too.",
        "Dopo i due punti manca un valore: scriverne uno, o togliere anche il nome.",
    ),
    "parse-json-quotes": (
        "In JSON names and texts, dates too, stand between straight double quotation marks: write "
        "{fix} for {text}.",
        "In JSON nomi e testi, anche le date, vanno tra virgolette doppie diritte: scrivere {fix} "
        "invece di {text}.",
    ),
    "parse-json-word": (
        "JSON has no {text}: write {fix}.",
        "JSON non ha {text}: scrivere {fix}.",
    ),
    "parse-json-text": (
        'This text is not closed on its line: write " at its end, and \\n for a new line in it.',
        'Questo testo non è chiuso nella sua riga: scrivere " alla fine, e \\n per andare a capo.',
    ),
    "parse-json-escape": (
        "{text} is no escape of JSON: write \\\\ for a backslash that belongs to the text.",
        "{text} non è un escape di JSON: scrivere \\\\ per una barra inversa che fa parte del "
        "testo.",
    ),
    "parse-json-comment": (
        "JSON has no comments: take this one out.",
        "JSON non ha commenti: togliere questo.",
    ),
    "parse-json-ended": (
        "A file of JSON holds one value, which ended before this: put all of them between [ and ], "
        "with commas between them.",
        "Un file JSON contiene un solo valore, che qui era già finito: metterli tutti tra [ e ], "
        "separati da virgole.",
    ),
    "parse-xml-tag": (
        "{open} of line {line} is open here, and {close} does not close it: write {fix} first.",
        "{open} della riga {line} qui è ancora aperto, e {close} non lo chiude: scrivere prima "
        "{fix}.",
    ),
    "parse-xml-unclosed": (
        "{open} is opened here and never closed: write {fix} where it ends.",
        "{open} è aperto qui e mai chiuso: scrivere {fix} dove finisce.",
    ),
    "parse-xml-prefix": (
        "The prefix {prefix}: is not declared: write {fix} in the first element.",
        "Il prefisso {prefix}: non è dichiarato: scrivere {fix} nel primo elemento.",
    ),
    "parse-xml-entity": (
        "XML does not know {text}: write the letter itself, {fix}.",
        "XML non conosce {text}: scrivere la lettera stessa, {fix}.",
    ),
    "parse-xml-sign": (
        "In XML a {text} of the text is written otherwise: & as &amp; and < as &lt;.",
        "In XML un {text} del testo si scrive diversamente: & come &amp; e < come &lt;.",
    ),
    "parse-xml-quotes": (
        'The value of an attribute stands between quotation marks: write {name}="{text}".',
        'Il valore di un attributo va tra virgolette: scrivere {name}="{text}".',
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
    "encoding-packed": (
        "This file is compressed: unpack it, and check what is in it.",
        "Questo file è compresso: estrarlo, e controllare ciò che contiene.",
    ),
    "encoding-no-rdf": (
        "This is no RDF, but {what}: write what it says as Turtle.",
        "Questo non è RDF, ma {what}: scrivere ciò che dice in Turtle.",
    ),
    "encoding-other-format": (
        "This is {what}, and is read as {format}: give the file the ending {ending}, or name its "
        "format.",
        "Questo è {what}, e viene letto come {format}: dare al file l'estensione {ending}, o "
        "indicarne il formato.",
    ),
    "prefix-wrong": (
        "The prefix {prefix}: stands for <{iri}> everywhere else: write that and not <{other}>, or "
        "all its names mean something else.",
        "Il prefisso {prefix}: sta altrove per <{iri}>: scrivere quello e non <{other}>, "
        "altrimenti tutti i suoi nomi significano altro.",
    ),
    "prefix-unused": (
        "Declared, and not used: {prefixes}. The lines can be taken out.",
        "Dichiarati, e non usati: {prefixes}. Le righe si possono togliere.",
    ),
    "term-unknown": (
        "The ontology has no term {term}: look up the right one, or propose it.",
        "L'ontologia non ha un termine {term}: cercare quello giusto, o proporlo.",
    ),
    "term-unknown-near": (
        "There is no term {term}: perhaps {near} is meant.",
        "Non esiste un termine {term}: forse si intende {near}.",
    ),
    "term-redefined": (
        "{term} is a term of the ontology: what it means is said there. Take this out of the data.",
        "{term} è un termine dell'ontologia: il suo significato si dice lì. Toglierlo dai dati.",
    ),
    "literal-ill-typed": (
        "{text} is no {kind}: write it in the form that this datatype has, or as a plain text.",
        "{text} non è un {kind}: scriverlo nella forma di questo tipo di dato, o come testo "
        "semplice.",
    ),
    "date-impossible": (
        "There is no day or time {text}: correct it.",
        "Il giorno o l'ora {text} non esiste: correggere.",
    ),
    "literal-iri": (
        "{text} is written as a text, and this property leads to a thing: write it in angle "
        "brackets, without quotation marks.",
        "{text} è scritto come testo, e questa proprietà porta a una cosa: scriverlo tra parentesi "
        "angolari, senza virgolette.",
    ),
    "literal-space": (
        "The text begins or ends with a space: take it out.",
        "Il testo comincia o finisce con uno spazio: toglierlo.",
    ),
    "literal-control": (
        "The text has a control character in it, which nobody sees: take it out.",
        "Il testo contiene un carattere di controllo, che nessuno vede: toglierlo.",
    ),
    "literal-nfc": (
        "Letters and accents of this text are apart (not in Unicode NFC), so that it is not found: "
        "write it anew.",
        "Lettere e accenti di questo testo sono separati (non in Unicode NFC), così che non si "
        "trova: riscriverlo.",
    ),
    "literal-entity": (
        "This is written for HTML: write the letters themselves.",
        "Questo è scritto per HTML: scrivere le lettere stesse.",
    ),
    "literal-mojibake": (
        "This text was read in the wrong encoding: probably {mended} is meant.",
        "Questo testo è stato letto con la codifica sbagliata: probabilmente si intende {mended}.",
    ),
    "language-unknown": (
        "The language tag @{tag} is not the usual one: write @{meant}.",
        "L'etichetta di lingua @{tag} non è quella usuale: scrivere @{meant}.",
    ),
    "language-script": (
        "This text is in Japanese or Chinese letters and is tagged @{tag}: correct the tag.",
        "Questo testo è in caratteri giapponesi o cinesi ed è etichettato @{tag}: correggere "
        "l'etichetta.",
    ),
    "language-missing": (
        "Every other name says its language: write @en, @it or @ja right behind this one.",
        "Ogni altro nome dice la sua lingua: scrivere @en, @it o @ja subito dopo questo.",
    ),
    "iri-dangling": (
        "Nothing is said of {iri}, here or in what is published: describe it, or correct the IRI.",
        "Di {iri} non si dice nulla, né qui né in ciò che è pubblicato: descriverlo, o correggere "
        "l'IRI.",
    ),
    "iri-dangling-near": (
        "Nothing is said of {iri}, here or in what is published: perhaps {near} is meant.",
        "Di {iri} non si dice nulla, né qui né in ciò che è pubblicato: forse si intende {near}.",
    ),
    "thing-untyped": (
        "It is not said what {iri} is: write its class, as in  {iri} a … .",
        "Non si dice che cosa sia {iri}: scrivere la sua classe, come in  {iri} a … .",
    ),
    "thing-unnamed": (
        "{iri} has no name: write one with rdfs:label and its language.",
        "{iri} non ha un nome: scriverne uno con rdfs:label e la sua lingua.",
    ),
    "thing-known": (
        "This is very likely {near}, which is there already under this name: use its IRI, or say "
        "in the name what is different.",
        "Molto probabilmente è {near}, che c'è già con questo nome: usare il suo IRI, o dire nel "
        "nome che cosa è diverso.",
    ),
    "thing-same-link": (
        "{near} is <{link}> already: use its IRI and not {iri}, or correct the link.",
        "{near} è già <{link}>: usare il suo IRI e non {iri}, o correggere il collegamento.",
    ),
    "iri-other-kind": (
        "{iri} is already a {kind}, and nothing is both: give this one an IRI of its own.",
        "{iri} è già un {kind}, e nulla è entrambi: dare a questo un IRI proprio.",
    ),
    "iri-other-name": (
        'What is published calls {iri} "{name}": if this is something else, give it an IRI of its '
        "own.",
        'Ciò che è pubblicato chiama {iri} "{name}": se questo è altro, dargli un IRI proprio.',
    ),
    "thing-said-already": (
        "{times} of these statements are published already: they can be left out.",
        "{times} di queste dichiarazioni sono già pubblicate: si possono omettere.",
    ),
    "shapes-unknown": (
        "sh:{name} is no property of SHACL: nothing is checked by it. Correct its name, or take "
        "it out.",
        "sh:{name} non è una proprietà di SHACL: non controlla nulla. Correggerne il nome, o "
        "toglierla.",
    ),
    "shapes-nowhere": (
        "The shape {value} is described nowhere: nothing is checked by it. Write it, or correct "
        "its name here.",
        "La shape {value} non è descritta da nessuna parte: non controlla nulla. Scriverla, o "
        "correggerne qui il nome.",
    ),
}


CODES = frozenset(_SAID)
"""The codes of which something is said here."""


def messages(code: str, words: Mapping[str, str]) -> dict[str, str]:
    """The message of a mistake by language tag, with some words put in."""
    english, italian = _SAID[code]
    return {"en": _filled(english, words), "it": _filled(italian, words)}


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        text = text.replace("{" + name + "}", value)
    return text
