import type { Notification, openInbox } from "./inbox";
import type { Person } from "./list";
import { BellIcon } from "./icons";
import { useStore } from "./store";
import { Ago } from "./time";

type Mail = ReturnType<typeof openInbox>;

/** The viewer's notifications: how many are unread, and the newest of them. */
export function Bell({ mail, viewer }: { mail: Mail; viewer: Person }) {
  const { unread, notifications, problem } = useStore(mail.inbox);
  const said = unread === 0 ? "Notifications" : `Notifications, ${unread} unread`;
  return (
    <>
      <button type="button" className="icon bell" popoverTarget="inbox" aria-label={said}>
        <BellIcon />
        {unread > 0 && <span className="count">{unread > 99 ? "99+" : unread}</span>}
      </button>
      <section id="inbox" popover="auto" aria-labelledby="inbox-title">
        <div className="line">
          <h2 id="inbox-title">Notifications</h2>
          {unread > 0 && (
            <button type="button" className="link" onClick={() => void mail.markAllRead()}>
              Mark all as read
            </button>
          )}
        </div>
        {problem && <p role="alert">{problem}</p>}
        {notifications.length === 0 && <p className="quiet">Nothing yet.</p>}
        <ul>
          {notifications.map((one) => (
            <li key={one.id} data-unread={one.readAt === null || undefined}>
              <p>
                {told(one, viewer)} <Ago at={one.createdAt} />
              </p>
              {one.readAt === null && (
                <button
                  type="button"
                  className="read"
                  aria-label={`Mark as read: ${told(one, viewer)}`}
                  title="Mark as read"
                  onClick={() => void mail.markRead(one.id)}
                />
              )}
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

/** Returns what a notification says; it can do without what the viewer may not see any more. */
function told({ kind, actor, playlist, invitation, role, device }: Notification, viewer: Person) {
  const who = actor?.displayName ?? "Somebody";
  const what = playlist ? `“${playlist.title}”` : "a playlist";
  if (kind === "NEW_FOLLOWER") return `${who} follows you now.`;
  if (kind === "NEW_DEVICE") return `Somebody signed in as you: ${device ?? "a new device"}.`;
  if (kind === "INVITATION")
    return `${who} asks you to work on ${invitation ? `“${invitation.title}”` : what}.`;
  if (role === null) return `${who} gave ${what} to you.`;
  if (playlist?.owner?.id === viewer.id) return `${who} works on ${what} with you now.`;
  return `You work on ${what} with ${who} now.`;
}
