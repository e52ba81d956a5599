// SPARQL as tokens, its prefixes, and its layout. Works on queries that do not parse yet.

const TOKEN =
  /(?<space>\s+)|(?<comment>#[^\n]*)|(?<string>"""(?:[^"\\]|\\.|"(?!""))*"""|'''(?:[^'\\]|\\.|'(?!''))*'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<iri><[^<>"{}|^`\\\s]*>)|(?<variable>[?$][\p{L}\p{N}_]+)|(?<language>@[A-Za-z][A-Za-z0-9-]*)|(?<name>(?:_|[\p{L}][\p{L}\p{N}_.-]*)?:(?:[\p{L}\p{N}_:%-]|\\.|\.(?=[\p{L}\p{N}_:%-]))*)|(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?)|(?<other>\^\^|&&|\|\||!=|<=|>=|<<\(|\)>>|<<|>>|\{\||\|\}|.)/uys;

const FORM = /^(SELECT|ASK|CONSTRUCT|DESCRIBE)$/i;

/** The tokens of a text, each with its kind, text and place; space is left out. */
export function* tokens(text) {
  const pattern = new RegExp(TOKEN); // of its own, since it remembers where it is
  let match;
  while ((match = pattern.exec(text))) {
    const kind = Object.keys(match.groups).find((name) => match.groups[name] !== undefined);
    if (kind !== "space") {
      yield { kind, text: match[0], from: match.index, to: match.index + match[0].length };
    }
  }
}

/** The prefixes that a query declares, and the offset behind its last declaration. */
export function prologue(text) {
  const prefixes = {};
  let [first, second] = [];
  let end = 0;
  for (const token of tokens(text)) {
    if (token.kind === "comment") continue;
    if (token.kind === "iri" && second?.text.toUpperCase() === "BASE") end = token.to;
    if (token.kind === "iri" && first?.text.toUpperCase() === "PREFIX") {
      prefixes[second.text.slice(0, -1)] = token.text.slice(1, -1);
      end = token.to;
    }
    if (FORM.test(token.text)) break;
    [first, second] = [second, token];
  }
  return { prefixes, end };
}

const LOCAL = /^[\p{L}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_-])?$|^$/u;

/** An IRI as a name with one of some prefixes: [prefix, name]; or [null, <IRI>]. */
export function shorten(iri, prefixes) {
  let best = null;
  for (const [prefix, space] of Object.entries(prefixes)) {
    if (space && iri.startsWith(space) && (!best || space.length > best[1].length)) {
      if (LOCAL.test(iri.slice(space.length))) best = [prefix, space];
    }
  }
  return best ? [best[0], `${best[0]}:${iri.slice(best[1].length)}`] : [null, `<${iri}>`];
}

const STARTS_LINE = new Set(
  ("PREFIX BASE SELECT ASK CONSTRUCT DESCRIBE FROM GROUP HAVING ORDER LIMIT OFFSET VALUES FILTER " +
    "BIND OPTIONAL MINUS SERVICE GRAPH").split(" "),
);
const ENDS_WITH_BRACKET = /^(FILTER|BIND)\b/i;
const STEP = "    ";

/**
 * A query laid out anew, four spaces a brace; only space changes. Within a line and within
 * brackets it stays as it was written.
 */
export function format(text) {
  const all = [...tokens(text)];
  const lines = [];
  const open = []; // of each bracket that is open, whether it goes over lines
  let line = "";
  let listed = 0; // 1 behind a semicolon: a property list goes on under its subject

  const inline = () => open.at(-1) === false;
  const finish = () => {
    if (line) lines.push(line);
    line = "";
  };
  const add = (piece, tight = false) => {
    if (line) line += tight ? piece : ` ${piece}`;
    else line = STEP.repeat(open.filter(Boolean).length + listed) + piece;
  };
  const leaveBlank = () => {
    if (lines.length && lines.at(-1) && !lines.at(-1).endsWith("{")) lines.push("");
  };

  for (const [index, token] of all.entries()) {
    const between = index ? text.slice(all[index - 1].to, token.from) : "";
    const tight = between === "" && (inline() || all[index - 1]?.text !== "}");
    const next = all[index + 1]?.text.toUpperCase();
    const word = token.kind === "word" ? token.text.toUpperCase() : "";
    if (!line && token.text !== "}" && /\n\s*\n/.test(between)) leaveBlank();
    if (token.kind === "comment") {
      const behind = index && !between.includes("\n");
      if (behind && !line && lines.length) line = lines.pop();
      if (!behind) finish();
      add(token.text);
      finish();
    } else if (token.text === "{") {
      add("{");
      open.push(!inline() && !ofPlainValues(all, index));
      listed = 0;
      if (!inline()) finish();
    } else if (token.text === "}") {
      const overLines = open.pop();
      if (overLines) finish();
      listed = 0;
      add("}", tight && !overLines);
      if (!inline() && next !== "UNION" && next !== ".") finish();
    } else if (token.text === "(" || token.text === "[") {
      add(token.text, tight);
      open.push(false);
    } else if (token.text === ")" || token.text === "]") {
      open.pop();
      add(token.text, tight);
      const row = all[index + 1]?.text === "(" && !line.trim().startsWith("VALUES");
      const over = !inline() && (ENDS_WITH_BRACKET.test(line.trim()) || (row && line.trim()[0] === "("));
      if (over && next !== ".") finish();
    } else if (!inline() && (token.text === "." || token.text === ";")) {
      add(token.text);
      listed = token.text === ";" ? 1 : 0;
      finish();
    } else {
      if (!inline() && STARTS_LINE.has(word)) {
        finish();
        listed = 0;
        if (FORM.test(word) && /^(PREFIX|BASE)\b/i.test(lines.at(-1) ?? "")) leaveBlank();
      }
      add(token.text, tight);
    }
  }
  finish();
  return lines.join("\n");
}

/** Whether a brace opens the values of a single variable, which stay on their line. */
function ofPlainValues(all, index) {
  return all[index - 1]?.kind === "variable" && all[index - 2]?.text.toUpperCase() === "VALUES";
}
