import { client } from "../setup/urql.mjs";
import { documents } from "./documents.mjs";

export async function ask(name, variables) {
  const send = name === "play" ? client.mutation : client.query;
  const { data, error } = await send(documents[name], variables, { requestPolicy: "network-only" });
  if (error) throw error;
  return data;
}

export function follow(name, variables, { next, error: failed }) {
  client
    .subscription(documents[name], variables)
    .subscribe(({ data, error }) => (error ? failed(error) : next(data)));
}
