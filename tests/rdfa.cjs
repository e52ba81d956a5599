// Reads pages as JSON, [[address, html], ...], and writes the triples of their RDFa, a list of
// N-Triples lines a page. The first argument is the folder with the parser's package.

const { createRequire } = require("node:module");
const { RdfaParser } = createRequire(`${process.argv[2]}/package.json`)("rdfa-streaming-parser");

const ESCAPES = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r" };

function written(term) {
  if (term.termType === "NamedNode") return `<${term.value}>`;
  if (term.termType === "BlankNode") return `_:${term.value}`;
  const text = `"${term.value.replace(/[\\"\n\r]/g, (one) => ESCAPES[one])}"`;
  return term.language ? `${text}@${term.language}` : `${text}^^<${term.datatype.value}>`;
}

function triples([baseIRI, html]) {
  return new Promise((resolve, reject) => {
    const found = [];
    const parser = new RdfaParser({ baseIRI, contentType: "text/html" });
    parser.on("data", ({ subject, predicate, object }) =>
      found.push(`${[subject, predicate, object].map(written).join(" ")} .`),
    );
    parser.on("error", reject).on("end", () => resolve(found));
    parser.end(html);
  });
}

async function main() {
  let input = "";
  for await (const part of process.stdin.setEncoding("utf8")) input += part;
  const found = [];
  for (const page of JSON.parse(input)) found.push(await triples(page));
  process.stdout.write(JSON.stringify(found));
}

main();
