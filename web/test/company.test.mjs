// What the page says of friends over breaks of the connection. Run with node --test.

import assert from "node:assert/strict";
import { test } from "node:test";

import { runnerImport } from "vite";

const { module } = await runnerImport(
  new URL("../src/live-page/company.ts", import.meta.url).pathname,
);
const { openPlaying, openPresence } = module;

/** A line whose one subscription is told things by the test. */
function fakeLine() {
  const line = {
    follow(_query, _variables, listener) {
      line.listener = listener;
      listener.begun();
      return () => {};
    },
  };
  return line;
}

const plays = (userId, nowPlaying = { track: null }) => ({ nowPlaying: { userId, nowPlaying } });

test("who stopped during a break does not play afterwards", () => {
  const line = fakeLine();
  const { playing } = openPlaying(line, ["ada", "bob"]);
  const known = () => [...playing.get().of.keys()].join();
  line.listener.next(plays("ada"));
  line.listener.next(plays("bob"));
  assert.equal(known(), "ada,bob");
  line.listener.begun();
  line.listener.next(plays("bob"));
  assert.equal(known(), "bob");
  line.listener.next(plays("bob", null));
  assert.equal(known(), "");
});

test("nobody is said to be there before it is told once more", () => {
  const line = fakeLine();
  const { here } = openPresence(line, "playlist");
  line.listener.next({ presence: { people: [{ id: "ada" }], others: 2 } });
  line.listener.next({ presence: {} }); // Lagged
  assert.equal(here.get().people.length, 1);
  line.listener.begun();
  assert.deepEqual(here.get(), { people: [], others: 0 });
});
