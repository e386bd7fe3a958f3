// What visit.mjs does with changes, by a browser's EventSource on a page of the gateway.
//
//   node events.mjs <chromium> <track> <track> <playlist>
//     <its version before a change, after it, after the restart, and after the last change>
//
// The first time that it asks again it is refused, as by a server that stops.
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

import { report } from "../../e2e/browser.mjs";
import { host } from "../setup/session.mjs";
import { documents } from "./documents.mjs";

const [executablePath, , , id, after, ...versions] = process.argv.slice(2);
const [following, restarted, last] = versions.map(Number);
const setup = await readFile(new URL("../setup/events.mjs", import.meta.url), "utf8");
const told = [];

async function until(version) {
  while (!told.includes(version)) await pause(20);
}

await report(executablePath, async (browser) => {
  const page = await browser.newPage({ bypassCSP: true });
  let asked = 0;
  await page.route("**/graphql?**", (route) =>
    ++asked === 2 ? route.fulfill({ status: 503 }) : route.continue(),
  );
  await page.goto(`http://${host}/account/sign-in`);
  await page.exposeFunction("told", (seq) => told.push(seq));
  await page.addScriptTag({ type: "module", content: `${setup}\nwindow.follow = follow;` });
  await page.evaluate(
    ([query, variables]) =>
      window.follow(query, variables, {
        next: ({ data }) => window.told(data.playlistChanged.seq),
        complete: () => window.told("it is over"),
      }),
    [documents.changes, { id, after }],
  );
  await until(following);
  process.stdout.write(`${JSON.stringify({ ready: {} })}\n`);
  await until(restarted - 1);
  process.stdout.write(`${JSON.stringify({ back: {} })}\n`);
  await until(restarted);
  process.stdout.write(`${JSON.stringify({ restarted })}\n`);
  await until(last);
  return { changes: told };
});
