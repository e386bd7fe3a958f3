import { createGraphiQLFetcher, type Fetcher, type FetcherParams } from "@graphiql/toolkit";
import { getOperationAST, parse } from "graphql";

import { CREDENTIALS } from "./key";
import { PREFLIGHT, sessionChanged } from "./session";

/** Sends operations to the gateway that served this page; answers come as one JSON document. */
export function createFetcher(): Fetcher {
  const send = createGraphiQLFetcher({
    url: "/graphql",
    enableIncrementalDelivery: false,
    headers: PREFLIGHT,
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

/**
 * Shows what a proxy or a refusing server says, where that is not JSON.
 *
 * A token or key that somebody typed goes without the cookie: two credentials at once are refused.
 */
const fetchJson: typeof fetch = async (input, init) => {
  const headers = new Headers(init?.headers);
  const credentials = CREDENTIALS.some((name) => headers.has(name)) ? "omit" : "same-origin";
  const response = await fetch(input, { ...init, credentials });
  const ended = response.status === 401 && credentials !== "omit";
  if (ended || mutates(init?.body)) sessionChanged({ ended });
  if (response.headers.get("content-type")?.includes("json")) return response;
  throw new Error(`${response.status} ${response.statusText}: ${await response.text()}`);
};

function mutates(body: unknown): boolean {
  return typeof body === "string" && /\bmutation\b/.test(body);
}
