// <sparql-editor>: wrapped round the textarea of a form, it edits with colours, completion and the
// marks of the endpoint's own parser. The textarea stays what the form sends.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, LanguageSupport, syntaxHighlighting } from "@codemirror/language";
import { forceLinting, lintGutter, lintKeymap, linter } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { styleTags, tags } from "@lezer/highlight";
import { SparqlLanguage } from "codemirror-lang-sparql";
import { sources } from "./complete.js";
import { format, tokens } from "./sparql.js";
import { say } from "./words.js";

// The package colours IRIs, and leaves out names with a prefix, the "a" and language tags.
const language = SparqlLanguage.configure({
  props: [
    styleTags({
      "Pname_ln Pname_ns IriRef": tags.url,
      A_predicate: tags.keyword,
      Langtag: tags.annotation,
    }),
  ],
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.bool], color: "var(--code-word)", fontWeight: "600" },
  { tag: tags.variableName, color: "var(--code-variable)" },
  { tag: [tags.string, tags.annotation], color: "var(--code-text)" },
  { tag: [tags.integer, tags.float], color: "var(--code-number)" },
  { tag: [tags.url, tags.namespace, tags.typeName], color: "var(--code-name)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
]);

const look = EditorView.theme({
  "&": {
    background: "var(--raised)",
    color: "var(--ink)",
    border: "1px solid var(--edge)",
    borderRadius: "6px",
    fontSize: "0.94rem",
  },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": {
    fontFamily: "var(--mono)",
    lineHeight: "1.55",
    minHeight: "14rem",
    maxHeight: "70vh",
    overflow: "auto",
  },
  ".cm-content": { padding: "0.7rem 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 1rem 0 0.5rem" },
  ".cm-gutters": { background: "none", border: "0", color: "var(--quiet)" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 0.2rem 0 0.8rem", minWidth: "2rem" },
  "&.cm-focused .cm-matchingBracket": { background: "var(--mark)", outline: "1px solid var(--edge)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--accent) 1.5px",
    textUnderlineOffset: "0.25em",
  },
  ".cm-lintPoint::after": { borderBottomColor: "var(--accent) !important" },
  ".cm-tooltip": {
    background: "var(--raised)",
    color: "var(--ink)",
    border: "1px solid var(--edge)",
    borderRadius: "6px",
    boxShadow: "0 4px 16px rgb(0 0 0 / 15%)",
    fontFamily: "var(--sans)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--sans)",
    maxHeight: "18rem",
    maxWidth: "min(40rem, 92vw)",
    fontSize: "0.94rem",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
    padding: "0.2rem 0.7rem",
    display: "flex",
    gap: "0.8rem",
    justifyContent: "space-between",
    lineHeight: "1.4",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > completion-section": {
    borderBottom: "0",
    color: "var(--quiet)",
    fontSize: "0.8rem",
    padding: "0.4rem 0.7rem 0.1rem",
    opacity: "1",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    background: "var(--mark) !important",
    color: "var(--ink) !important",
    boxShadow: "inset 3px 0 var(--accent)",
  },
  ".cm-completionLabel": { overflow: "hidden", textOverflow: "ellipsis" },
  ".cm-completionDetail": {
    color: "var(--quiet)",
    fontFamily: "var(--mono)",
    fontSize: "0.85em",
    fontStyle: "normal",
    margin: "0",
    overflow: "hidden",
    textOverflow: "ellipsis",
  },
  ".cm-completionInfo": { padding: "0.5rem 0.8rem", maxWidth: "22rem", lineHeight: "1.45" },
  ".cm-diagnostic": { borderLeft: "4px solid var(--accent)", padding: "0.4rem 0.8rem" },
  ".cm-gutter-lint": { width: "1rem" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0.25rem 0 0 0.2rem" },
  ".cm-lint-marker-error": {
    content: "none",
    background: "var(--accent)",
    borderRadius: "50%",
    width: "0.6rem",
    height: "0.6rem",
    marginTop: "0.15rem",
  },
});

class SparqlEditor extends HTMLElement {
  connectedCallback() {
    if (this.view) return;
    this.area = this.querySelector("textarea");
    const label = this.querySelector("label");
    const host = document.createElement("div");
    // A shadow root, so that CodeMirror brings its styles as constructed sheets: the page's
    // policy admits no style elements.
    const root = host.attachShadow({ mode: "open" });
    this.fault = document.createElement("p");
    this.fault.className = "fault";
    this.fault.setAttribute("role", "status");
    this.area.hidden = true;
    this.area.after(host, this.fault);
    this.view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: this.area.value,
        extensions: [
          lineNumbers(),
          lintGutter(),
          history(),
          indentUnit.of("    "),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          new LanguageSupport(language),
          syntaxHighlighting(colours),
          look,
          EditorView.lineWrapping,
          EditorState.phrases.of({
            Completions: say("Completions"),
            "Control character": say("Control character"),
            Diagnostics: say("Faults"),
            "No diagnostics": say("No faults"),
            "Selection deleted": say("Selection deleted"),
            close: say("Close this list"),
          }),
          EditorView.contentAttributes.of({
            "aria-label": label.textContent,
            "aria-multiline": "true",
            spellcheck: "false",
          }),
          autocompletion({
            override: sources(this.getAttribute("terms"), this.getAttribute("things")),
            icons: false,
            activateOnTypingDelay: 80,
          }),
          linter((view) => this.check(view), { delay: 400 }),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged) return;
            this.area.value = update.state.doc.toString();
            this.area.dispatchEvent(new Event("input", { bubbles: true }));
          }),
          keymap.of([
            { key: "Mod-Enter", run: () => this.run() },
            { key: "Ctrl-Enter", run: () => this.run() },
            { key: "Shift-Alt-f", run: () => this.format() },
            ...closeBracketsKeymap,
            ...completionKeymap,
            ...lintKeymap,
            ...historyKeymap,
            ...defaultKeymap,
          ]),
        ],
      }),
    });
    label.addEventListener("click", () => this.view.focus());
    this.tools();
    forceLinting(this.view);
  }

  get value() {
    return this.view.state.doc.toString();
  }

  set value(text) {
    if (text === this.value) return;
    this.view.dispatch({
      changes: { from: 0, to: this.view.state.doc.length, insert: text },
      selection: { anchor: Math.min(this.view.state.selection.main.anchor, text.length) },
    });
  }

  run() {
    this.area.form.requestSubmit();
    return true;
  }

  format() {
    this.value = format(this.value);
    return true;
  }

  /** Buttons that only a script can answer, beside the one that is there. */
  tools() {
    const tools = this.area.form.querySelector(".tools");
    const button = (text, title, act) => {
      const made = Object.assign(document.createElement("button"), { type: "button", title });
      made.className = "plain";
      made.textContent = text;
      made.addEventListener("click", () => act(made));
      return made;
    };
    tools.querySelector("button").title = say("Ctrl+Enter, or Cmd+Enter");
    tools.querySelector("button").after(
      button(say("Tidy up"), "Shift+Alt+F", () => this.format()),
      button(say("Copy link"), say("A link to this query"), (made) => this.link(made)),
    );
    const hint = Object.assign(document.createElement("p"), { className: "hint" });
    hint.innerHTML = say(
      "<kbd>Ctrl</kbd> <kbd>Enter</kbd> runs, <kbd>Ctrl</kbd> <kbd>Space</kbd> suggests, <kbd>Tab</kbd> leaves the editor",
    );
    tools.append(hint);
  }

  async link(button) {
    const address = new URL(this.area.form.action);
    address.search = new URLSearchParams(new FormData(this.area.form));
    const was = button.textContent;
    try {
      await navigator.clipboard.writeText(address.href);
      button.textContent = say("Copied");
    } catch {
      window.history.replaceState(null, "", address);
      button.textContent = say("It is in the address bar");
    }
    setTimeout(() => (button.textContent = was), 2500);
  }

  /** What the endpoint's parser says of the query, as marks, and as a line below. */
  async check(view) {
    const text = view.state.doc.toString();
    let found = { ok: true };
    if (text.trim()) {
      try {
        const answer = await fetch(this.getAttribute("check"), {
          method: "POST",
          headers: { "Content-Type": "text/plain; charset=utf-8" },
          body: text,
        });
        if (answer.ok) found = await answer.json();
      } catch {
        // Out of reach: running the query will say so.
      }
    }
    if (found.ok) {
      this.fault.textContent = "";
      return [];
    }
    // The parser speaks English.
    const message = Object.assign(document.createElement("span"), { lang: "en" });
    message.textContent = found.message;
    const at = found.line ? say("Line {line}: ", { line: found.line }) : "";
    this.fault.replaceChildren(at, message);
    return [{ ...span(view.state.doc, text, found), severity: "error", message: found.message }];
  }
}

/** The token at a place that the server tells in characters; without a place, the first one. */
function span(doc, text, { line, column }) {
  const all = [...tokens(text)].filter((token) => token.kind !== "comment");
  let at = 0;
  if (line) {
    const found = doc.line(Math.min(line, doc.lines));
    at = found.from + [...found.text].slice(0, column - 1).join("").length;
  }
  const token = all.find(({ to }) => to > at) ?? all.at(-1);
  return token ? { from: token.from, to: token.to } : { from: 0, to: doc.length };
}

customElements.define("sparql-editor", SparqlEditor);
