// What all tests in a browser share: how Chromium starts, and what it must not do.

import { createRequire } from "node:module";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = require("playwright-core");
export const { AxeBuilder } = require("@axe-core/playwright");

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts Chromium, and ends it when `visit` has returned; prints what that returns as JSON. */
export async function report(executablePath, visit) {
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    process.stdout.write(JSON.stringify(await visit(browser)));
  } finally {
    await browser.close();
  }
}

/** Nothing seen yet. */
export const unseen = () => ({ origins: new Set(), complaints: [] });

/**
 * Notes where requests go, and every complaint of the browser, workers included.
 *
 * A status of `expected` is no complaint: a form that is not taken, a page that is not there.
 */
export function listen(context, seen, expected = []) {
  context.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== "data:" && protocol !== "blob:") seen.origins.add(origin);
  });
  context.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    // Aborted: a download, or what a page that was left still wanted.
    if (reason !== "net::ERR_ABORTED") seen.complaints.push(`${request.url()}: ${reason}`);
  });
  context.on("response", (response) => {
    const status = response.status();
    if (status >= 400 && !expected.includes(status))
      seen.complaints.push(`${response.url()}: ${status}`);
  });
  context.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    const status = /the server responded with a status of (\d+)/.exec(message.text())?.[1];
    if (!expected.includes(Number(status))) seen.complaints.push(message.text());
  });
  context.on("weberror", (error) => seen.complaints.push(String(error.error())));
}
