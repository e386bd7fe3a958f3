// How the page follows the inbox, and marks what is in it. Run with node --test.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { runnerImport } from "vite";

const { module } = await runnerImport(new URL("../src/live-page/inbox.ts", import.meta.url).pathname);
const { openInbox } = module;

globalThis.document = { addEventListener() {}, removeEventListener() {} };
mock.timers.enable({ apis: ["setTimeout"] });

let edges, marked, inputs, followed;

beforeEach(() => {
  [edges, marked, inputs, followed] = [[], undefined, [], []];
});

globalThis.fetch = async (_url, { body }) => {
  const { variables } = JSON.parse(body);
  if (variables.input) inputs.push(variables.input);
  const data = variables.input
    ? { marked }
    : { viewer: { notifications: { unreadCount: edges.length, edges } } };
  return Response.json({ data });
};

const line = {
  follow(_query, variables, listener) {
    const one = { variables, listener, closed: false };
    followed.push(one);
    return () => (one.closed = true);
  },
};

const unread = (id) => ({ id, readAt: null });
const event = (id, unreadCount) => ({
  notifications: { cursor: `cursor ${id}`, unreadCount, notification: unread(id) },
});

/** Returns once nothing is under way any more. */
const settled = () => new Promise((done) => setImmediate(() => setImmediate(done)));

async function opened(...ids) {
  edges = ids.map((id) => ({ cursor: `cursor ${id}`, node: unread(id) }));
  const mail = openInbox(line);
  await settled();
  return mail;
}

test("it is followed behind its newest, or from its start", async () => {
  await opened("b", "a");
  await opened();
  assert.deepEqual(
    followed.map(({ variables }) => variables.after),
    ["cursor b", "0"],
  );
});

test("all up to the newest that is shown are marked", async () => {
  const mail = await opened();
  await mail.markAllRead();
  assert.deepEqual(inputs, []); // there is none
  followed[0].listener.next(event("a", 1));
  marked = { __typename: "NotificationsRead", unreadCount: 1 };
  const marking = mail.markAllRead();
  followed[0].listener.next(event("b", 2)); // this one came too late
  await marking;
  assert.deepEqual(inputs, [{ through: "cursor a" }]);
  const { unread, notifications } = mail.inbox.get();
  assert.equal(unread, 1);
  assert.deepEqual(
    notifications.map(({ id, readAt }) => [id, readAt !== null]),
    [
      ["b", false],
      ["a", true],
    ],
  );
});

test("what was refused is unread as before, and why is said", async () => {
  const mail = await opened("b", "a");
  marked = { __typename: "ValidationError", message: "There is no such place." };
  await mail.markRead("b");
  const { unread, notifications, problem } = mail.inbox.get();
  assert.equal(unread, 2);
  assert.ok(notifications.every(({ readAt }) => readAt === null));
  assert.equal(problem, "There is no such place.");
  marked = { __typename: "NotificationsRead", unreadCount: 1 };
  await mail.markRead("b");
  assert.equal(mail.inbox.get().problem, null);
});

test("a subscription that is refused for good begins behind the inbox as it is now", async () => {
  const mail = await opened("a");
  edges.unshift({ cursor: "cursor b", node: unread("b") });
  followed[0].listener.ended("BAD_CURSOR");
  mock.timers.tick(2_000);
  await settled();
  assert.equal(mail.inbox.get().unread, 2);
  assert.equal(followed.length, 2);
  assert.equal(followed[1].variables.after, "cursor b");
  mail.close();
  assert.ok(followed[1].closed);
});

test("what is missing is read, and it goes on behind that", async () => {
  const mail = await opened("a");
  edges.unshift({ cursor: "cursor c", node: unread("c") });
  followed[0].listener.next({ notifications: { current: "cursor b" } });
  await settled();
  assert.equal(mail.inbox.get().newest, "cursor c");
  assert.equal(followed[0].variables.after, "cursor b");
  assert.equal(followed.length, 1);
});
