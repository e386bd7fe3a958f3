// A developer's way through the portal in headless Chromium: a key is made, used by what the page
// says, watched, tried in GraphiQL, rotated and revoked. Prints what was seen as one JSON document.
//
//   node developers.mjs <server> <chromium> <handle> <password> <python> <folder of screenshots>

import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

import { listen, report, unseen } from "./browser.mjs";
import { WIDE, fill, heading, looker, signIn, submit } from "./pages.mjs";

const [server, executablePath, handle, password, python, screenshots] = process.argv.slice(2);
const seen = { ...unseen(), pages: {}, violations: [], said: {} };
const look = looker(seen, screenshots);

/** What a person would run who copies an example: languages that this machine has. */
const RUN = {
  curl: (text) => execFileSync("bash", ["-c", text], { stdio: ["ignore", "pipe", "ignore"] }),
  javascript: (text) => execFileSync(process.execPath, ["--input-type=module", "-e", text]),
  python: (text) => execFileSync(python, ["-c", text]),
};
const snippet = (page, language) => page.locator(`[data-snippet=${language}]`).textContent();
const secretOf = (page) => page.locator("#secret").textContent();

/** Returns the status of a request with a key. */
async function status(key) {
  const response = await fetch(`${server}/graphql`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-API-Key": key },
    body: '{"query": "{ __typename }"}',
  });
  return response.status;
}

async function overview(page) {
  await page.goto(`${server}/developers`);
  await look(page, "overview");
  await page.getByRole("link", { name: "Scopes", exact: true }).first().click();
  await heading(page, "Scopes");
  await look(page, "scopes");
  await page.getByRole("link", { name: "Quick starts", exact: true }).first().click();
  await heading(page, "Quick starts");
  await look(page, "quick-starts");
  await page.getByLabel("Your key (optional)").fill(`pk_dev_abc'"\\<`);
  seen.filledIn = await snippet(page, "swift");
  await page.getByRole("link", { name: "My keys", exact: true }).click();
  await heading(page, "Sign in");
  await signIn(page, handle, password);
  await heading(page, "My keys");
}

async function makeKey(page) {
  await look(page, "keys-none");
  await page.getByLabel(/In a page that anybody can read/).check();
  await fill(page, { Name: "Nightly sync" }, "Make the key");
  await page.getByText("A publishable key is bound to one origin").waitFor();
  seen.focused = await page.locator(":focus").getAttribute("id");
  await look(page, "keys-refused");
  await page.getByLabel(/Where nobody else reads it/).check();
  await page.getByLabel(/See your playlists/).check();
  await fill(page, { Name: "Nightly sync" }, "Make the key");
  await heading(page, "Your key");
  await look(page, "key-made");
  for (const [language, run] of Object.entries(RUN))
    seen.said[language] = run(await snippet(page, language)).toString();
  return secretOf(page);
}

async function graphiql(page, key) {
  await page.getByRole("link", { name: "Open GraphiQL with it" }).click();
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
  await page.getByRole("button", { name: "New tab" }).click();
  await page.locator(".graphiql-query-editor .monaco-editor").first().click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText("query WithKey { viewer { handle } }");
  const answered = page.waitForResponse(
    (response) => response.request().postDataJSON()?.operationName === "WithKey",
  );
  await page.locator(".graphiql-execute-button").click();
  const response = await answered;
  const headers = await response.request().allHeaders();
  await page.screenshot({ path: `${screenshots}/graphiql-with-key.png` });
  seen.graphiql = {
    withKey: headers["x-api-key"] === key,
    withCookie: "cookie" in headers,
    body: await response.json(),
    kept: await page.evaluate(
      (key) => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]).includes(key),
      key,
    ),
  };
}

/** Looks at the use of the key until all of it is there: it is counted a moment later. */
async function watchUse(page) {
  await page.goto(`${server}/developers/keys`);
  await look(page, "keys");
  await page.getByRole("link", { name: /Nightly sync/ }).click();
  await heading(page, "Nightly sync");
  const words = page.getByText(/operations? in 30 days/);
  for (let tries = 0; tries < 60; tries++) {
    await page.reload();
    seen.use = (await words.count()) ? await words.textContent() : "";
    if (parseInt(seen.use) >= 4) break; // three examples, and GraphiQL
    await pause(500);
  }
  await page.getByText("The numbers").click();
  seen.fields = await page.locator("table").last().locator("tbody th").allTextContents();
  await page.getByText("Revoke this key").click();
  await look(page, "key");
}

async function rotateAndRevoke(page, first) {
  const here = page.url();
  await page.getByLabel("After an hour").check();
  await submit(page, "Rotate");
  await heading(page, "Your key");
  await look(page, "key-rotated");
  const second = await secretOf(page);
  seen.overlap = [await status(first), await status(second)];
  await page.goto(here);
  await look(page, "key-overlap");
  await page.getByLabel("At once").check();
  await submit(page, "Rotate");
  const third = await secretOf(page);
  seen.third = await status(third);
  seen.dead = [await until401(first), await until401(second)];
  await page.goto(here);
  await page.getByText("Revoke this key").click();
  await submit(page, "Revoke it for good");
  await page.getByText("The key is revoked.").waitFor();
  await look(page, "key-revoked");
  seen.dead.push(await until401(third));
  seen.secrets = [first, second, third];
}

/** Returns 401 once a key is refused, which has to be within five seconds and some slack. */
async function until401(key) {
  for (let tries = 0; tries < 100 && (await status(key)) !== 401; tries++) await pause(100);
  return status(key);
}

await report(executablePath, async (browser) => {
  const context = await browser.newContext({ viewport: WIDE });
  context.setDefaultTimeout(20_000);
  listen(context, seen, [422]);
  const page = await context.newPage();
  await overview(page);
  const key = await makeKey(page);
  await graphiql(page, key);
  await watchUse(page);
  await rotateAndRevoke(page, key);
  return { ...seen, origins: [...seen.origins] };
});
