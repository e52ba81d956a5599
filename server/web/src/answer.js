// Answers come into the page without loading it anew: the editor keeps its place and its undo, a
// query can be stopped, and the address is still the link to what is shown.

import { remember } from "./history.js";
import { say } from "./words.js";

const section = document.getElementById("answer");
const form = document.querySelector("form.query");
const editor = document.querySelector("sparql-editor");
const run = form?.querySelector(".tools button");
let underway = null;

const said = Object.assign(document.createElement("p"), { className: "unseen" });
said.setAttribute("role", "status");
section.before(said);

async function show(address, add) {
  underway?.abort();
  const mine = (underway = new AbortController());
  section.setAttribute("aria-busy", "true");
  said.textContent = say("Running");
  if (run) run.textContent = say("Stop");
  try {
    const answer = await fetch(address, {
      headers: { Accept: "text/html" },
      signal: mine.signal,
      cache: "no-cache",
    });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("answer");
    if (!found) {
      window.location.assign(address);
      return;
    }
    section.replaceChildren(...found.childNodes);
    document.title = page.title;
    if (add && address.href !== window.location.href) window.history.pushState(null, "", address);
    ready();
    said.textContent = section.querySelector("[role=status], [role=alert]")?.textContent ?? "";
    if (section.getBoundingClientRect().top > window.innerHeight * 0.8) {
      section.scrollIntoView({ block: "nearest" });
    }
  } catch (fault) {
    if (mine === underway) tell(mine.signal.aborted ? say("Stopped.") : say("The server cannot be reached."));
    if (!mine.signal.aborted && fault.name !== "TypeError") throw fault;
  } finally {
    if (mine === underway) {
      underway = null;
      section.removeAttribute("aria-busy");
      if (run) run.textContent = say("Run");
    }
  }
}

function tell(text) {
  const words = document.createElement("p");
  words.textContent = text;
  section.replaceChildren(words);
  said.textContent = text;
}

/** What an answer gains by a script: buttons that copy code, which asks where it is read. */
function ready() {
  const code = section.querySelector("details.code");
  if (!code) return;
  code.querySelector("p.aside").remove();
  for (const sample of code.querySelectorAll("section")) {
    const text = sample.querySelector("code");
    text.querySelector(".home").textContent = `${window.location.origin}/`;
    if (!navigator.clipboard) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = say("Copy");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = say("Copied");
    });
    sample.querySelector("pre").before(button);
  }
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (underway && event.submitter === run) {
    underway.abort();
    return;
  }
  const address = new URL(form.action);
  address.search = new URLSearchParams(new FormData(form));
  remember(address.searchParams.get("query"));
  show(address, true);
});

section.addEventListener("click", (event) => {
  const link = event.target.closest(".views a, .pages a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  show(new URL(link.href), true).then(() => {
    section.querySelector(".views [aria-current]")?.focus();
  });
});

window.addEventListener("popstate", () => {
  const address = new URL(window.location.href);
  const query = address.searchParams.get("query");
  if (editor && query !== null) editor.value = query.replaceAll("\r\n", "\n");
  show(address, false);
});

ready();
const asked = new URL(window.location.href).searchParams.get("query");
if (form && asked) remember(asked.replaceAll("\r\n", "\n"));
