// Relay without React. Its compiler reads music.js and our schema.graphql, at each visit.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import { commitMutation, fetchQuery, requestSubscription } from "relay-runtime";

import { environment } from "../setup/relay.mjs";

const compiler = createRequire(import.meta.url).resolve("relay-compiler/cli.js");
mkdirSync(new URL("__generated__", import.meta.url), { recursive: true });
execFileSync(process.execPath, [compiler], { cwd: fileURLToPath(new URL("..", import.meta.url)) });

const compiled = async (name) => (await import(`./__generated__/music${name}.graphql.js`)).default;
const documents = {
  viewer: await compiled("ViewerQuery"),
  playlists: await compiled("PlaylistsQuery"),
  node: await compiled("NodeQuery"),
  play: await compiled("PlayMutation"),
  playing: await compiled("PlayingSubscription"),
  changes: await compiled("ChangesSubscription"),
  placeless: await compiled("PlacelessSubscription"),
};

export function ask(name, variables) {
  const document = documents[name];
  if (name !== "play") return fetchQuery(environment, document, variables).toPromise();
  return new Promise((onCompleted, onError) =>
    commitMutation(environment, { mutation: document, variables, onCompleted, onError }),
  );
}

export function follow(name, variables, { next, error, complete }) {
  requestSubscription(environment, {
    subscription: documents[name],
    variables,
    onNext: next,
    onError: error,
    onCompleted: complete,
  });
}
