import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";

import { ask } from "./ask";
import { SEARCH } from "./documents";
import { SearchIcon } from "./icons";
import type { Track } from "./list";
import { artistsOf } from "./people";
import { length } from "./time";

const PAUSE_MS = 150;

/** Returns the tracks that a text finds, as it is typed; null before anything was found. */
function useFound(text: string): readonly Track[] | null {
  const [found, setFound] = useState<readonly Track[] | null>(null);
  useEffect(() => {
    if (!text) return setFound(null);
    const leaving = new AbortController();
    const timer = setTimeout(() => {
      ask<{ search: { nodes: readonly Track[] } | null }>(
        SEARCH,
        { text },
        { signal: leaving.signal },
      )
        .then(({ search }) => setFound(search?.nodes ?? []))
        .catch(() => {}); // what was found before stays
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [text]);
  return found;
}

/** A field that finds tracks as one types, and adds the one that is chosen. */
export function Search({ onAdd }: { onAdd: (track: Track) => void }) {
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const found = useFound(text.trim());
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const shown = open && found ? found : [];
  const choose = (track: Track | undefined) => {
    if (!track) return;
    onAdd(track);
    setText("");
    setOpen(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length) setActive((active + step + shown.length) % shown.length);
    else if (event.key === "Enter") choose(shown[active]);
    else if (event.key === "Escape") setOpen(false);
    else return;
    event.preventDefault();
  };
  const left = (to: EventTarget | null) => !(to instanceof Node && box.current?.contains(to));
  return (
    <div
      className="search"
      ref={box}
      onBlur={(event) => left(event.relatedTarget) && setOpen(false)}
    >
      <SearchIcon />
      <input
        type="text"
        role="combobox"
        aria-label="Add a track"
        aria-expanded={shown.length > 0}
        aria-controls={id}
        aria-autocomplete="list"
        {...(shown.length > 0 && { "aria-activedescendant": `${id}-${active}` })}
        placeholder="Add a track: type a title or an artist"
        autoComplete="off"
        spellCheck={false}
        enterKeyHint="done"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setOpen(true);
          setActive(0);
        }}
        onFocus={() => setOpen(true)}
        onKeyDown={onKeyDown}
      />
      <ul id={id} role="listbox" aria-label="Tracks found" hidden={shown.length === 0}>
        {shown.map((track, place) => (
          <li
            key={track.id}
            id={`${id}-${place}`}
            role="option"
            aria-selected={place === active}
            onPointerDown={(event) => event.preventDefault()} // the field keeps the focus
            onPointerMove={() => setActive(place)}
            onClick={() => choose(track)}
          >
            <span className="grow">
              <span className="title">{track.title}</span>
              <span className="quiet artists">{artistsOf(track)}</span>
            </span>
            <span className="quiet number">{length(track.durationMs)}</span>
          </li>
        ))}
      </ul>
      <p className="nothing" role="status">
        {open && text.trim() && found?.length === 0 ? "No track is called so." : ""}
      </p>
    </div>
  );
}
