/** The list of a playlist: as the server has it, and as it shall be after edits on their way. */

export type Person = { id: string; handle: string; displayName: string };

export type Track = {
  id: string;
  title: string;
  durationMs: number;
  artists: readonly { artist: { name: string } | null }[] | null;
};

export type Item = { id: string; position: string; track: Track; addedBy: Person | null };

/** Items in the order of their positions. */
export type List = { version: number; items: readonly Item[] };

/** What one version has done, as `playlistChanged` and `history` tell it. */
export type Change = {
  version: number;
  kind: "ADD" | "MOVE" | "REMOVE" | "UNDO";
  at: string;
  actor: Person | null;
  items: readonly {
    itemId: string;
    track: Track | null;
    before: string | null;
    after: string | null;
  }[];
  rekeyed: readonly { itemId: string; after: string }[];
};

/** What the viewer has done here; `version` is the one that it has made, once that is known. */
export type Edit = { key: string; version: number | null } & (
  | { kind: "move"; itemId: string; before: string | null }
  | { kind: "remove"; itemId: string }
  | { kind: "add"; track: Track }
);

/** A line of the list that is shown; `sending` where the server does not have it yet. */
export type Row = { id: string; track: Track; addedBy: Person | null; sending: boolean };

/**
 * Returns the list after a change, or null where it cannot be followed and has to be read again.
 *
 * A change that the list has already leaves it as it is.
 */
export function applyChange(list: List, change: Change): List | null {
  if (change.version <= list.version) return list;
  if (change.version > list.version + 1) return null;
  const items = new Map(list.items.map((item) => [item.id, item]));
  for (const { itemId, track, before, after } of change.items) {
    const item = items.get(itemId);
    if (after === null) items.delete(itemId);
    else if (item) items.set(itemId, { ...item, position: after });
    else if (change.kind === "ADD" && track)
      items.set(itemId, { id: itemId, position: after, track, addedBy: change.actor });
    // One that comes back was added by somebody before: the change does not say by whom.
    else if (before !== null || track) return null;
  }
  for (const { itemId, after } of change.rekeyed) {
    const item = items.get(itemId);
    if (item) items.set(itemId, { ...item, position: after });
  }
  // The sort is stable: of two at one position, as an import may bring, the first stays first.
  const byPosition = (a: Item, b: Item) =>
    Number(a.position > b.position) - Number(a.position < b.position);
  return { version: change.version, items: [...items.values()].sort(byPosition) };
}

/** Returns the edits that the list does not have yet. */
export function onTheirWay(list: List, edits: readonly Edit[]): readonly Edit[] {
  return edits.filter((edit) => edit.version === null || edit.version > list.version);
}

/** Returns what is shown: the list, and on top of it the edits on their way, in their order. */
export function withEdits(list: List, edits: readonly Edit[]): readonly Row[] {
  let rows: Row[] = list.items.map(({ id, track, addedBy }) => ({
    id,
    track,
    addedBy,
    sending: false,
  }));
  for (const edit of onTheirWay(list, edits)) {
    if (edit.kind === "add") {
      rows.push({ id: edit.key, track: edit.track, addedBy: null, sending: true });
      continue;
    }
    const row = rows.find(({ id }) => id === edit.itemId);
    if (!row) continue; // somebody else has removed it
    rows = rows.filter((one) => one !== row);
    if (edit.kind === "move") {
      const gap = rows.findIndex(({ id }) => id === edit.before);
      rows.splice(gap < 0 ? rows.length : gap, 0, { ...row, sending: true });
    }
  }
  return rows;
}

/** Returns the id of what a row stands in front of when it is dropped on another; null is the end. */
export function gapAt(rows: readonly Row[], moved: string, onto: string): string | null {
  const target = rows.findIndex(({ id }) => id === onto);
  const downwards = rows.findIndex(({ id }) => id === moved) < target;
  const rest = rows.filter(({ id }) => id !== moved);
  const next = rest[downwards ? target : rest.findIndex(({ id }) => id === onto)];
  // What is being added has no id at the server yet; it stands at the end.
  return next && !isNew(next) ? next.id : null;
}

/** Says whether a row is one that is being added: it cannot be moved or removed yet. */
export const isNew = ({ id }: Row): boolean => id.startsWith(NEW);

/** How keys of edits begin, so that they are told from ids of items. */
export const NEW = "new:";
