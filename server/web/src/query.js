// What the query pages load. Everything here is comfort around plain HTML that works without it.

import "./editor.js";
import "./history.js";
import "./network.js";
import "./answer.js";
