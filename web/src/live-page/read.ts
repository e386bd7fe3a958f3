import { ask, Refusal } from "./ask";
import { ITEMS, PLAYLIST } from "./documents";
import type { Change, Item, Person } from "./list";
import type { About } from "./state";

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
export async function readPlaylist(id: string, viewer: Person) {
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

const NONE = ["BAD_USER_INPUT", "FORBIDDEN", "NOT_FOUND"];

/** An id that is none is no playlist, too; whatever else is wrong may pass. */
function nothing(reason: unknown): { playlist: null } {
  if (reason instanceof Refusal && NONE.includes(reason.code)) return { playlist: null };
  throw reason;
}
