import { useCallback, useEffect, useMemo, useState } from "react";

import { Changes } from "./changes";
import { openPlaying, openPresence, play, stopPlaying } from "./company";
import { withEdits, type Person, type Row } from "./list";
import { NowPlaying, Presence } from "./people";
import { openPlaylist, type Playlist } from "./playlist";
import { Search } from "./search";
import { isLive, type Line } from "./socket";
import type { Start } from "./start";
import type { About, State } from "./state";
import { useStore } from "./store";
import { roughly } from "./time";
import { Tracks } from "./tracks";

type Props = { line: Line; id: string; start: Start };

const NOTICE_MS = 8_000;

/** Opens a playlist, and who is around it. */
export function PlaylistView({ line, id, start }: Props) {
  const [playlist, setPlaylist] = useState<Playlist | null>(null);
  useEffect(() => {
    const opened = openPlaylist(line, id, start.viewer);
    setPlaylist(opened);
    return opened.close;
  }, [line, id, start.viewer]);
  return playlist && <Opened playlist={playlist} line={line} start={start} />;
}

function Opened({ playlist, line, start }: { playlist: Playlist; line: Line; start: Start }) {
  const state = useStore(playlist.state);
  if (state.gone !== null)
    return (
      <main className="outside">
        <h1>Not here</h1>
        <p role="status">{state.gone}</p>
        <a className="button" href="/live">
          Another playlist
        </a>
      </main>
    );
  if (!state.about)
    return (
      <main className="outside" aria-busy="true">
        <p role="status">One moment …</p>
      </main>
    );
  return <Shared playlist={playlist} state={state} about={state.about} line={line} start={start} />;
}

type SharedProps = { playlist: Playlist; state: State; about: About; line: Line; start: Start };

function Shared({ playlist, state, about, line, start }: SharedProps) {
  const { viewer, friends, playlists } = start;
  const rows = useMemo(() => withEdits(state.list, state.edits), [state.list, state.edits]);
  const around = useMemo(() => together(viewer, about, friends), [viewer, about, friends]);
  const company = useCompany(line, about.id, around);
  const live = isLive(useStore(line.standing).now);
  const onMove = useCallback(
    (row: Row, before: string | null) => playlist.move(row, before),
    [playlist],
  );
  const onRemove = useCallback((row: Row) => playlist.remove(row), [playlist]);
  const onPlay = useCallback((row: Row) => void play(row.track).catch(() => {}), []);
  const onStop = useCallback(() => void stopPlaying().catch(() => {}), []);
  const { notice } = state;
  useEffect(() => {
    if (!notice) return undefined;
    const timer = setTimeout(playlist.dismiss, NOTICE_MS);
    return () => clearTimeout(timer);
  }, [notice, playlist]);
  const total = rows.reduce((sum, { track }) => sum + track.durationMs, 0);
  return (
    <main className="shared">
      <div className="head">
        <h1>{about.title}</h1>
        {about.description && <p>{about.description}</p>}
        <p className="quiet facts">
          {about.owner && `By ${about.owner.displayName} · `}
          {rows.length} {rows.length === 1 ? "track" : "tracks"} · {roughly(total)} ·{" "}
          <span className="version">version {state.list.version}</span>
        </p>
        <Choice chosen={about} playlists={playlists} />
        {company && <Presence of={company.presence} viewer={viewer} live={live} />}
      </div>
      {company && (
        <NowPlaying
          of={company.playing}
          people={around}
          viewer={viewer}
          live={live}
          onStop={onStop}
        />
      )}
      <section className="panel list" aria-label="Tracks">
        {about.mayEdit ? (
          <Search onAdd={playlist.add} />
        ) : (
          <p className="quiet">You may look at this playlist, and not change it.</p>
        )}
        <Tracks
          rows={rows}
          fresh={state.fresh}
          mayEdit={about.mayEdit}
          onMove={onMove}
          onRemove={onRemove}
          onPlay={onPlay}
        />
      </section>
      <Changes
        changes={state.changes}
        viewer={viewer}
        mayEdit={about.mayEdit}
        onUndo={playlist.undo}
      />
      <div className="notice" role="status">
        {notice && (
          <p>
            {notice.text}
            {notice.undo !== undefined && (
              <button type="button" className="link" onClick={() => playlist.undo(notice.undo!)}>
                Undo
              </button>
            )}
            <button
              type="button"
              className="link"
              aria-label="Close this message"
              onClick={playlist.dismiss}
            >
              ×
            </button>
          </p>
        )}
      </div>
    </main>
  );
}

/** Follows who is here, and what people play, for as long as the playlist is shown. */
function useCompany(line: Line, playlist: string, people: readonly Person[]) {
  type Company = {
    presence: ReturnType<typeof openPresence>;
    playing: ReturnType<typeof openPlaying>;
  };
  const [company, setCompany] = useState<Company | null>(null);
  const ids = people.map(({ id }) => id).join(" ");
  useEffect(() => {
    const presence = openPresence(line, playlist);
    const playing = openPlaying(line, ids.split(" "));
    setCompany({ presence, playing });
    return () => {
      presence.close();
      playing.close();
    };
  }, [line, playlist, ids]);
  return company;
}

const MOST_FOLLOWED = 100;

/** Returns the viewer, those who work on the playlist, and whom the viewer follows, each once. */
function together(viewer: Person, { owner, collaborators }: About, friends: readonly Person[]) {
  const all = [viewer, ...(owner ? [owner] : []), ...collaborators, ...friends];
  return [...new Map(all.map((one) => [one.id, one])).values()].slice(0, MOST_FOLLOWED);
}

function Choice({ chosen, playlists }: { chosen: About; playlists: Start["playlists"] }) {
  if (playlists.length < 2) return null;
  const known = playlists.some(({ id }) => id === chosen.id) ? playlists : [chosen, ...playlists];
  return (
    <label className="choice">
      <span className="unseen">Playlist</span>
      <select
        value={chosen.id}
        onChange={({ target }) =>
          location.assign(`/live?playlist=${encodeURIComponent(target.value)}`)
        }
      >
        {known.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}
