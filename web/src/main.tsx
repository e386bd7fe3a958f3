import "graphiql/setup-workers/vite"; // before Monaco loads
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./style.css";

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { StorageAPI } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";

import { Account } from "./account";
import { examples } from "./examples";
import { createFetcher } from "./fetcher";
import { keyBrought } from "./key";
import { storage } from "./storage";

const fetcher = createFetcher();
const begin = keyBrought();
const plugins = [HISTORY_PLUGIN, explorerPlugin({ showAttribution: false })];

/**
 * Returns the variables of the tab in front: of the first one, or of the one that was left.
 *
 * GraphiQL keeps them, but on load it drops those of the tab that it shows.
 */
function variablesInFront(): string {
  const kept = new StorageAPI().get("tabState");
  if (kept === null) return examples[0].variables ?? "";
  try {
    const { tabs, activeTabIndex } = JSON.parse(kept);
    return tabs[activeTabIndex].variables ?? "";
  } catch {
    return ""; // GraphiQL starts anew, too
  }
}

function App() {
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={plugins}
      defaultTabs={examples}
      {...begin}
      storage={storage}
      inputValueDeprecation
      schemaDescription
      initialVariables={variablesInFront()}
    >
      <GraphiQL.Logo>
        <div className="polyphony-logo">
          <span>Polyphony</span>
          <a href="/live">Live</a>
          <Account />
        </div>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

const root = document.getElementById("graphiql");
if (root) createRoot(root).render(<App />);
