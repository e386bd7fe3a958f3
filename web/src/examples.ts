import type { GraphiQLProps } from "graphiql";

import charts from "./examples/charts.graphql?raw";
import listener from "./examples/listener.graphql?raw";
import reference from "./examples/reference.graphql?raw";
import search from "./examples/search.graphql?raw";
import similar from "./examples/similar.graphql?raw";
import variables from "./examples/variables.json";

type TabDefinition = NonNullable<GraphiQLProps["defaultTabs"]>[number];

const tab = (query: string, values?: object): TabDefinition => ({
  query,
  variables: values ? JSON.stringify(values, null, 2) : null,
});

/** The tabs of a first visit, in order. */
export const examples: [TabDefinition, ...TabDefinition[]] = [
  tab(search, variables.search),
  tab(listener, variables.listener),
  tab(reference, variables.reference),
  tab(charts),
  tab(similar, variables.similar),
];
