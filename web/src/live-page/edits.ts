import { change, Refusal } from "./ask";
import { ADD, MOVE, REMOVE, UNDO } from "./documents";
import { NEW, onTheirWay, type Edit, type Track } from "./list";
import type { Notice, State } from "./state";
import type { Store } from "./store";

type Listed = { id: string; track: Track };

/** What the viewer may do with a playlist. */
export type Edits = {
  add: (track: Track) => void;
  move: (item: Listed, before: string | null) => void;
  remove: (item: Listed) => void;
  undo: (version: number) => void;
};

type Done = { done: { __typename: string; version?: number; message?: string } };
type Sent = { mutation: string; variables: () => Record<string, unknown>; done?: Notice["text"] };

const CONFLICT = "Somebody else was faster, so nothing was changed. This is the list as it is now.";

/** Shows what the viewer does at once, and sends it. */
export function openEdits(state: Store<State>, playlistId: string): Edits {
  const send = sender(state);
  let count = 0;
  const plan = () => ({ key: `${NEW}${++count}`, version: null });
  const input = (more: object) => () => ({
    input: { playlistId, baseVersion: state.get().list.version, ...more },
  });
  return {
    add: (track) =>
      send(
        {
          mutation: ADD,
          variables: input({ trackIds: [track.id] }),
          done: `Added “${track.title}”.`,
        },
        { ...plan(), kind: "add", track },
      ),
    move: ({ id }, before) =>
      send(
        { mutation: MOVE, variables: input({ itemIds: [id], before }) },
        { ...plan(), kind: "move", itemId: id, before },
      ),
    remove: ({ id, track }) =>
      send(
        {
          mutation: REMOVE,
          variables: input({ itemIds: [id] }),
          done: `Removed “${track.title}”.`,
        },
        { ...plan(), kind: "remove", itemId: id },
      ),
    undo: (version) =>
      send({ mutation: UNDO, variables: () => ({ id: playlistId, version }), done: "Undone." }),
  };
}

/** Returns what sends edits one after the other: each is about what the one before has left. */
function sender(state: Store<State>) {
  let before = Promise.resolve();
  return ({ mutation, variables, done }: Sent, edit?: Edit) => {
    state.set({ notice: null, edits: [...state.get().edits, ...(edit ? [edit] : [])] });
    const answered = (version: number | null, notice: Notice | null) => {
      const { list, edits, notice: shown } = state.get();
      const known = edits.flatMap((one) =>
        one.key !== edit?.key ? [one] : version === null ? [] : [{ ...one, version }],
      );
      state.set({ edits: onTheirWay(list, known), notice: notice ?? shown });
    };
    before = before.then(async () => {
      try {
        const {
          __typename,
          version,
          message = "",
        } = (await change<Done>(mutation, variables())).done;
        if (version === undefined)
          answered(null, { text: __typename === "PlaylistConflict" ? CONFLICT : message });
        else if (!done) answered(version, null);
        else answered(version, edit ? { text: done, undo: version } : { text: done });
      } catch (reason) {
        const text = reason instanceof Refusal ? reason.message : "That did not work.";
        answered(null, { text });
      }
    });
  };
}
