import { openEdits, type Edits } from "./edits";
import { CHANGES } from "./documents";
import { applyChange, onTheirWay, type Change, type List, type Person } from "./list";
import { readPlaylist } from "./read";
import type { Line } from "./socket";
import { BEFORE, type State } from "./state";
import { createStore, type Store } from "./store";

export type Playlist = Edits & { state: Store<State>; dismiss: () => void; close: () => void };

type Told = { playlistChanged: { change?: Change } };

const KEPT_CHANGES = 30;
const AGAIN_MS = 2_000;
const GONE = "This playlist is not there, or it is not shared with you.";

/** Reads a playlist, follows it until it is closed, and sends what the viewer does with it. */
export function openPlaylist(line: Line, id: string, viewer: Person): Playlist {
  const state = createStore(BEFORE);
  let reading = 0;
  let unfollow = () => {};

  /** Reads all, and goes on behind it: at the start, and where a change cannot be followed. */
  async function begin() {
    unfollow();
    const turn = ++reading;
    try {
      const read = await readPlaylist(id, viewer);
      if (turn !== reading) return; // closed, or begun once more
      if (!read) return state.set({ gone: GONE });
      put(read.list, { about: read.about, changes: read.changes });
      const variables = { id, after: String(read.list.version) };
      unfollow = line.follow<Told>(CHANGES, variables, {
        next: (event) => next(event, variables),
        ended,
      });
    } catch {
      setTimeout(() => turn === reading && void begin(), AGAIN_MS);
    }
  }

  function next({ playlistChanged: { change } }: Told, variables: { after: string }) {
    const list = change && applyChange(state.get().list, change);
    if (!change || !list) return void begin();
    variables.after = String(list.version); // where to go on after a break
    if (list === state.get().list) return;
    const earlier = state.get().changes.filter(({ version }) => version < change.version);
    const others = change.actor?.id !== viewer.id;
    put(list, {
      changes: [change, ...earlier].slice(0, KEPT_CHANGES),
      fresh: new Set(others ? change.items.map(({ itemId }) => itemId) : []),
    });
  }

  function ended(code: string) {
    if (code === "BAD_CURSOR") void begin();
    else state.set({ gone: GONE });
  }

  /** Shows a list, without the edits that it has by now. */
  function put(list: List, more: Partial<State>) {
    state.set({ ...more, list, edits: onTheirWay(list, state.get().edits) });
  }

  void begin();
  return {
    ...openEdits(state, id),
    state,
    dismiss: () => state.set({ notice: null }),
    close() {
      reading += 1;
      unfollow();
    },
  };
}
