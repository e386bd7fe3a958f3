// Apps of third parties in headless Chromium: registered in the portal, let in by people, and put
// out again: a web app of another origin, and a program in a terminal that shows a code. Prints
// what was seen as one JSON document.
//
//   node third_parties.mjs <server> <chromium> <handle> <password> <clients> <screenshots>

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

import { listen, report, unseen } from "./browser.mjs";
import { WIDE, fill, heading, looker, signIn, submit } from "./pages.mjs";

const [server, executablePath, handle, password, clients, screenshots] = process.argv.slice(2);
const seen = { ...unseen(), pages: {}, violations: [] };
const look = looker(seen, screenshots);

/** Starts a program of somebody else's; `line` returns the next that it says. */
function program(name, ...given) {
  const child = spawn(process.execPath, [join(clients, name), ...given], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value };
}

const onPage = async (page) => JSON.parse(await page.locator("body").textContent());
const clientId = (page) => page.locator("#client-id").textContent();

async function register(page, here) {
  await page.goto(`${server}/developers/apps`);
  await heading(page, "Sign in");
  await signIn(page, handle, password);
  await heading(page, "My apps");
  await look(page, "apps-none");
  const fields = { Name: "Mixtape", Website: "https://mixtape.example" };
  await fill(page, fields, "Register");
  await page.getByText("Say where people come back to").waitFor();
  await look(page, "apps-refused");
  await page.getByLabel(/See your handle/).check();
  await page.getByLabel(/See your playlists/).check();
  await page.getByLabel(/Change, share and delete/).check();
  await page.getByLabel("Addresses to come back to (optional)").fill(`${here}/back`);
  await submit(page, "Register");
  await heading(page, "Your app");
  await look(page, "app-made");
  const secret = await page.locator("#secret").textContent();
  const id = await clientId(page);
  await page.getByRole("link", { name: "I have kept it" }).click();
  await heading(page, "Mixtape");
  await look(page, "app");
  return { issuer: server, clientId: id, clientSecret: secret };
}

async function webApp(page) {
  const app = program("webapp.mjs");
  try {
    const here = await app.line();
    const settings = await register(page, here);
    app.child.stdin.write(`${JSON.stringify(settings)}\n`);
    await app.line(); // ready

    await page.goto(`${here}/login`);
    await heading(page, "Let Mixtape use your account?");
    await look(page, "consent");
    await submit(page, "Do not allow");
    await page.waitForURL(`${here}/back?*`);
    seen.denied = await onPage(page);

    await page.goto(`${here}/login`);
    await submit(page, "Allow");
    await page.waitForURL(`${here}/back?*`);
    seen.allowed = await onPage(page);
    await page.goto(`${here}/refresh`);
    seen.refreshed = await onPage(page);
    await page.goto(`${here}/login`); // and is not asked again
    await page.waitForURL(`${here}/back?*`);
    seen.again = (await onPage(page)).status;

    await page.goto(`${server}/account/apps`);
    await page.getByText("What it may do").click();
    await look(page, "account-apps");
    await submit(page, "Take back what Mixtape may do");
    await page.getByText("The app may do nothing for you any more.").waitFor();
    await look(page, "account-apps-none");
    for (let tries = 0; tries < 100; tries++) {
      await page.goto(`${here}/viewer`);
      seen.withdrawn = (await onPage(page)).status;
      if (seen.withdrawn === 401) break;
      await pause(100);
    }
    await page.goto(`${here}/refresh`);
    seen.refused = await onPage(page);
    seen.foreign = here;
  } finally {
    app.child.kill();
    await once(app.child, "exit");
  }
}

async function device(page) {
  await page.goto(`${server}/developers/apps`);
  await look(page, "apps");
  await page.getByLabel(/no secret stays one there/).check();
  await page.getByLabel(/People let it in in their browser/).uncheck();
  await page.getByLabel(/People type a code/).check();
  await page.getByLabel(/See your playlists/).check();
  await fill(page, { Name: "Terminal", Website: "https://terminal.example" }, "Register");
  await heading(page, "Your app");
  await look(page, "app-without-secret");
  const script = program("device.mjs", server, await clientId(page));
  try {
    const told = JSON.parse(await script.line());
    await page.goto(told.page);
    await heading(page, "Sign in on a device");
    await look(page, "device");
    await fill(page, { Code: "BCDF-GHJK" }, "Continue");
    await page.getByText("There is no such code").waitFor();
    await look(page, "device-refused");
    await fill(page, { Code: told.code }, "Continue");
    await heading(page, "Let Terminal in on a device?");
    await look(page, "device-confirm");
    await submit(page, "Allow: it is my device");
    await look(page, "device-done");
    seen.device = JSON.parse(await script.line());
  } finally {
    script.child.kill();
  }
}

await report(executablePath, async (browser) => {
  const context = await browser.newContext({ viewport: WIDE });
  context.setDefaultTimeout(20_000);
  listen(context, seen, [422, 502]); // 502 is what the app answers when it is refused
  const page = await context.newPage();
  await webApp(page);
  await device(page);
  return { ...seen, origins: [...seen.origins] };
});
