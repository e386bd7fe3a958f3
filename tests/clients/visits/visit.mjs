// What every client is seen to do: ask, change, fail and follow, and come back after a restart.
//
//   node visit.mjs <client> <track> <track that plays after the restart>
//
// Prints one JSON object when it follows, and one when it has come back.
import WebSocket from "ws";

globalThis.WebSocket ??= WebSocket; // browsers and Node from 22 have their own

const [name, first, second] = process.argv.slice(2);
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

follow("playing", { ids: [viewer.id] }, {
  next: async ({ nowPlaying }) => {
    const track = nowPlaying.nowPlaying?.track.id;
    if (track === first) say({ ready: seen });
    if (track !== second) return;
    const again = await ask("viewer", {});
    say({ back: { handle: again.viewer.handle } });
    process.exit();
  },
  error: (error) => {
    throw new Error("the subscription has failed", { cause: error });
  },
  complete: () => {
    throw new Error("the subscription is over");
  },
});
