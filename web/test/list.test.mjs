// What becomes of a list: changes that are told, and edits on their way. Run with node --test.

import assert from "node:assert/strict";
import { test } from "node:test";

import { runnerImport } from "vite";

const { module } = await runnerImport(
  new URL("../src/live-page/list.ts", import.meta.url).pathname,
);
const { applyChange, gapAt, NEW, onTheirWay, withEdits } = module;

const track = (title) => ({ id: `track ${title}`, title, durationMs: 1000, artists: [] });
const item = (id, position) => ({ id, position, track: track(id), addedBy: null });
const abc = () => ({ version: 5, items: [item("a", "a0"), item("b", "a1"), item("c", "a2")] });
const ids = ({ items }) => items.map(({ id }) => id).join("");
const change = (kind, items, more) => ({
  version: 6,
  kind,
  actor: { id: "user", handle: "ada", displayName: "Ada" },
  items: items.map(([itemId, before, after]) => ({ itemId, before, after, track: track(itemId) })),
  rekeyed: [],
  ...more,
});
const shown = (rows) => rows.map(({ id }) => id).join("");

test("an added item stands where its key says, added by who did it", () => {
  const list = applyChange(abc(), change("ADD", [["x", null, "a0V"]]));
  assert.equal(ids(list), "axbc");
  assert.equal(list.version, 6);
  assert.equal(list.items[1].addedBy.handle, "ada");
});

test("keys are compared by character, not by language or length", () => {
  const list = applyChange(
    abc(),
    change("MOVE", [
      ["a", "a0", "aB"],
      ["b", "a1", "aa"],
      ["c", "a2", "b00"],
    ]),
  );
  assert.equal(ids(list), "abc");
  assert.equal(
    ids(
      applyChange(
        abc(),
        change("MOVE", [
          ["a", "a0", "aa"],
          ["b", "a1", "aB"],
        ]),
      ),
    ),
    "cba",
  );
});

test("items move together and leave", () => {
  assert.equal(
    ids(
      applyChange(
        abc(),
        change("MOVE", [
          ["c", "a2", "Zz"],
          ["b", "a1", "ZzV"],
        ]),
      ),
    ),
    "cba",
  );
  assert.equal(ids(applyChange(abc(), change("REMOVE", [["b", "a1", null]]))), "ac");
  assert.equal(ids(applyChange(abc(), change("REMOVE", [["gone", "a1", null]]))), "abc");
});

test("items that made room have other keys, and the order is that of all keys", () => {
  const rekeyed = [
    { itemId: "a", before: "a0", after: "a1" },
    { itemId: "b", before: "a1", after: "a5" },
    { itemId: "gone", before: "a3", after: "a4" },
  ];
  const list = applyChange(abc(), change("ADD", [["x", null, "a1V"]], { rekeyed }));
  assert.equal(ids(list), "axcb");
  assert.equal(ids(applyChange(list, change("MOVE", [["c", "a2", "a6"]], { version: 7 }))), "axbc");
});

test("two at one position stay in their order", () => {
  const twins = { version: 5, items: [item("z", "a1"), item("a", "a1"), item("m", "a2")] };
  assert.equal(ids(applyChange(twins, change("MOVE", [["m", "a2", "a0"]]))), "mza");
});

test("what is known already changes nothing", () => {
  const list = abc();
  assert.equal(applyChange(list, change("REMOVE", [["a", "a0", null]], { version: 5 })), list);
});

test("what cannot be followed is to be read again", () => {
  const list = abc();
  assert.equal(applyChange(list, change("REMOVE", [["a", "a0", null]], { version: 7 })), null);
  assert.equal(applyChange(list, change("MOVE", [["unknown", "a3", "a0"]])), null);
  assert.equal(applyChange(list, change("UNDO", [["back", null, "a0V"]])), null);
});

test("a track that is gone from the catalogue is not shown", () => {
  const told = change("ADD", [["x", null, "a0V"]]);
  told.items[0].track = null;
  assert.equal(ids(applyChange(abc(), told)), "abc");
});

test("edits are shown on top of the list until it has them", () => {
  const edits = [
    { key: "1", version: null, kind: "move", itemId: "c", before: "a" },
    { key: "2", version: null, kind: "remove", itemId: "b" },
    { key: `${NEW}3`, version: null, kind: "add", track: track("x") },
  ];
  assert.equal(shown(withEdits(abc(), edits)), `ca${NEW}3`);
  const answered = edits.map((edit) => ({ ...edit, version: 6 }));
  assert.equal(shown(withEdits(abc(), answered)), `ca${NEW}3`);
  assert.equal(shown(withEdits({ ...abc(), version: 6 }, answered)), "abc");
  assert.equal(onTheirWay({ version: 6, items: [] }, answered).length, 0);
});

test("an edit of what somebody else has removed shows nothing", () => {
  const edits = [
    { key: "1", version: null, kind: "move", itemId: "gone", before: "a" },
    { key: "2", version: null, kind: "move", itemId: "a", before: "gone" },
  ];
  assert.equal(shown(withEdits(abc(), edits)), "bca");
});

test("a row that is dropped on another takes its place", () => {
  const rows = withEdits(abc(), [
    { key: `${NEW}1`, version: null, kind: "add", track: track("x") },
  ]);
  assert.equal(gapAt(rows, "a", "b"), "c");
  assert.equal(gapAt(rows, "c", "a"), "a");
  assert.equal(gapAt(rows, "b", "c"), null);
  assert.equal(gapAt(rows, "a", `${NEW}1`), null);
});
