import { createGraphiQLFetcher, type Fetcher, type FetcherParams } from "@graphiql/toolkit";
import { getOperationAST, parse } from "graphql";

import { CREDENTIALS } from "./key";
import { subscription } from "./live";
import { PREFLIGHT, sessionChanged } from "./session";

/** Sends operations to the gateway that served this page; subscriptions go over a socket. */
export function createFetcher(): Fetcher {
  const send = createGraphiQLFetcher({
    url: "/graphql",
    enableIncrementalDelivery: false,
    headers: PREFLIGHT,
    fetch: fetchJson,
  });
  return (params, options) => {
    const { operationName, live } = chosen(params);
    if (!live) return send({ ...params, operationName }, options);
    return subscription({ ...params, operationName }, shown(new Headers(options?.headers)));
  };
}

/** Returns what a socket is opened with: its browser sends no headers, so a key goes as a token. */
function shown(headers: Headers): string | null {
  const key = headers.get("x-api-key");
  return headers.get("authorization") ?? (key === null ? null : `Bearer ${key}`);
}

/** Just after a change of tab GraphiQL still names the operation of the tab before. */
function chosen({ query, operationName }: FetcherParams) {
  try {
    const document = parse(query);
    const only = getOperationAST(document);
    const operation = only ?? getOperationAST(document, operationName);
    const live = operation?.operation === "subscription";
    return { operationName: (only ? only.name?.value : operationName) ?? null, live };
  } catch {
    // The server says what is wrong with the document.
    return { operationName: operationName ?? null, live: false };
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
