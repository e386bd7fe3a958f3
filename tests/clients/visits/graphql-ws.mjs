import { socket } from "../setup/socket.mjs";
import { documents } from "./documents.mjs";

export async function ask(name, variables) {
  for await (const { data, errors } of socket.iterate({ query: documents[name], variables })) {
    if (errors) throw errors;
    return data;
  }
}

export function follow(name, variables, { next, error, complete }) {
  socket.subscribe(
    { query: documents[name], variables },
    { next: ({ data, errors }) => (errors ? error(errors) : next(data)), error, complete },
  );
}
