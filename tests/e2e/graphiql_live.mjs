// Follows somebody in GraphiQL in headless Chromium; prints a line when it does, and what it saw.
//
//   node graphiql_live.mjs <server> <chromium> <handle> <password> <title> <title after a restart>

import { listen, report, unseen } from "./browser.mjs";

const [server, executablePath, handle, password, first, second] = process.argv.slice(2);
// One line: the editor closes brackets by itself where a line ends.
const FOLLOW = (id) =>
  `subscription Follow { nowPlaying(userIds: ["${id}"]) {` +
  " ... on NowPlayingChanged { nowPlaying { track { title } } } } }";
const seen = { ...unseen(), sockets: [] };
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

async function signIn(page) {
  await page.goto(`${server}/account/sign-in?next=/graphql`);
  await page.getByLabel("E-mail address or handle").fill(handle);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(`${server}/graphql`);
  await page.locator(".polyphony-account").getByText("Sign out").waitFor();
}

/** Writes an operation into a new tab, and runs it. */
async function run(page, query) {
  await page.getByRole("button", { name: "New tab" }).click();
  await page.locator(".graphiql-query-editor .monaco-editor").first().click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(query);
  await page.locator(".graphiql-execute-button").click();
}

/** Returns once the result has this text. Monaco shows spaces as U+00A0. */
const shown = (page, text) =>
  page.waitForFunction(
    (wanted) =>
      document
        .querySelector(".result-window .view-lines")
        ?.textContent.replaceAll("\u00a0", " ")
        .includes(wanted),
    text,
  );

/** Returns the id of the person to follow. */
const person = (page) =>
  page.evaluate(async (handle) => {
    const answer = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: `{ user(handle: "${handle}") { id } }` }),
    });
    return (await answer.json()).data.user.id;
  }, handle);

await report(executablePath, async (browser) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(60_000);
  listen(context, seen, [401]);
  const page = await context.newPage();
  page.on("websocket", (socket) => seen.sockets.push(socket.url()));
  await page.goto(`${server}/graphql`);
  const id = await person(page);
  const opened = page.waitForEvent("websocket");
  await run(page, FOLLOW(id));
  await shown(page, first);
  const lost = (await opened).waitForEvent("close");
  const before = seen.complaints.length;
  say({ following: seen.sockets });

  await lost;
  const again = page.waitForEvent("websocket", (socket) =>
    socket.waitForEvent("framereceived").then(() => true, () => false),
  );
  await shown(page, second);
  seen.cameBack = true;
  seen.complaints.splice(before); // while the server was away, nothing was answered

  // The button ends the socket, and none follows.
  const closed = (await again).waitForEvent("close");
  await page.getByRole("button", { name: /^Stop/ }).click();
  await closed;
  await page.getByRole("button", { name: /^Execute/ }).waitFor();

  // A session that ends elsewhere: it is said, and none follows, either.
  await signIn(page);
  const sockets = seen.sockets.length;
  await run(page, FOLLOW(id));
  await shown(page, second);
  const other = await browser.newContext();
  await other.addCookies(await context.cookies());
  const sessions = await other.newPage();
  await sessions.goto(`${server}/account/sessions`);
  await sessions.getByRole("button", { name: "Sign out everywhere" }).click();
  await shown(page, "4403 ");
  await page.locator(".polyphony-account").getByText("Your session has ended.").waitFor();
  seen.afterSignIn = seen.sockets.length - sockets;
  return { ...seen, origins: [...seen.origins] };
});
