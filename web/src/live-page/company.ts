import { ask } from "./ask";
import { HERE, PLAY, PLAYING, STOP } from "./documents";
import type { Person, Track } from "./list";
import type { Line } from "./socket";
import { createStore } from "./store";

export type NowPlaying = { startedAt: string; endsAt: string; track: Track | null };

type Here = { presence: { people?: readonly (Person | null)[] | null; others?: number } };
type Playing = { nowPlaying: { userId?: string; nowPlaying?: NowPlaying | null } };

/** Follows who looks at a playlist. Following it is looking at it. */
export function openPresence(line: Line, playlist: string) {
  type People = { people: readonly Person[]; others: number };
  const nobody: People = { people: [], others: 0 };
  const here = createStore(nobody);
  const forget = () => here.set(nobody);
  const close = line.follow<Here>(
    HERE,
    { id: playlist },
    {
      begun: forget,
      next({ presence: { people, others } }) {
        if (others === undefined) return; // what was missed does not matter: this tells how it is
        here.set({ people: (people ?? []).filter((one) => one !== null), others });
      },
      ended: forget,
    },
  );
  return { here, close };
}

/** Follows what people play. */
export function openPlaying(line: Line, people: readonly string[]) {
  const playing = createStore<{ of: ReadonlyMap<string, NowPlaying> }>({ of: new Map() });
  const forget = () => playing.set({ of: new Map() });
  const close = line.follow<Playing>(
    PLAYING,
    { people },
    {
      begun: forget, // only those who play are told of then
      next({ nowPlaying: { userId, nowPlaying } }) {
        if (userId === undefined) return;
        const of = new Map(playing.get().of);
        if (nowPlaying) of.set(userId, nowPlaying);
        else of.delete(userId);
        playing.set({ of });
      },
      ended: forget,
    },
  );
  return { playing, close };
}

/** Says that the viewer plays a track; this page makes no sound. */
export const play = (track: Track) => ask(PLAY, { track: track.id });

export const stopPlaying = () => ask(STOP, {});
