import { createGraphiQLFetcher, type Fetcher, type FetcherParams } from "@graphiql/toolkit";
import { getOperationAST, parse } from "graphql";

/** Sends operations to the gateway that served this page; answers come as one JSON document. */
export function createFetcher(): Fetcher {
  const send = createGraphiQLFetcher({
    url: "/graphql",
    enableIncrementalDelivery: false,
    fetch: fetchJson,
  });
  return (params, options) => send({ ...params, operationName: operationName(params) }, options);
}

/** Just after a change of tab GraphiQL still names the operation of the tab before. */
function operationName({ query, operationName }: FetcherParams): string | null {
  try {
    const only = getOperationAST(parse(query));
    return (only ? only.name?.value : operationName) ?? null;
  } catch {
    return operationName ?? null; // the server says what is wrong with the document
  }
}

/** Shows what a proxy or a refusing server says, where that is not JSON. */
const fetchJson: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  if (response.headers.get("content-type")?.includes("json")) return response;
  throw new Error(`${response.status} ${response.statusText}: ${await response.text()}`);
};
