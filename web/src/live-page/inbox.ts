import { ask } from "./ask";
import { INBOX, READ, TOLD } from "./documents";
import type { Person } from "./list";
import type { Line } from "./socket";
import { createStore, type Store } from "./store";

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

/** The newest first. */
export type Inbox = { unread: number; notifications: readonly Notification[] };

type Read = {
  viewer: {
    notifications: {
      unreadCount: number | null;
      edges: readonly { cursor: string; node: Notification }[];
    } | null;
  } | null;
};
type Told = {
  notifications: { cursor?: string; unreadCount?: number | null; notification?: Notification };
};

const SHOWN = 20;

/** Reads the viewer's inbox, and follows it until it is closed. */
export function openInbox(line: Line) {
  const inbox: Store<Inbox> = createStore<Inbox>({ unread: 0, notifications: [] });
  const variables: { after: string | null } = { after: null };
  let unfollow = () => {};
  let closed = false;

  async function read() {
    const { viewer } = await ask<Read>(INBOX, {});
    const found = viewer?.notifications;
    if (!found) return;
    const [newest] = found.edges;
    variables.after ??= newest?.cursor ?? "0"; // all that comes behind nothing
    inbox.set({
      unread: found.unreadCount ?? 0,
      notifications: found.edges.map(({ node }) => node),
    });
  }

  function next({ notifications: { cursor, unreadCount, notification } }: Told) {
    if (!notification) return void read().catch(() => {});
    variables.after = cursor ?? variables.after; // where to go on after a break
    const others = inbox.get().notifications.filter(({ id }) => id !== notification.id);
    inbox.set({
      unread: unreadCount ?? inbox.get().unread + 1,
      notifications: [notification, ...others].slice(0, SHOWN),
    });
  }

  async function mark(
    input: { ids: string[] } | { through: string },
    is: (one: Notification) => boolean,
  ) {
    const { markNotificationsRead } = await ask<{
      markNotificationsRead: { unreadCount?: number | null };
    }>(READ, { input });
    const readAt = new Date().toISOString();
    inbox.set({
      unread: markNotificationsRead.unreadCount ?? 0,
      notifications: inbox
        .get()
        .notifications.map((one) => (is(one) ? { ...one, readAt: one.readAt ?? readAt } : one)),
    });
  }

  // What was read on another device is told nobody: one asks.
  const shown = () => document.hidden || void read().catch(() => {});
  document.addEventListener("visibilitychange", shown);
  // An inbox that was empty has no place to go on from after a break: it is read again.
  const unwatch = line.standing.watch(() => {
    if (line.standing.get().now === "resumed" && variables.after === null) shown();
  });
  void read()
    .catch(() => {})
    .then(() => {
      if (!closed) unfollow = line.follow<Told>(TOLD, variables, { next, ended() {} });
    });
  return {
    inbox,
    markRead: (id: string) => mark({ ids: [id] }, (one) => one.id === id),
    markAllRead: () => {
      const through = variables.after;
      return through === null ? Promise.resolve() : mark({ through }, () => true);
    },
    close() {
      closed = true;
      document.removeEventListener("visibilitychange", shown);
      unwatch();
      unfollow();
    },
  };
}
