import { ask, Refusal } from "./ask";
import { INBOX, READ, TOLD } from "./documents";
import type { Person } from "./list";
import type { Line } from "./socket";
import { createStore } from "./store";

export type Notification = {
  id: string;
  kind: "NEW_FOLLOWER" | "INVITATION" | "PLAYLIST_SHARED" | "NEW_DEVICE";
  createdAt: string;
  readAt: string | null;
  role: string | null;
  device: string | null;
  actor: Person | null;
  playlist: { id: string; title: string; owner: { id: string } | null } | null;
  invitation: { title: string } | null;
};

/** The newest first; `newest` is the cursor of the first, `problem` why the last mark failed. */
export type Inbox = {
  unread: number;
  notifications: readonly Notification[];
  newest: string | null;
  problem: string | null;
};

type Read = {
  viewer: {
    notifications: {
      unreadCount: number | null;
      edges: readonly { cursor: string; node: Notification }[];
    } | null;
  } | null;
};
type Told = {
  notifications: {
    cursor?: string;
    current?: string | null;
    unreadCount?: number | null;
    notification?: Notification;
  };
};
type Marked = {
  marked: { __typename: string; unreadCount?: number | null; message?: string };
};

const SHOWN = 20;
const AGAIN_MS = 2_000;
const START = "0"; // where an inbox begins: a place for `after`, and of no notification
const EMPTY: Inbox = { unread: 0, notifications: [], newest: null, problem: null };

/** Reads the viewer's inbox, and follows it until it is closed. */
export function openInbox(line: Line) {
  const inbox = createStore(EMPTY);
  let beginning = 0;
  let unfollow = () => {};

  /** Reads all, and goes on behind it: at the start, and where the subscription cannot. */
  async function begin() {
    unfollow();
    const turn = ++beginning;
    try {
      await read();
    } catch {
      return later(turn);
    }
    if (turn !== beginning) return; // closed, or begun once more
    const variables = { after: inbox.get().newest ?? START };
    unfollow = line.follow<Told>(TOLD, variables, {
      next: (event) => next(event, variables),
      ended: () => later(turn), // after a pause, since it may be refused once more
    });
  }

  function later(turn: number) {
    setTimeout(() => turn === beginning && void begin(), AGAIN_MS);
  }

  async function read() {
    const { viewer } = await ask<Read>(INBOX, {});
    const found = viewer?.notifications;
    if (!found) throw new Refusal("", "The inbox could not be read.");
    inbox.set({
      unread: found.unreadCount ?? 0,
      notifications: found.edges.map(({ node }) => node),
      newest: found.edges[0]?.cursor ?? null,
    });
  }

  function next({ notifications: told }: Told, variables: { after: string }) {
    const { cursor, current, unreadCount, notification } = told;
    variables.after = cursor ?? current ?? variables.after; // where to go on after a break
    if (!notification) return void read().catch(() => later(beginning));
    const { notifications, unread, newest } = inbox.get();
    const others = notifications.filter(({ id }) => id !== notification.id);
    inbox.set({
      unread: unreadCount ?? unread + 1,
      notifications: [notification, ...others].slice(0, SHOWN),
      newest: cursor ?? newest,
    });
  }

  /** Marks some of those that are shown now, and all that are older where it is `through` one. */
  async function mark(input: { ids: string[] } | { through: string }, ids: ReadonlySet<string>) {
    const answer = await ask<Marked>(READ, { input }).catch(() => null);
    if (answer?.marked.__typename !== "NotificationsRead")
      return inbox.set({ problem: answer?.marked.message ?? "That did not work." });
    const { unread, notifications } = inbox.get();
    const readAt = new Date().toISOString();
    inbox.set({
      unread: answer.marked.unreadCount ?? unread,
      notifications: notifications.map((one) =>
        ids.has(one.id) ? { ...one, readAt: one.readAt ?? readAt } : one,
      ),
      problem: null,
    });
  }

  // What was read on another device is told nobody: one asks.
  const shown = () => document.hidden || void read().catch(() => {});
  document.addEventListener("visibilitychange", shown);
  void begin();
  return {
    inbox,
    markRead: (id: string) => mark({ ids: [id] }, new Set([id])),
    async markAllRead() {
      const { newest, notifications } = inbox.get();
      if (newest !== null)
        await mark({ through: newest }, new Set(notifications.map(({ id }) => id)));
    },
    close() {
      beginning += 1;
      document.removeEventListener("visibilitychange", shown);
      unfollow();
    },
  };
}
