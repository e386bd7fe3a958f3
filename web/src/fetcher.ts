import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";

/** Sends operations to the gateway that served this page; answers come as one JSON document. */
export function createFetcher(): Fetcher {
  return createGraphiQLFetcher({ url: "/graphql", enableIncrementalDelivery: false });
}
