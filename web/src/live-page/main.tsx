import "./style.css";

import { createRoot } from "react-dom/client";

import { App } from "./app";

const root = document.getElementById("live");
if (root) createRoot(root).render(<App />);
