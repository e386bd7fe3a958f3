// Two people share a playlist on /live in headless Chromium; prints a line at each turn of the
// test that runs this, and what was seen.
//
//   node live.mjs <server> <the same through a proxy> <chromium> <password of ada>
//     <password of fjord_fan> <folder of screenshots>

import { join } from "node:path";
import { createInterface } from "node:readline/promises";

import { AxeBuilder, listen, report, unseen } from "./browser.mjs";
import { NARROW, signIn, WIDE } from "./pages.mjs";

const [server, through, executablePath, adas, editors, screenshots] = process.argv.slice(2);
const seen = { ...unseen(), violations: [] };
const turns = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Says something to the test, and returns when it has done its part. */
async function turn(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
  await turns.next();
}

/** Takes the page wide and light, and narrow and dark; axe looks at it each time. */
async function look(page, name) {
  for (const [colorScheme, size] of [
    ["dark", NARROW],
    ["light", WIDE],
  ]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(size);
    await page.screenshot({ path: join(screenshots, `${name}-${colorScheme}.png`) });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (overflow > 0) seen.violations.push(`${name}: ${overflow} px too wide`);
    const axe = new AxeBuilder({ page });
    // All else is the same in the dark, and on a phone.
    if (colorScheme === "dark") axe.withRules(["color-contrast", "scrollable-region-focusable"]);
    const { violations } = await axe.analyze();
    for (const { id, nodes } of violations)
      seen.violations.push(`${name} ${colorScheme}: ${id} ${nodes.map((one) => one.html).join()}`);
  }
}

async function open(browser, address, handle, password) {
  const context = await browser.newContext({ viewport: WIDE });
  context.setDefaultTimeout(20_000);
  listen(context, seen);
  const page = await context.newPage();
  await page.goto(`${address}/live`);
  await page.getByRole("heading", { name: "A playlist, live" }).waitFor();
  if (handle === "ada") await look(page, "live-signed-out");
  await page.getByRole("link", { name: "Sign in" }).click();
  await signIn(page, handle, password);
  await page.waitForURL(`${address}/live`);
  await rows(page).first().waitFor();
  return page;
}

const rows = (page) => page.locator(".tracks > li");
const titles = (page) => rows(page).locator(".title").allInnerTexts();
const ids = (page) => rows(page).evaluateAll((all) => all.map((one) => one.dataset.item));
const said = (page, text) => page.getByText(text).first().waitFor();
const standing = (page, text) => page.getByLabel("Connection").getByText(text).waitFor();

/** Returns once a list stands in this order. */
const stands = (page, wanted) =>
  page.waitForFunction(
    (all) =>
      [...document.querySelectorAll(".tracks > li")].map((one) => one.dataset.item).join() === all,
    wanted.join(),
  );

/** Returns what the server says that the list is. */
const listed = (page) =>
  page.evaluate(async () => {
    const ask = (query) =>
      fetch("/graphql", {
        method: "POST",
        headers: { "content-type": "application/json", "graphql-preflight": "1" },
        body: JSON.stringify({ query }),
      }).then((answer) => answer.json());
    const { data } = await ask(`{ viewer { playlists(first: 50) { nodes { title
      items(first: 100) { nodes { id } } } } } }`);
    const title = document.querySelector("h1").textContent;
    const found = data.viewer.playlists.nodes.find((one) => one.title === title);
    return found.items.nodes.map(({ id }) => id);
  });

/** Drags one row to the place of another, as a hand does. */
async function drag(page, from, to) {
  const [start, end] = await Promise.all(
    [from, to].map((place) => rows(page).nth(place).locator(".grip").boundingBox()),
  );
  const x = start.x + start.width / 2;
  await page.mouse.move(x, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move(x, start.y + start.height / 2 + 8);
  await page.mouse.move(x, end.y + end.height / 2, { steps: 8 });
  await page.mouse.up();
}

const moved = (list, from, to) => {
  const rest = list.filter((_, place) => place !== from);
  return rest.toSpliced(to, 0, list[from]);
};

async function reorder(ada, editor) {
  const before = await ids(ada);
  await drag(ada, 1, 4);
  await stands(editor, moved(before, 1, 4));
  // And up again, with the keyboard.
  await rows(editor).nth(4).locator(".grip").focus();
  await editor.keyboard.press("Space");
  await said(editor, /is picked up, at place 5/);
  for (const place of [4, 3, 2]) {
    await editor.keyboard.press("ArrowUp");
    await said(editor, new RegExp(`is at place ${place} of`));
  }
  await editor.keyboard.press("Space");
  await stands(ada, before);
}

async function addRemoveUndo(ada, editor) {
  const before = await ids(ada);
  await editor.getByLabel("Add a track").pressSequentially("winter comp");
  await editor.getByRole("option", { name: /^Winter Compass/ }).waitFor();
  await look(editor, "live-search");
  await editor.keyboard.press("Enter");
  await rows(ada).nth(before.length).waitFor();
  seen.added = (await titles(ada)).at(-1);
  const after = await ids(ada);
  await rows(ada)
    .nth(2)
    .getByRole("button", { name: /^Remove/ })
    .click();
  await stands(editor, after.toSpliced(2, 1));
  // The viewer takes back their own from the message, and another's from the list of changes.
  await ada.locator(".notice").getByRole("button", { name: "Undo" }).click();
  await stands(editor, after);
  await ada
    .getByRole("button", { name: /^Undo: Sunniva Østvold added/ })
    .first()
    .click();
  await stands(editor, before);
  await stands(ada, before);
}

async function company(ada, editor) {
  await said(ada, "You and Sunniva Østvold are here now");
  await said(editor, "You and Ada Quillfeather are here now");
  const title = (await titles(ada))[2];
  await ada.getByRole("button", { name: `Show that you play “${title}”` }).click();
  await editor.locator(".playing li", { hasText: "Ada" }).getByText(title).waitFor();
  await ada.locator(".playing").getByRole("button", { name: "Stop" }).click();
  await editor.locator(".playing li", { hasText: "Ada" }).waitFor({ state: "detached" });
}

async function notifications(ada) {
  const bell = ada.getByRole("button", { name: /^Notifications/ });
  const unread = async () => Number((await bell.getAttribute("aria-label")).match(/\d+/)?.[0] ?? 0);
  const before = await unread();
  await turn({ follow: true });
  await ada.getByRole("button", { name: `Notifications, ${before + 1} unread` }).waitFor();
  await bell.click();
  await said(ada, "Sunniva Østvold follows you now.");
  await look(ada, "live-notifications");
  await ada.getByRole("button", { name: /^Mark as read: Sunniva/ }).click();
  await ada.getByRole("button", { name: `Notifications, ${before} unread` }).waitFor();
  await ada.getByRole("button", { name: "Mark all as read" }).click();
  await ada.getByRole("button", { name: "Notifications", exact: true }).waitFor();
  await ada.keyboard.press("Escape");
  seen.unread = [before, await unread()];
}

const plays = (page, who) => page.locator(".playing li", { hasText: who });
const playFirst = (page) =>
  page
    .getByRole("button", { name: /^Show that you play/ })
    .first()
    .click();

/** A network that goes quiet: what was changed meanwhile is there afterwards. */
async function tunnel(ada, editor) {
  const before = await ids(editor);
  const complaints = seen.complaints.length;
  await playFirst(ada);
  await playFirst(editor);
  await plays(editor, "Ada").waitFor();
  await plays(ada, "Sunniva").waitFor();
  await said(editor, "You and Ada Quillfeather are here now");
  await turn({ quiet: await editor.locator("h1").innerText() });
  await standing(editor, "Reconnecting");
  await said(editor, "Last seen here: Ada Quillfeather");
  await look(editor, "live-reconnecting");
  await said(ada, "You are here now"); // the server has noticed
  await ada.locator(".playing").getByRole("button", { name: "Stop" }).click();
  await plays(ada, "You").waitFor({ state: "detached" });
  // What one does meanwhile is kept, and sent once it can be.
  await rows(editor)
    .nth(0)
    .getByRole("button", { name: /^Remove/ })
    .click();
  await turn({ reconnecting: true });
  await standing(editor, "Resumed");
  await said(editor, "You and Ada Quillfeather are here now");
  await plays(editor, "You").waitFor();
  await plays(editor, "Ada").waitFor({ state: "detached" });
  await editor.waitForFunction(() => !document.querySelector("[data-sending]"));
  await ada.waitForFunction((gone) => !document.querySelector(`[data-item="${gone}"]`), before[0]);
  seen.complaints.splice(complaints); // nothing was answered for a while
  const now = await listed(ada);
  await stands(editor, now);
  await stands(ada, now);
  seen.tunnel = { before, now };
}

await report(executablePath, async (browser) => {
  const ada = await open(browser, server, "ada", adas);
  const editor = await open(browser, through, "fjord_fan", editors);
  let loads = 0;
  editor.on("load", () => (loads += 1));
  await standing(ada, "Live");
  await reorder(ada, editor);
  await addRemoveUndo(ada, editor);
  await company(ada, editor);
  await notifications(ada);
  await tunnel(ada, editor);
  seen.loads = loads;
  await editor.context().close();
  await said(ada, "You are here now");
  await ada.goto(`${server}/live?playlist=none`);
  await said(ada, "This playlist is not there, or it is not shared with you.");
  process.stdin.destroy();
  return { ...seen, origins: [...seen.origins] };
});
