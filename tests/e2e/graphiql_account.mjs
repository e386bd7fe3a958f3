// Signs in and out of GraphiQL in headless Chromium, and prints what was seen as one JSON document.
//
//   node graphiql_account.mjs <server> <chromium> <handle> <password> <folder of screenshots>

import { join } from "node:path";

import { AxeBuilder, listen, report, unseen } from "./browser.mjs";

const [server, executablePath, handle, password, screenshots] = process.argv.slice(2);
const seen = { ...unseen(), violations: [] };

/** Returns what the corner of GraphiQL says of who is there, once it says `wanted`. */
async function corner(page, wanted) {
  const place = page.locator(".polyphony-account");
  await place.getByText(wanted).waitFor();
  return (await place.locator("a, button, span").allInnerTexts()).map((text) => text.trim());
}

/** Takes the page in both themes; axe looks at our part of it. */
async function look(page, name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(screenshots, `graphiql-${name}-${colorScheme}.png`) });
    const { violations } = await new AxeBuilder({ page }).include(".polyphony-logo").analyze();
    for (const { id, nodes } of violations)
      seen.violations.push(`${name} ${colorScheme}: ${id} ${nodes.map((one) => one.html).join()}`);
  }
}

async function open(page) {
  await page.goto(`${server}/graphql`);
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
}

/** Sends `{ viewer { handle } }` from the editor, as somebody would. */
async function askViewer(page) {
  await page.getByRole("button", { name: "New tab" }).click();
  const editor = page.locator(".graphiql-query-editor .monaco-editor").first();
  await editor.click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText("query Who { viewer { handle } }");
  const answered = page.waitForResponse(
    (response) => response.request().postDataJSON()?.operationName === "Who",
  );
  await page.locator(".graphiql-execute-button").click();
  const response = await answered;
  return { status: response.status(), body: await response.json() };
}

await report(executablePath, async (browser) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(15_000);
  listen(context, seen, [401]);
  const page = await context.newPage();

  await open(page);
  seen.nobody = await corner(page, "Sign in");
  await look(page, "nobody");
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("E-mail address or handle").fill(handle);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();

  await page.waitForURL(`${server}/graphql`);
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
  seen.signedIn = await corner(page, "Sign out");
  await look(page, "signed-in");
  seen.answer = await askViewer(page);

  // Somebody ends the session elsewhere: said once, and then one goes on as nobody.
  const cookies = await context.cookies();
  const other = await browser.newContext();
  await other.addCookies(cookies);
  const sessions = await other.newPage();
  await sessions.goto(`${server}/account/sessions`);
  await sessions.getByRole("button", { name: "Sign out everywhere" }).click();
  await sessions.getByText("You are signed out on all devices.").waitFor();
  await other.close();
  seen.refused = await askViewer(page);
  seen.ended = await corner(page, "Your session has ended.");
  await look(page, "session-ended");
  seen.afterwards = await askViewer(page);

  await page.getByRole("link", { name: "Sign in" }).focus();
  await page.keyboard.press("Enter");
  await page.getByLabel("E-mail address or handle").fill(handle);
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${server}/graphql`);
  await page.getByRole("button", { name: "Sign out" }).focus();
  await page.keyboard.press("Enter");
  seen.signedOut = await corner(page, "Sign in");
  return { ...seen, origins: [...seen.origins] };
});
