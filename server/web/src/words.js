// What the scripts say, in the language of the page, which has it in a block of JSON.

const block = document.getElementById("words");
const table = block ? JSON.parse(block.textContent) : {};

/** A phrase, named by its English text, with values put in for {name}. */
export function say(text, values = {}) {
  return (table[text] ?? text).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The language that was chosen for the page, as its links and forms carry it; "" for none. */
export const chosen = new URL(window.location.href).searchParams.get("lang") ?? "";
