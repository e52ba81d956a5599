// Builds what browsers load, into foedera/web/static: the bundle, and the coast lines for maps.

import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { feature } from "topojson-client";

const target = new URL("../foedera/web/static/", import.meta.url);
await mkdir(target, { recursive: true });

await build({
  entryPoints: [new URL("src/query.js", import.meta.url).pathname],
  outfile: new URL("query.js", target).pathname,
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "none",
  banner: { js: "/* CodeMirror (MIT), codemirror-lang-sparql (MIT), d3-force (ISC) */" },
  logLevel: "warning",
});

const world = createRequire(import.meta.url)("world-atlas/land-110m.json");
const land = feature(world, world.objects.land);
const shapes = land.features.flatMap(({ geometry }) =>
  geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates,
);

// A coast that goes over the 180th meridian is followed past it, and drawn once more a turn away;
// one that goes all the way round, as around the south pole, is closed below the map.
function unrolled(ring) {
  let turn = 0;
  const line = ring.map(([x, y], index) => {
    const step = index ? x - ring[index - 1][0] : 0;
    turn -= Math.abs(step) > 180 ? Math.sign(step) * 360 : 0;
    return [x + turn, -y];
  });
  const [first, last] = [line[0], line.at(-1)];
  return Math.abs(last[0] - first[0]) > 1 ? [...line, [last[0], 95], [first[0], 95]] : line;
}
const drawn = (line, turn) =>
  `M${line.map(([x, y]) => `${+(x + turn).toFixed(1)} ${+y.toFixed(1)}`).join("L")}Z`;
const path = shapes
  .flat()
  .map(unrolled)
  .flatMap((line) => [-360, 0, 360].map((turn) => [line, turn]))
  .filter(([line, turn]) => line.some(([x]) => Math.abs(x + turn) < 180))
  .map(([line, turn]) => drawn(line, turn))
  .join("");
await writeFile(
  new URL("land.svg", target),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-180 -90 360 180" width="3600" height="1800">` +
    `<style>path{fill:#e2dccf;stroke:#b9b0a0;stroke-width:.06}` +
    `@media (prefers-color-scheme:dark){path{fill:#33363c;stroke:#5a5e66}}</style>` +
    `<path d="${path}"/></svg>\n`,
);
