// <result-network>: the network that the server drew in a circle, laid out by its lines.

import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from "d3-force";

class ResultNetwork extends HTMLElement {
  connectedCallback() {
    const drawing = this.querySelector("svg");
    if (!drawing) return;
    const marks = [...drawing.querySelectorAll("g")];
    const lines = [...drawing.querySelectorAll("line")];
    const nodes = marks.map(() => ({}));
    const links = lines.map((line) => {
      const [source, target] = line.dataset.ends.split(" ").map(Number);
      return { source, target };
    });
    const wide = Math.max(480, this.clientWidth);
    const room = marks.map((mark) => 16 + mark.textContent.trim().length * 1.6);
    forceSimulation(nodes)
      .force("link", forceLink(links).distance(90))
      .force("charge", forceManyBody().strength(-260))
      .force("apart", forceCollide((_, index) => room[index]))
      .force("x", forceX().strength(0.05))
      .force("y", forceY().strength(0.05 * (wide / 420)))
      .stop()
      .tick(300);
    const places = nodes.map(({ x, y }) => [x, y]);
    const [left, right] = bounds(places.map(([x]) => x));
    const [top, bottom] = bounds(places.map(([, y]) => y));
    const width = Math.max(wide, right - left + 260);
    const height = Math.max(240, bottom - top + 60);
    drawing.style.minWidth = `${Math.round(width * 0.7)}px`; // smaller, and the names are not read
    drawing.setAttribute(
      "viewBox",
      `${(left + right - width) / 2} ${(top + bottom - height) / 2} ${width} ${height}`,
    );
    marks.forEach((mark, index) => {
      mark.setAttribute("transform", `translate(${places[index].join(" ")})`);
      const text = mark.querySelector("text");
      text.setAttribute("x", 0);
      text.setAttribute("y", 19);
      text.setAttribute("text-anchor", "middle");
    });
    lines.forEach((line, index) => {
      const { source, target } = links[index];
      line.setAttribute("x1", source.x);
      line.setAttribute("y1", source.y);
      line.setAttribute("x2", target.x);
      line.setAttribute("y2", target.y);
    });
  }
}

const bounds = (values) => [Math.min(...values), Math.max(...values)];

customElements.define("result-network", ResultNetwork);
