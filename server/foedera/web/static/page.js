// Comfort for pages: who says a statement opens in place. Without this, the same links lead there.

const dialog = document.createElement("dialog");
dialog.className = "why";

async function show(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(answer.statusText);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const part = page.getElementById("why");
  const heading = part.querySelector("h1");
  heading.id = "why-heading";
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.replaceChildren(part);
  if (!dialog.isConnected) document.body.append(dialog);
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  dialog.querySelector("button").focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest('a.asked');
  if (event.target === dialog) dialog.close(); // beside it
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  show(link.href).catch(() => location.assign(link.href));
});
