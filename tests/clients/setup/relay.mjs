import { Environment, Network, Observable, RecordSource, Store } from "relay-runtime";

import { accessToken, host } from "./session.mjs";
import { socket } from "./socket.mjs";

async function fetchOperation({ text, name }, variables) {
  const response = await fetch(`http://${host}/graphql`, {
    method: "POST",
    headers: {
      Accept: "application/graphql-response+json, application/json;q=0.9",
      Authorization: `Bearer ${await accessToken()}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ query: text, operationName: name, variables }),
  });
  return response.json();
}

const subscribe = ({ text, name }, variables) =>
  Observable.create((sink) =>
    socket.subscribe({ query: text, operationName: name, variables }, sink),
  );

export const environment = new Environment({
  network: Network.create(fetchOperation, subscribe),
  store: new Store(new RecordSource()),
});
