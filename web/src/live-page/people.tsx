import { useStore } from "./store";
import type { Person } from "./list";
import type { openPlaying, openPresence } from "./company";
import { length, useNow } from "./time";

const TONES = 6;
const FACES = 5;

/** A person as a coloured disc with their initials: pictures may lie on other hosts. */
export function Avatar({ person, small }: { person: Person; small?: boolean }) {
  const [first = "", ...rest] = person.displayName.split(/[\s-]+/).filter(Boolean);
  const initials = [first, rest.at(-1) ?? ""].map((word) => [...word][0] ?? "").join("");
  const tone =
    [...person.id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 0) % TONES;
  return (
    <span className={small ? "avatar small" : "avatar"} data-tone={tone} aria-hidden="true">
      {initials.toUpperCase()}
    </span>
  );
}

type PresenceProps = { of: ReturnType<typeof openPresence>; viewer: Person; live: boolean };

/** Who else looks at this playlist now, or did when the page last heard of it. */
export function Presence({ of, viewer, live }: PresenceProps) {
  const { people, others } = useStore(of.here);
  const sorted = people
    .filter(({ id }) => live || id !== viewer.id)
    .sort((a, b) => Number(b.id === viewer.id) - Number(a.id === viewer.id));
  const shown = sorted.slice(0, FACES);
  const more = others + sorted.length - shown.length;
  const names = shown.map((one) => (one.id === viewer.id ? "You" : one.displayName));
  if (more > 0) names.push(`${more} ${more === 1 ? "other" : "others"}`);
  return (
    <div className="presence" role="status" aria-label="Who is here" data-past={!live || undefined}>
      <span className="faces">
        {shown.map((one) => (
          <Avatar key={one.id} person={one} />
        ))}
      </span>
      <span className="names">{names.length > 0 && sentence(names, live)}</span>
    </div>
  );
}

const list = new Intl.ListFormat("en");
const sentence = (names: string[], live: boolean) => {
  if (!live) return `Last seen here: ${list.format(names)}`;
  const verb = names.length > 1 || names[0] === "You" ? "are" : "is";
  return `${list.format(names)} ${verb} here now`;
};

type FriendsProps = {
  of: ReturnType<typeof openPlaying>;
  people: readonly Person[];
  viewer: Person;
  live: boolean;
  onStop: () => void;
};

/** What the viewer and those around them play at this moment. */
export function NowPlaying({ of, people, viewer, live, onStop }: FriendsProps) {
  const playing = useStore(of.playing).of;
  const now = useNow(1000);
  // Without a connection nobody says that a track is over.
  const active = people.filter(({ id }) => Date.parse(playing.get(id)?.endsAt ?? "") > now);
  return (
    <section className="panel playing" aria-labelledby="playing-title">
      <h2 id="playing-title">Playing now</h2>
      {active.length === 0 && (
        <p className="quiet">
          {live ? "Nobody plays anything at the moment." : "Not known without a connection."}
        </p>
      )}
      {/* On a phone it is scrolled sideways, with the keyboard, too. */}
      <ul tabIndex={0} aria-labelledby="playing-title">
        {active.map((person) => {
          const { track, startedAt, endsAt } = playing.get(person.id)!;
          const [from, to] = [Date.parse(startedAt), Date.parse(endsAt)];
          const you = person.id === viewer.id;
          return (
            <li key={person.id}>
              <Avatar person={person} />
              <div className="grow">
                <p className="person">
                  <span className="grow title">{you ? "You" : person.displayName}</span>
                  {you ? (
                    <button type="button" className="link" onClick={onStop}>
                      Stop
                    </button>
                  ) : (
                    <span className="number">{length(Math.max(0, to - now))}</span>
                  )}
                </p>
                <p className="title">{track?.title ?? "Something"}</p>
                <p className="quiet artists">{track && artistsOf(track)}</p>
                <progress
                  aria-label={`How far ${you ? "you are" : `${person.displayName} is`}`}
                  max={to - from}
                  value={Math.max(0, Math.min(now, to) - from)}
                />
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** Returns the names of those who made a track. */
export const artistsOf = ({
  artists,
}: {
  artists: readonly { artist: { name: string } | null }[] | null;
}) =>
  (artists ?? [])
    .map(({ artist }) => artist?.name)
    .filter(Boolean)
    .join(", ");
