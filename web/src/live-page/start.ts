import { ask } from "./ask";
import { START } from "./documents";
import type { Person } from "./list";

type Choice = {
  id: string;
  title: string;
  collaborative: boolean;
  createdAt: string;
  owner: { id: string } | null;
  collaborators: readonly { role: string; user: { id: string } }[] | null;
};
type Nodes<T> = { nodes: readonly T[] } | null;
type Viewer = Person & {
  following: Nodes<Person>;
  playlists: Nodes<Choice>;
  followedPlaylists: Nodes<Choice>;
};

/** Who is here, whom they follow, and which playlists they may look at. */
export type Start = {
  viewer: Person;
  friends: readonly Person[];
  playlists: readonly { id: string; title: string }[]; // the one to begin with first
};

/** Returns how the page begins; null where nobody is signed in. */
export async function readStart(): Promise<Start | null> {
  const { viewer } = await ask<{ viewer: Viewer | null }>(START, {});
  if (!viewer) return null;
  const { id, handle, displayName } = viewer;
  const all = [...(viewer.playlists?.nodes ?? []), ...(viewer.followedPlaylists?.nodes ?? [])];
  const known = [...new Map(all.map((one) => [one.id, one])).values()];
  // First what people work on together, the newest first.
  const shared = (one: Choice) => Number(one.collaborative && worksOn(one, id));
  known.sort((a, b) => shared(b) - shared(a) || b.createdAt.localeCompare(a.createdAt));
  return {
    viewer: { id, handle, displayName },
    friends: viewer.following?.nodes ?? [],
    playlists: known,
  };
}

const worksOn = ({ owner, collaborators }: Choice, viewer: string) =>
  owner?.id === viewer
    ? !!collaborators?.length
    : !!collaborators?.some(({ role, user }) => role === "EDITOR" && user.id === viewer);
