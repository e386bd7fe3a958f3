import "graphiql/setup-workers/vite"; // before Monaco loads
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./style.css";

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { StorageAPI } from "@graphiql/toolkit";
import { GraphiQL, type GraphiQLProps } from "graphiql";
import { createRoot } from "react-dom/client";

import { Account } from "./account";
import { examples } from "./examples";
import { createFetcher } from "./fetcher";

const fetcher = createFetcher();
const plugins = [HISTORY_PLUGIN, explorerPlugin({ showAttribution: false })];

/** GraphiQL drops the variables of the first default tab, so a first visit names them again. */
function firstVisit(): Pick<GraphiQLProps, "initialVariables"> {
  const returning = new StorageAPI().get("tabState") !== null;
  return returning ? {} : { initialVariables: examples[0].variables ?? "" };
}

function App() {
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={plugins}
      defaultTabs={examples}
      defaultEditorToolsVisibility="variables"
      inputValueDeprecation
      schemaDescription
      {...firstVisit()}
    >
      <GraphiQL.Logo>
        <div className="polyphony-logo">
          <span>Polyphony</span>
          <Account />
        </div>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

const root = document.getElementById("graphiql");
if (root) createRoot(root).render(<App />);
