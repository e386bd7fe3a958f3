import {
  closestCenter,
  DndContext,
  KeyboardSensor,
  PointerSensor,
  useSensor,
  useSensors,
  type Announcements,
  type DragEndEvent,
  type UniqueIdentifier,
} from "@dnd-kit/core";
import { restrictToParentElement, restrictToVerticalAxis } from "@dnd-kit/modifiers";
import {
  SortableContext,
  sortableKeyboardCoordinates,
  useSortable,
  verticalListSortingStrategy,
} from "@dnd-kit/sortable";
import { memo } from "react";

import { GripIcon, PlayIcon, RemoveIcon } from "./icons";
import { gapAt, isNew, type Row } from "./list";
import { artistsOf, Avatar } from "./people";
import { length } from "./time";

type Actions = {
  onMove: (row: Row, before: string | null) => void;
  onRemove: (row: Row) => void;
  onPlay: (row: Row) => void;
};
type Props = Actions & {
  rows: readonly Row[];
  fresh: ReadonlySet<string>;
  mayEdit: boolean;
};

const MODIFIERS = [restrictToVerticalAxis, restrictToParentElement];
const INSTRUCTIONS = {
  draggable:
    "To move a track, press space, then the arrow keys, and space again to drop it. Escape leaves it where it was.",
};

/** The list itself: dragged by the handles, with a pointer, a finger or the keyboard. */
export function Tracks({ rows, fresh, mayEdit, ...actions }: Props) {
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 4 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  const onDragEnd = ({ active, over }: DragEndEvent) => {
    const row = rows.find(({ id }) => id === active.id);
    if (!row || !over || over.id === active.id) return;
    actions.onMove(row, gapAt(rows, row.id, String(over.id)));
  };
  if (rows.length === 0)
    return <p className="empty quiet">There is nothing in this playlist yet.</p>;
  return (
    <DndContext
      sensors={sensors}
      collisionDetection={closestCenter}
      modifiers={MODIFIERS}
      accessibility={{ announcements: announcements(rows), screenReaderInstructions: INSTRUCTIONS }}
      onDragEnd={onDragEnd}
    >
      <SortableContext items={rows as Row[]} strategy={verticalListSortingStrategy}>
        <ol className="tracks">
          {rows.map((row, place) => (
            <Line
              key={row.id}
              row={row}
              place={place + 1}
              fresh={fresh.has(row.id)}
              mayEdit={mayEdit}
              {...actions}
            />
          ))}
        </ol>
      </SortableContext>
    </DndContext>
  );
}

type LineProps = Actions & { row: Row; place: number; fresh: boolean; mayEdit: boolean };

const Line = memo(function Line({ row, place, fresh, mayEdit, onRemove, onPlay }: LineProps) {
  const fixed = !mayEdit || isNew(row);
  const {
    attributes,
    listeners,
    setNodeRef,
    setActivatorNodeRef,
    transform,
    transition,
    isDragging,
  } = useSortable({ id: row.id, disabled: fixed });
  const { title } = row.track;
  return (
    <li
      ref={setNodeRef}
      data-item={row.id}
      data-fresh={fresh || undefined}
      data-sending={row.sending || undefined}
      data-dragged={isDragging || undefined}
      style={{ transform: transform ? `translateY(${transform.y}px)` : undefined, transition }}
    >
      {mayEdit && (
        <button
          type="button"
          className="icon grip"
          ref={setActivatorNodeRef}
          {...attributes}
          {...listeners}
          disabled={fixed}
          aria-label={`Move “${title}”`}
        >
          <GripIcon />
        </button>
      )}
      <span className="place">
        <span className="quiet number">{place}</span>
        <button
          type="button"
          className="icon play"
          title="Show that you play this"
          aria-label={`Show that you play “${title}”`}
          onClick={() => onPlay(row)}
        >
          <PlayIcon />
        </button>
      </span>
      <span className="grow">
        <span className="title">{title}</span>
        <span className="quiet artists">{artistsOf(row.track)}</span>
      </span>
      {row.addedBy && (
        <span className="adder" title={`Added by ${row.addedBy.displayName}`}>
          <Avatar person={row.addedBy} small />
          <span className="unseen">Added by {row.addedBy.displayName}</span>
        </span>
      )}
      <span className="quiet number length">{length(row.track.durationMs)}</span>
      {mayEdit && (
        <button
          type="button"
          className="icon remove"
          disabled={fixed}
          title="Remove"
          aria-label={`Remove “${title}”`}
          onClick={() => onRemove(row)}
        >
          <RemoveIcon />
        </button>
      )}
    </li>
  );
});

function announcements(rows: readonly Row[]): Announcements {
  const title = (id: UniqueIdentifier) =>
    rows.find((row) => row.id === id)?.track.title ?? "The track";
  const place = (id: UniqueIdentifier) =>
    `place ${rows.findIndex((row) => row.id === id) + 1} of ${rows.length}`;
  const picked = (id: UniqueIdentifier) => `${title(id)} is picked up, at ${place(id)}.`;
  return {
    onDragStart: ({ active }) => picked(active.id),
    onDragOver({ active, over }) {
      if (!over) return undefined;
      // The first that it is over is itself; what was said at the start would be gone at once.
      return over.id === active.id
        ? picked(active.id)
        : `${title(active.id)} is at ${place(over.id)}.`;
    },
    onDragEnd: ({ active, over }) =>
      over ? `${title(active.id)} is dropped at ${place(over.id)}.` : undefined,
    onDragCancel: ({ active }) => `${title(active.id)} is where it was.`,
  };
}
