import { gql } from "@apollo/client";

import { client } from "../setup/apollo.mjs";
import { documents } from "./documents.mjs";

export async function ask(name, variables) {
  const document = gql(documents[name]);
  const { data } =
    name === "play"
      ? await client.mutate({ mutation: document, variables })
      : await client.query({ query: document, variables, fetchPolicy: "network-only" });
  return data;
}

export function follow(name, variables, { next, error, complete }) {
  client.subscribe({ query: gql(documents[name]), variables }).subscribe({
    next: (result) => (result.error ? error(result.error) : next(result.data)),
    error,
    complete,
  });
}
