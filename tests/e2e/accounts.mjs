// A newcomer's way through all pages of their account, in headless Chromium, light and dark, wide
// and narrow. Prints what was seen as one JSON document.
//
//   node accounts.mjs <server> <chromium> <folder of mails> <python> <folder of screenshots>

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { listen, report, unseen } from "./browser.mjs";
import { WIDE, fill, heading, looker, submit } from "./pages.mjs";

const [server, executablePath, mails, python, screenshots] = process.argv.slice(2);
const EXPECTED = [403, 404, 405, 422]; // what is not taken on purpose

const NAME = "Zoë Quillfeather-Wolkenstein";
const HANDLE = "zoe_q";
const EMAIL = "zoe@example.org";
const NEW_EMAIL = "zoe.quillfeather@example.org";
const PASSWORD = "seven green umbrellas";
const NEW_PASSWORD = "eight violet umbrellas";

const seen = { ...unseen(), pages: {}, violations: [] };

const look = looker(seen, screenshots);
const focused = (page) => page.locator(":focus").getAttribute("id");

/** Returns the link of the newest mail to an address; mails come a moment later. */
async function linkInMail(address, path) {
  const wanted = new RegExp(`${server}${path}\\?token=\\S+`);
  for (let tries = 0; tries < 200; tries++) {
    const names = readdirSync(mails, { recursive: true }).filter((name) => name.endsWith(".txt"));
    for (const name of names.sort().reverse()) {
      const text = readFileSync(join(mails, name), "utf8");
      const link = text.includes(address) && wanted.exec(text);
      if (link) return link[0];
    }
    await pause(50);
  }
  throw new Error(`no mail to ${address} with a link to ${path}`);
}

/** Returns a code of the authenticator, of this step or of a later one: each can be used once. */
const totp = (key, step) =>
  execFileSync(python, [
    "-c",
    "import pyotp, sys, time; print(pyotp.TOTP(sys.argv[1]).at(time.time() + 30 * int(sys.argv[2])))",
    key,
    String(step),
  ])
    .toString()
    .trim();

async function signUp(page) {
  await page.goto(`${server}/account`);
  await heading(page, "Sign in");
  await page.getByRole("link", { name: "Sign up" }).first().click();
  await heading(page, "Sign up");
  await look(page, "sign-up");
  const fields = { "E-mail address": EMAIL, Handle: HANDLE, Name: NAME, Password: "1234567890" };
  await fill(page, fields, "Sign up");
  await page.getByText(/Choose another one/).waitFor();
  seen.focusOnError = await focused(page);
  await look(page, "sign-up-refused");
  await fill(page, { Password: PASSWORD }, "Sign up");
  await heading(page, "Check your mail");
  await look(page, "check-mail");

  await page.goto(await linkInMail(EMAIL, "/account/confirm"));
  await look(page, "confirm");
  const used = page.url();
  await fill(page, { Password: "not the password" }, "Confirm");
  await page.getByText("This is not the password that was chosen").waitFor();
  await look(page, "confirm-wrong-password");
  await fill(page, { Password: PASSWORD }, "Confirm");
  await heading(page, "Sign in");
  await look(page, "confirmed");
  await page.goto(used);
  await submit(page, "Confirm");
  await page.getByRole("alert").waitFor();
  seen.focusOnProblem = await focused(page);
  await look(page, "confirm-refused");
}

async function signIn(page, password = PASSWORD, login = HANDLE) {
  await page.goto(`${server}/account/sign-in`);
  await fill(page, { "E-mail address or handle": login, Password: password }, "Sign in");
}

async function reset(page) {
  await page.goto(`${server}/account/sign-in`);
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await look(page, "forgot");
  await fill(page, { "E-mail address": EMAIL }, "Send the link");
  await heading(page, "Check your mail");
  await look(page, "check-mail-reset");
  await page.goto(await linkInMail(EMAIL, "/account/reset"));
  await look(page, "reset");
  await fill(page, { "New password": "1234567890" }, "Set the password");
  await page.getByText(/Choose another one/).waitFor();
  await fill(page, { "New password": NEW_PASSWORD }, "Set the password");
  await heading(page, "Sign in");
}

async function profile(page) {
  await signIn(page, "not the password");
  await page.getByRole("alert").waitFor();
  await look(page, "sign-in-refused");
  await signIn(page, NEW_PASSWORD);
  await heading(page, "Profile");
  await look(page, "profile");
  await fill(page, { Name: `${NAME} of the ${"Long".repeat(6)}` }, "Save");
  await page.getByRole("status").waitFor();
  await look(page, "profile-saved");
  await page.getByLabel("Nobody but you").check();
  await fill(
    page,
    { "Address of your picture (optional)": "https://me:secret@x.example/" },
    "Save",
  );
  await page.getByText("A picture has an address with https.").waitFor();
  await look(page, "profile-refused");

  await page.getByRole("link", { name: "E-mail" }).click();
  await look(page, "email");
  await fill(
    page,
    { "New e-mail address": NEW_EMAIL, "Your password": "wrong" },
    "Change the address",
  );
  await page.getByText("This is not your password.").waitFor();
  await look(page, "email-refused");
  await fill(page, { "Your password": NEW_PASSWORD }, "Change the address");
  await look(page, "check-mail-email");
  await page.goto(await linkInMail(NEW_EMAIL, "/account/confirm"));
  await submit(page, "Confirm");
  await page.getByRole("status").waitFor();
  await page.getByText(NEW_EMAIL).waitFor();

  await page.getByRole("link", { name: "Password" }).click();
  await look(page, "password");
  const passwords = { "Current password": NEW_PASSWORD, "New password": PASSWORD };
  await fill(page, passwords, "Change the password");
  await page.getByRole("status").waitFor();
}

async function enrol(page) {
  await page.getByRole("link", { name: "Second factor" }).click();
  await look(page, "second-factor-off");
  await fill(page, { "Your password": PASSWORD }, "Set it up");
  await heading(page, "Set up the second factor");
  await look(page, "second-factor-enrol");
  const key = await page.locator("#totp-key").innerText();
  await fill(page, { Code: "000000" }, "Turn it on");
  await page.locator("#code-error").waitFor();
  await look(page, "second-factor-enrol-refused");
  await fill(page, { Code: totp(key, -1) }, "Turn it on");
  await heading(page, "Your recovery codes");
  await look(page, "recovery-codes");
  const codes = await page.locator(".codes code").allInnerTexts();
  await page.getByRole("link", { name: "I have kept them" }).click();
  await look(page, "second-factor-on");
  return { key, codes };
}

async function addPasskey(page) {
  await page.getByRole("link", { name: "Passkeys" }).click();
  await look(page, "passkeys-none");
  await fill(page, { Name: "This laptop" }, "Add a passkey");
  await page.getByRole("status").waitFor();
  await page.getByText("Rename or remove").click();
  await fill(page, { "New name": "The old laptop in the kitchen" }, "Rename");
  await page.getByText("The passkey has its new name.").waitFor();
  await look(page, "passkeys");
  await page.getByText("Rename or remove").click();
  await fill(page, { "Your password": "wrong" }, "Remove");
  await page.getByText("This is not your password.").waitFor();
  await look(page, "passkeys-refused");
}

async function signOut(page) {
  await page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
  await page.waitForLoadState();
}

async function signInWithEach(page, { key, codes }) {
  await signOut(page);
  await signIn(page, PASSWORD, NEW_EMAIL);
  await heading(page, "Second factor");
  await look(page, "sign-in-code");
  await fill(page, { Code: "000000" }, "Go on");
  await page.locator("#code-error").waitFor();
  await look(page, "sign-in-code-refused");
  await page.getByLabel("Code", { exact: true }).fill(totp(key, 0));
  await page.getByRole("button", { name: "Go on" }).first().click();
  await heading(page, "Profile");
  await signOut(page);

  await signIn(page);
  await page.getByText("Use a recovery code instead").click();
  await page.getByLabel("Recovery code").fill(codes[0]);
  await page.getByRole("button", { name: "Go on" }).last().click();
  await heading(page, "Profile");
  await signOut(page);

  await page.goto(`${server}/account/sign-in?next=/account/sessions`);
  await submit(page, "Sign in with a passkey");
  await heading(page, "Sessions");
}

/** Signs in elsewhere, without JavaScript, with the second recovery code. */
async function signInElsewhere(browser, codes) {
  const elsewhere = await browser.newContext({ javaScriptEnabled: false });
  listen(elsewhere, seen, EXPECTED);
  const page = await elsewhere.newPage();
  await signIn(page);
  await page.getByText("Use a recovery code instead").click();
  await page.getByLabel("Recovery code").fill(codes[1]);
  await page.getByRole("button", { name: "Go on" }).last().click();
  await heading(page, "Profile");
  return page;
}

async function endSession(page, elsewhere) {
  await page.getByRole("link", { name: "Sessions" }).click();
  const rows = page.locator(".things > li");
  seen.sessions = await rows.count();
  await look(page, "sessions");
  await page.getByRole("button", { name: /^End the session/ }).click();
  await page.getByText("The session is ended.").waitFor();
  seen.sessionsLeft = await rows.count();
  await elsewhere.reload();
  await elsewhere.getByText("Your session has ended.").waitFor();
  await elsewhere.context().close();
}

async function exportAndDelete(page) {
  await page.getByRole("link", { name: "Activity" }).click();
  await look(page, "activity");
  await page.getByRole("link", { name: "My data" }).click();
  await look(page, "data");
  const downloading = page.waitForEvent("download");
  await submit(page, "Export my data");
  const download = await downloading;
  seen.exported = JSON.parse(readFileSync(await download.path(), "utf8"));

  await page.getByLabel("I want my account to be deleted").check();
  await fill(page, { "Your password": "wrong" }, "Delete my account");
  await page.getByText("This is not your password.").waitFor();
  await look(page, "data-refused");
  await page.getByLabel("I want my account to be deleted").check();
  await fill(page, { "Your password": PASSWORD }, "Delete my account");
  await heading(page, "Goodbye");
  await look(page, "goodbye");
  await signIn(page);
  await page.getByRole("alert").waitFor();
}

async function problems(page) {
  await page.goto(`${server}/account/nowhere`);
  await look(page, "not-found");
  await page.goto(`${server}/account/confirm`);
  await look(page, "confirm-incomplete");
}

/** Gives the browser an authenticator that says yes. */
async function withAuthenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

await report(executablePath, async (browser) => {
  const context = await browser.newContext({ viewport: WIDE });
  context.setDefaultTimeout(10_000);
  listen(context, seen, EXPECTED);
  const page = await context.newPage();
  await withAuthenticator(page);
  await problems(page);
  await signUp(page);
  await reset(page);
  await profile(page);
  const factor = await enrol(page);
  await addPasskey(page);
  await signInWithEach(page, factor);
  const elsewhere = await signInElsewhere(browser, factor.codes);
  await endSession(page, elsewhere);
  await exportAndDelete(page);
  return { ...seen, origins: [...seen.origins] };
});
