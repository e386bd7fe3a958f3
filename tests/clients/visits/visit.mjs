// What every client is seen to do: ask, change, fail and follow, and come back after a restart
// and after Redis was away.
//
//   node visit.mjs <client> <track> <track that plays after the restart>
//     <playlist> <its version before a change, after it, after the restart, and after the last>
//
// Prints one JSON object when it follows, one when it has come back, one when it has been told what
// was changed around the restart, and one with all the changes of the playlist that it was told of:
// by a document with the cursors, and by one without.
import { setTimeout as pause } from "node:timers/promises";

import WebSocket from "ws";

globalThis.WebSocket ??= WebSocket; // browsers and Node from 22 have their own

const [name, first, second, playlist, after, ...versions] = process.argv.slice(2);
const [following, restarted, last] = versions.map(Number);
const { ask, follow } = await import(`./${name}.mjs`);

const say = (seen) => process.stdout.write(`${JSON.stringify(seen)}\n`);

/** Returns the codes of what an operation fails with. */
const failure = (operation) => operation.then(() => "nothing", codes);

/** Each library has a place of its own for the errors of a response. */
function codes(error) {
  const errors = error.errors ?? error.graphQLErrors ?? error.source?.errors ?? error;
  if (!Array.isArray(errors)) return String(error);
  return errors.map(({ extensions }) => extensions?.code);
}

/** Resolves when the subscription ends. */
const ended = (variables) =>
  new Promise((complete, error) => follow("playing", variables, { next() {}, error, complete }));

/** Follows what may not end. */
function followOn(document, variables, next) {
  const error = (cause) => {
    throw new Error(`${document} has failed`, { cause });
  };
  follow(document, variables, { next, error, complete: () => error("it is over") });
}

/** Follows the playlist; returns what waits for a version, and gives all that were told. */
function changes(document) {
  const told = [];
  followOn(document, { id: playlist, after }, ({ playlistChanged }) =>
    told.push(playlistChanged.seq),
  );
  return async (version) => {
    while (!told.includes(version)) await pause(20);
    return told;
  };
}

const { viewer } = await ask("viewer", {});
const { setNowPlaying } = await ask("play", { track: first });
const { user } = await ask("playlists", { handle: viewer.handle });
const seen = {
  handle: viewer.handle,
  playlists: user.playlists.edges.length,
  played: setNowPlaying.__typename,
  field: await failure(ask("node", { id: "nothing" })),
  request: await failure(ask("node", {})),
  subscription: await failure(ended({ ids: [] })),
};

const resuming = changes("changes");
const placeless = changes("placeless");
await Promise.all([resuming(following), placeless(following)]);

let back = false;
followOn("playing", { ids: [viewer.id] }, async ({ nowPlaying }) => {
  const track = nowPlaying.nowPlaying?.track.id;
  if (track === first) say({ ready: seen });
  if (track !== second || back) return;
  back = true; // it is told again when Redis is back
  const again = await ask("viewer", {});
  say({ back: { handle: again.viewer.handle } });
  await Promise.all([resuming(restarted), placeless(restarted)]);
  say({ restarted });
  say({ changes: await resuming(last), placeless: await placeless(last) });
  process.exit();
});
