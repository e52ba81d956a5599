// Comfort for the page that checks data: to the place in the text, one kind of finding alone, copies.
// Without this, the same findings stand there, with the line of each.

const report = document.getElementById("report");
const boxes = new Map([...document.querySelectorAll("textarea[data-file]")].map((box) => [box.dataset.file, box]));

/** The place in a text of a line and a column, which count from 1, in code points. */
function place(text, line, column) {
  let at = 0;
  for (let left = line; left > 1; left -= 1) at = text.indexOf("\n", at) + 1 || text.length;
  const end = text.indexOf("\n", at);
  const whole = [...text.slice(at, end < 0 ? text.length : end)];
  return at + whole.slice(0, Math.max(column - 1, 0)).join("").length;
}

/** Select a stretch of a box, and bring it to the eye. */
function select(box, from, to) {
  const [line, column] = from.split(":").map(Number);
  const [endLine, endColumn] = to.split(":").map(Number);
  const begin = place(box.value, line, column);
  const end = endLine ? place(box.value, endLine, endColumn) : place(box.value, line, Infinity);
  const lines = box.value.split("\n");
  box.focus({ preventScroll: true });
  box.setSelectionRange(begin, Math.max(begin, end));
  box.scrollTop = (box.scrollHeight / lines.length) * (line - 1) - box.clientHeight / 3;
  const longest = lines.reduce((most, one) => Math.max(most, one.length), 1);
  box.scrollLeft = (box.scrollWidth / longest) * (column - 1) - box.clientWidth / 2;
  box.scrollIntoView({ block: "nearest" });
}

report?.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-file]");
  const box = link && boxes.get(link.dataset.file);
  if (box && !link.dataset.from.startsWith("0:")) {
    event.preventDefault();
    select(box, link.dataset.from, link.dataset.to);
  }
  const button = event.target.closest("button.copy");
  if (button) {
    const text = button.parentElement.querySelector("pre").textContent;
    navigator.clipboard.writeText(text).then(() => {
      button.textContent = button.dataset.done;
    });
  }
});

for (const button of document.querySelectorAll("button.copy")) button.hidden = false;

const groups = [...(report?.querySelectorAll("details.group") ?? [])];

if (groups.length) {
  const kind = report.querySelector("label.of");
  const choice = kind.querySelector("select");
  const names = new Map(groups.map((one) => [one.dataset.code, one.querySelector(".of").textContent]));
  for (const [code, name] of names) choice.add(new Option(name, code));
  choice.addEventListener("change", () => {
    for (const one of groups) {
      one.hidden = Boolean(choice.value) && one.dataset.code !== choice.value;
      if (choice.value && !one.hidden) one.open = true;
    }
  });
  kind.hidden = names.size < 2;

  const all = report.querySelector("button.all");
  const name = () => {
    all.textContent = groups.every((one) => one.open) ? all.dataset.close : all.dataset.open;
  };
  all.addEventListener("click", () => {
    const open = !groups.every((one) => one.open);
    for (const one of groups) one.open = open;
    name();
  });
  for (const one of groups) one.addEventListener("toggle", name);
  name();
  all.hidden = false;
}

document.getElementById("check")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
});
