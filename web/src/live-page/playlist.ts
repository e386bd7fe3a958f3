import { ask, change as send, Refusal } from "./ask";
import { ADD, CHANGES, ITEMS, MOVE, PLAYLIST, REMOVE, UNDO } from "./documents";
import {
  applyChange,
  NEW,
  onTheirWay,
  type Change,
  type Edit,
  type Item,
  type List,
  type Person,
  type Track,
} from "./list";
import type { Line } from "./socket";
import { createStore, type Store } from "./store";

/** What does not change with each edit. */
export type About = {
  id: string;
  title: string;
  description: string | null;
  owner: Person | null;
  collaborators: readonly Person[];
  mayEdit: boolean;
};

/** Something to tell the viewer once; `undo` is the version of a change that they may take back. */
export type Notice = { text: string; undo?: number };

export type State = {
  about: About | null;
  list: List;
  edits: readonly Edit[];
  changes: readonly Change[]; // the newest first
  fresh: ReadonlySet<string>; // items that somebody else has just put where they are
  notice: Notice | null;
  gone: string | null; // why there is no playlist to be seen
};

export type Playlist = {
  state: Store<State>;
  add: (track: Track) => void;
  move: (item: { id: string; track: Track }, before: string | null) => void;
  remove: (item: { id: string; track: Track }) => void;
  undo: (version: number) => void;
  dismiss: () => void;
  close: () => void;
};

type Told = { playlistChanged: { change?: Change } };
type Done = { done: { __typename: string; version?: number; message?: string } };

const KEPT_CHANGES = 30;
const AGAIN_MS = 2_000;
const GONE = "This playlist is not there, or it is not shared with you.";
const CONFLICT = "Somebody else was faster, so nothing was changed. This is the list as it is now.";

/** Reads a playlist, follows it until it is closed, and sends what the viewer does with it. */
export function openPlaylist(line: Line, id: string, viewer: Person): Playlist {
  const state = createStore<State>({
    about: null,
    list: { version: 0, items: [] },
    edits: [],
    changes: [],
    fresh: new Set(),
    notice: null,
    gone: null,
  });
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
      unfollow = line.follow<Told>(CHANGES, variables, (event) => next(event, variables), ended);
    } catch {
      setTimeout(() => turn === reading && void begin(), AGAIN_MS);
    }
  }

  function next({ playlistChanged: { change } }: Told, variables: { after: string }) {
    const list = change && applyChange(state.get().list, change);
    if (!change || !list) return void begin();
    variables.after = String(list.version); // where to go on after a break
    const { changes } = state.get();
    if (list === state.get().list) return;
    const others = change.actor?.id !== viewer.id;
    put(list, {
      changes: [change, ...changes.filter((one) => one.version !== change.version)].slice(0, KEPT_CHANGES),
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

  // One after the other: each is about the list that the one before has left.
  let before: Promise<unknown> = Promise.resolve();
  function edit(mutation: string, variables: () => object, planned: Edit | null, done?: (version: number) => Notice) {
    if (planned) state.set({ edits: [...state.get().edits, planned], notice: null });
    const settle = (version: number | null) =>
      state.set({
        edits: onTheirWay(
          state.get().list,
          state.get().edits.flatMap((one) =>
            one.key !== planned?.key ? [one] : version === null ? [] : [{ ...one, version }],
          ),
        ),
      });
    before = before.then(async () => {
      try {
        const answer = await send<Done>(mutation, { ...variables() });
        const { __typename, version, message } = answer.done;
        settle(version ?? null);
        if (version !== undefined) state.set({ notice: done?.(version) ?? state.get().notice });
        else state.set({ notice: { text: __typename === "PlaylistConflict" ? CONFLICT : (message ?? "") } });
      } catch (reason) {
        settle(null);
        const text = reason instanceof Refusal ? reason.message : "That did not work.";
        state.set({ notice: { text } });
      }
    });
  }

  let edits = 0;
  const key = () => `${NEW}${++edits}`;
  const seen = () => ({ playlistId: id, baseVersion: state.get().list.version });
  void begin();
  return {
    state,
    add: (track) =>
      edit(
        ADD,
        () => ({ input: { ...seen(), trackIds: [track.id] } }),
        { key: key(), version: null, kind: "add", track },
        (undo) => ({ text: `Added “${track.title}”.`, undo }),
      ),
    move: (item, gap) =>
      edit(
        MOVE,
        () => ({ input: { ...seen(), itemIds: [item.id], before: gap } }),
        { key: key(), version: null, kind: "move", itemId: item.id, before: gap },
      ),
    remove: (item) =>
      edit(
        REMOVE,
        () => ({ input: { ...seen(), itemIds: [item.id] } }),
        { key: key(), version: null, kind: "remove", itemId: item.id },
        (undo) => ({ text: `Removed “${item.track.title}”.`, undo }),
      ),
    undo: (version) => {
      state.set({ notice: null });
      edit(UNDO, () => ({ id, version }), null, () => ({ text: "Undone." }));
    },
    dismiss: () => state.set({ notice: null }),
    close() {
      reading += 1;
      unfollow();
    },
  };
}

type ReadAbout = Omit<About, "mayEdit" | "collaborators"> & {
  version: number;
  collaborative: boolean;
  collaborators: readonly { role: string; user: Person }[] | null;
  history: { nodes: readonly Change[] } | null;
};
type ReadItems = {
  playlistAt: {
    items: { nodes: readonly Item[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
  };
};

/** Returns a playlist as it is at one version; null for one that the viewer does not see. */
async function readPlaylist(id: string, viewer: Person) {
  const { playlist } = await ask<{ playlist: ReadAbout | null }>(PLAYLIST, { id }).catch(nothing);
  if (!playlist) return null;
  const { version, collaborative, collaborators, history, ...rest } = playlist;
  const items: Item[] = [];
  let after: string | null = null;
  do {
    const read: ReadItems = await ask<ReadItems>(ITEMS, { id, version, after });
    const page = read.playlistAt.items;
    items.push(...page.nodes);
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
  const helpers = collaborators ?? [];
  const edits = ({ role, user }: { role: string; user: Person }) =>
    role === "EDITOR" && user.id === viewer.id;
  const about: About = {
    ...rest,
    collaborators: helpers.map(({ user }) => user),
    mayEdit: rest.owner?.id === viewer.id || (collaborative && helpers.some(edits)),
  };
  return { about, list: { version, items }, changes: history?.nodes ?? [] };
}

/** An id that is none is no playlist, too; whatever else is wrong may pass. */
function nothing(reason: unknown): { playlist: null } {
  if (reason instanceof Refusal && ["", "SERVICE_UNAVAILABLE", "TIMEOUT", "INTERNAL"].includes(reason.code)) throw reason;
  return { playlist: null };
}
