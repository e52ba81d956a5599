// What may come next in a query: prefixes, variables, words of SPARQL, and from the endpoint
// itself its classes, properties and things, by their names in the reader's language.

import { pickedCompletion } from "@codemirror/autocomplete";
import { prologue, shorten, tokens } from "./sparql.js";
import { say } from "./words.js";

const WORDS = (
  "SELECT ASK CONSTRUCT DESCRIBE WHERE DISTINCT REDUCED FROM NAMED PREFIX BASE OPTIONAL UNION " +
  "MINUS GRAPH FILTER BIND AS VALUES UNDEF EXISTS NOT IN GROUP BY HAVING ORDER ASC DESC LIMIT " +
  "OFFSET COUNT SUM MIN MAX AVG SAMPLE GROUP_CONCAT SEPARATOR STR LANG LANGMATCHES DATATYPE BOUND " +
  "IRI BNODE ABS CEIL FLOOR ROUND CONCAT STRLEN UCASE LCASE ENCODE_FOR_URI CONTAINS STRSTARTS " +
  "STRENDS STRBEFORE STRAFTER YEAR MONTH DAY HOURS MINUTES SECONDS NOW COALESCE IF STRLANG STRDT " +
  "SAMETERM ISIRI ISBLANK ISLITERAL ISNUMERIC SUBSTR REPLACE REGEX TRUE FALSE"
).split(" ");

const MOST = 40;
const PAUSE = 120;

const plain = (text) =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();

/** How well a text fits what was typed: 0 begins with it, 1 a word does, 2 holds it; else -1. */
function fit(text, typed) {
  const at = plain(text).indexOf(typed);
  if (at <= 0) return at;
  return /[\p{L}\p{N}]/u.test(plain(text)[at - 1]) ? 2 : 1;
}

/** Where in a triple the text ends: "subject", "predicate", "class" (behind "a"), "object". */
export function place(text) {
  const all = [...tokens(text)].filter((token) => token.kind !== "comment").reverse();
  const terms = [];
  let joined = false;
  let behind = 0;
  for (const token of all) {
    if (".{}".includes(token.text)) break;
    if (token.text === ";" || token.text === "[") {
      behind = 1;
      break;
    }
    if (token.text === ",") {
      behind = 2;
      break;
    }
    if (["/", "|", "^", "*", "+", "!", "(", ")"].includes(token.text)) {
      joined = joined || token.text === "/" || token.text === "|";
      continue;
    }
    if (!joined) terms.push(token.text);
    joined = false;
  }
  const count = behind + terms.length;
  if (count === 0) return "subject";
  if (count === 1) return "predicate";
  return terms[0] === "a" || /^(rdf:type)$/.test(terms[0]) ? "class" : "object";
}

/** The completion sources of an editor: `terms` and `things` are addresses of the endpoint. */
export function sources(terms, things) {
  let asked = null;
  const known = () => {
    asked ??= fetch(terms, { headers: { Accept: "application/json" } })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject()))
      .catch(() => {
        asked = null; // asked again with the next letter
        return { base: "", prefixes: {}, classes: [], properties: [] };
      });
    return asked;
  };

  const local = async (context) => {
    const at = typed(context);
    if (!at) return null;
    const { base, prefixes, classes, properties } = await known();
    const all = { ...prefixes, ...at.declared };
    if (at.kind === "variable") return answered(at, variables(context, at));
    if (at.kind === "prefix") return answered(at, declarations(at, prefixes));
    const where = place(context.state.sliceDoc(0, at.from));
    const options = [];
    for (const [found, section, type, best] of [
      [properties, say("Properties"), "property", "predicate"],
      [classes, say("Classes"), "class", "class"],
    ]) {
      const rank = where === best ? 0 : 2;
      options.push(
        ...matching(found, at, all, base)
          .slice(0, MOST)
          .map((term) => option(term, at, all, { name: section, rank }, type, `${term.count}×`)),
      );
    }
    if (at.kind === "word" && at.text) {
      options.push(
        ...WORDS.filter((word) => word.startsWith(at.text.toUpperCase())).map((word) => ({
          label: word,
          type: "keyword",
          section: { name: "SPARQL", rank: where === "subject" ? -1 : 3 },
        })),
        ...Object.keys(all)
          .filter((prefix) => prefix.startsWith(at.text))
          .map((prefix) => ({
            label: `${prefix}:`,
            detail: all[prefix],
            type: "namespace",
            section: { name: say("Prefixes"), rank: 4 },
            apply: inserting(`${prefix}:`, prefix, all, at),
          })),
      );
    }
    return answered(at, options);
  };

  const remote = async (context) => {
    const at = typed(context);
    if (!at || !["word", "name"].includes(at.kind) || at.text.length < 2) return null;
    const where = place(context.state.sliceDoc(0, at.from));
    if (where === "predicate" || where === "class") return null;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (context.aborted) return null;
    const left = new AbortController();
    context.addEventListener("abort", () => left.abort());
    const { prefixes } = await known();
    const all = { ...prefixes, ...at.declared };
    const space = at.kind === "name" ? all[at.prefix] : "";
    if (space === undefined) return null;
    try {
      const asks = new URLSearchParams({ q: at.text.replaceAll("-", " "), ...(space && { space }) });
      const answer = await fetch(`${things}${things.includes("?") ? "&" : "?"}${asks}`, { signal: left.signal });
      if (!answer.ok) return null;
      const found = (await answer.json()).things;
      return answered(
        at,
        found.map((thing) =>
          option(thing, at, all, { name: say("Things"), rank: 1 }, "text", thing.kind?.text, thing.found),
        ),
      );
    } catch {
      return null;
    }
  };

  return [local, remote];
}

/** What is being typed before the cursor; null in strings and comments. */
function typed(context) {
  const text = context.state.doc.toString();
  const before = text.slice(0, context.pos);
  const inside = [...tokens(text)].find((token) => token.from < context.pos && context.pos <= token.to);
  if (inside?.kind === "comment") return null;
  if (inside?.kind === "string" && context.pos < inside.to) return null;
  const declared = prologue(text).prefixes;
  const end = { declared, to: context.pos };
  let match = /[?$]([\p{L}\p{N}_]*)$/u.exec(before);
  if (match) return { ...end, kind: "variable", from: match.index, text: match[1] };
  match = /\bPREFIX\s+([\p{L}\p{N}_.-]*)(:\s*<?[^>\s]*)?$/iu.exec(before);
  if (match) {
    const from = match.index + match[0].search(/\s/) + /\s+/.exec(match[0])[0].length;
    return { ...end, kind: "prefix", from, text: match[1] };
  }
  if (/<[^<>\s]*$/.test(before)) return null;
  match = /([\p{L}][\p{L}\p{N}_.-]*)?:([\p{L}\p{N}_.-]*)$/u.exec(before);
  if (match) {
    const prefix = match[1] ?? "";
    return { ...end, kind: "name", from: match.index, prefix, text: match[2] };
  }
  match = /[\p{L}\p{N}_][\p{L}\p{N}_-]*$/u.exec(before);
  if (match) return { ...end, kind: "word", from: match.index, text: match[0] };
  if (!context.explicit) return null;
  return { ...end, kind: "word", from: context.pos, text: "" };
}

const answered = (at, options) =>
  options.length ? { from: at.from, options, filter: false } : null;

/** The other variables of the query that begin with what was typed. */
function variables(context, at) {
  const names = new Set();
  for (const token of tokens(context.state.doc.toString())) {
    if (token.kind === "variable" && token.from !== at.from) names.add(`?${token.text.slice(1)}`);
  }
  const wanted = at.text.toLowerCase();
  return [...names]
    .filter((name) => name.slice(1).toLowerCase().startsWith(wanted))
    .map((name) => ({ label: name, type: "variable" }));
}

/** Whole declarations of the prefixes that begin with what was typed. */
function declarations(at, prefixes) {
  return Object.entries(prefixes)
    .filter(([prefix]) => prefix.startsWith(at.text) && !(prefix in at.declared))
    .map(([prefix, iri]) => ({
      label: `${prefix}:`,
      detail: iri,
      type: "namespace",
      apply: `${prefix}: <${iri}>`,
    }));
}

/** The terms that fit what was typed, best first; then the publication's own, then the most used. */
function matching(terms, at, prefixes, base) {
  const wanted = plain(at.text);
  const space = at.kind === "name" ? prefixes[at.prefix] : "";
  const found = [];
  for (const term of space === undefined ? [] : terms) {
    if (!term.iri.startsWith(space)) continue;
    const local = space ? term.iri.slice(space.length) : term.iri.split(/[/#]/).at(-1);
    const fits = [fit(local, wanted), fit(term.label.text, wanted)].filter((one) => one >= 0);
    const foreign = term.iri.startsWith(base) ? 0 : 1;
    if (fits.length) found.push([Math.min(...fits) * 2 + foreign, term]);
  }
  return found.sort(([one], [other]) => one - other).map(([, term]) => term);
}

/** A term or thing as it is offered: its name, how it is written, what it is. */
function option(it, at, prefixes, section, type, detail, found) {
  const [prefix, written] = shorten(it.iri, prefixes);
  return {
    label: written,
    displayLabel: found ? `${it.label.text} (${found})` : it.label.text,
    detail: [written, detail].filter(Boolean).join(" · "),
    info: it.summary?.text,
    type,
    section,
    apply: inserting(written, prefix, prefixes, at),
  };
}

/** Inserts a name, and declares its prefix where the query does not: so it runs elsewhere too. */
function inserting(written, prefix, prefixes, at) {
  return (view, completion, from, to) => {
    const { prefixes: declared, end } = prologue(view.state.doc.toString());
    const changes = [{ from, to, insert: written }];
    let shift = 0;
    if (prefix !== null && !(prefix in declared)) {
      const line = `PREFIX ${prefix}: <${prefixes[prefix]}>`;
      const insert = end ? `\n${line}` : `${line}\n`;
      changes.unshift({ from: end, insert });
      shift = insert.length;
    }
    view.dispatch({
      changes,
      selection: { anchor: from + shift + written.length },
      annotations: pickedCompletion.of(completion),
      userEvent: "input.complete",
      scrollIntoView: true,
    });
  };
}
