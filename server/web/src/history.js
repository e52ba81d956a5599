// <query-history>: the last queries, kept in this browser and nowhere else.

import { chosen, say } from "./words.js";

const KEY = "foedera.queries";
const MOST = 50;

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one?.query === "string") : [];
  } catch {
    return [];
  }
}

/** Put a query on top of the list; in a browser that keeps nothing, nothing happens. */
export function remember(query) {
  if (!query.trim()) return;
  const others = kept().filter((one) => one.query !== query);
  const entries = [{ query, when: new Date().toISOString() }, ...others].slice(0, MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify(entries));
  } catch {
    return;
  }
  document.querySelector("query-history")?.show();
}

/** What to call a query: its first comment, or what it asks for. */
function title(query) {
  const lines = query.split("\n").map((line) => line.trim());
  const told = lines.find((line) => line && !/^(PREFIX|BASE)\b/i.test(line)) ?? query;
  const rest = lines.slice(lines.indexOf(told)).join(" ");
  return (told.startsWith("#") ? told.replace(/^#+\s*/, "") : rest).slice(0, 120);
}

class QueryHistory extends HTMLElement {
  connectedCallback() {
    this.show();
  }

  show() {
    const entries = kept();
    const open = this.querySelector("details")?.open ?? false;
    this.replaceChildren();
    if (!entries.length) return;
    const details = document.createElement("details");
    details.className = "aid";
    details.open = open;
    const summary = document.createElement("summary");
    summary.textContent =
      entries.length === 1 ? say("Your last query") : say("Your last {n} queries", { n: entries.length });
    const list = document.createElement("ol");
    for (const { query, when } of entries) {
      const link = document.createElement("a");
      link.href = `/sparql?${new URLSearchParams({ query, ...(chosen && { lang: chosen }) })}`;
      link.textContent = title(query);
      link.title = query;
      const time = document.createElement("time");
      time.dateTime = when;
      time.textContent = new Date(when).toLocaleString(document.documentElement.lang);
      const item = document.createElement("li");
      item.append(link, " ", time);
      list.append(item);
    }
    const clear = document.createElement("button");
    clear.type = "button";
    clear.className = "plain";
    clear.textContent = say("Forget them");
    clear.addEventListener("click", () => {
      localStorage.removeItem(KEY);
      this.show();
    });
    const note = document.createElement("p");
    note.className = "aside";
    note.textContent = say("Kept in this browser only.");
    details.append(summary, list, note, clear);
    this.append(details);
  }
}

customElements.define("query-history", QueryHistory);
