import "./style.css";
import "./inbox.css";
import "./playlist.css";
import "./tracks.css";
import "./narrow.css"; // last: it changes what the others say

import { createRoot } from "react-dom/client";

import { App } from "./app";

const root = document.getElementById("live");
if (root) createRoot(root).render(<App />);
