// Signing in at an OpenID provider in headless Chromium: a newcomer, and somebody who links it to
// the account that they have. Prints what was seen as one JSON document.
//
//   node oidc.mjs <server> <chromium> <handle> <password> <folder of screenshots>

import { join } from "node:path";

import { AxeBuilder, listen, report, unseen } from "./browser.mjs";

const [server, executablePath, handle, password, screenshots] = process.argv.slice(2);
const seen = { ...unseen(), violations: [], pages: {} };

async function look(page, name) {
  seen.pages[name] = await page.title();
  for (const [size, width] of Object.entries({ wide: 1280, narrow: 390 })) {
    await page.setViewportSize({ width, height: 800 });
    await page.screenshot({ path: join(screenshots, `${name}-${size}.png`), fullPage: true });
  }
  const { violations } = await new AxeBuilder({ page }).analyze();
  for (const { id, nodes } of violations)
    seen.violations.push(`${name}: ${id} ${nodes.map((one) => one.html).join()}`);
}

const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

/** Signs in at the provider, and agrees to all. */
async function there(page, login) {
  await page.getByPlaceholder("Enter any login").fill(login);
  await page.getByPlaceholder("and password").fill("any");
  await press(page, "Sign-in");
  await press(page, "Continue");
}

async function fresh(browser, visit) {
  const context = await browser.newContext();
  // The provider's own pages want a font from elsewhere: nobody is asked for it.
  await context.route("https://fonts.googleapis.com/**", (route) =>
    route.fulfill({ contentType: "text/css", body: "" }),
  );
  listen(context, seen);
  const page = await context.newPage();
  await visit(page, context);
  await context.close();
}

async function newcomer(page, context) {
  await page.goto(`${server}/account/sign-in?next=/account/sessions`);
  await look(page, "sign-in");
  // Two tabs at once: the one that began first ends first.
  const second = await context.newPage();
  await second.goto(`${server}/account/sign-in`);
  await page.getByRole("link", { name: "Continue with Acme" }).click();
  await second.getByRole("link", { name: "Continue with Acme" }).click();
  await there(page, "zoe");
  await heading(page, "Welcome");
  await look(page, "welcome");
  await second.close();
  await page.getByLabel("Handle").fill("zoe_q");
  await page.getByLabel("Name", { exact: true }).fill("Zoë Quillfeather");
  await press(page, "Make my account");
  await page.getByText("Your handle is").waitFor();
  await press(page, "Sign out");
  await heading(page, "You are signed out");
  await look(page, "signed-out");
}

async function linking(page) {
  await page.goto(`${server}/account/sign-in?next=/account/identities`);
  await page.getByLabel("E-mail address or handle").fill(handle);
  await page.getByLabel("Password").fill(password);
  await press(page, "Sign in");
  await heading(page, "Linked accounts");
  await press(page, "Link Acme");
  await there(page, "ada-elsewhere");
  await page.getByText("Your account is linked.").waitFor();
  await look(page, "linked");
  await press(page, "Sign out");
  await page.getByRole("link", { name: "Sign in", exact: true }).first().click();
  await page.getByRole("link", { name: "Continue with Acme" }).click();
  // The provider knows them still.
  await page.getByText("Your handle is").waitFor();
  seen.handle = await page.locator("main strong").first().textContent();
}

await report(executablePath, async (browser) => {
  await fresh(browser, newcomer);
  await fresh(browser, linking);
  return { ...seen, origins: [...seen.origins] };
});
