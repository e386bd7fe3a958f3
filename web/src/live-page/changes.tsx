import type { Change, Person } from "./list";
import { Avatar } from "./people";
import { Ago } from "./time";

const SHOWN = 8;
const DONE = { ADD: "added", MOVE: "moved", REMOVE: "removed", UNDO: "took back" } as const;

type Props = {
  changes: readonly Change[];
  viewer: Person;
  mayEdit: boolean;
  onUndo: (version: number) => void;
};

/** What became of the list lately, each of which can be taken back. */
export function Changes({ changes, viewer, mayEdit, onUndo }: Props) {
  return (
    <section className="panel changes" aria-labelledby="changes-title">
      <h2 id="changes-title">Changes</h2>
      {changes.length === 0 && <p className="quiet">Nothing has been changed yet.</p>}
      <ol>
        {changes.slice(0, SHOWN).map((change) => (
          <li key={change.version} data-version={change.version}>
            {change.actor ? (
              <Avatar person={change.actor} small />
            ) : (
              <span className="avatar small" />
            )}
            <p className="grow">
              {said(change, viewer)} <Ago at={change.at} />
            </p>
            {mayEdit && (
              <button
                type="button"
                className="link"
                aria-label={`Undo: ${said(change, viewer)}`}
                onClick={() => onUndo(change.version)}
              >
                Undo
              </button>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

function said({ kind, actor, items }: Change, viewer: Person): string {
  const who = actor?.id === viewer.id ? "You" : (actor?.displayName ?? "Somebody");
  const [first] = items;
  const what = kind === "UNDO" ? "a change of" : "";
  const title = first?.track ? `“${first.track.title}”` : "a track";
  const more = items.length > 1 ? ` and ${items.length - 1} more` : "";
  return [who, DONE[kind], what, title].filter(Boolean).join(" ") + more;
}
