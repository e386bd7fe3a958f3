import type { Change, Edit, List, Person } from "./list";

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

export const BEFORE: State = {
  about: null,
  list: { version: 0, items: [] },
  edits: [],
  changes: [],
  fresh: new Set(),
  notice: null,
  gone: null,
};
