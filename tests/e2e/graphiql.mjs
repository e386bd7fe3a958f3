// Clicks through GraphiQL in headless Chromium, and prints what it saw as one JSON document.
//
//   node graphiql.mjs <server> <light | dark> <chromium> <screenshot.png>

import { listen, report, unseen } from "./browser.mjs";

const [server, colorScheme, executablePath, screenshot] = process.argv.slice(2);
const VARIABLES = '[aria-label="Variables"] .graphiql-editor:not(.hidden) .view-lines';

/** Monaco shows spaces as U+00A0. */
const text = async (locator) => (await locator.innerText()).replaceAll("\u00a0", " ");

/** Clicks the execute button; returns the variables sent, the answer, and what is shown of it. */
async function execute(page) {
  const answered = page.waitForResponse((response) => {
    const sent = response.request().postDataJSON();
    return response.url() === `${server}/graphql` && sent?.operationName !== "IntrospectionQuery";
  });
  await page.locator(".graphiql-execute-button").click();
  const response = await answered;
  const { variables } = response.request().postDataJSON();
  await page
    .locator(".result-window .view-line", { hasText: /"(data|errors)"/ })
    .first()
    .waitFor();
  const shown = await text(page.locator(".result-window .view-lines"));
  return { variables, answer: await response.json(), shown };
}

/** Runs each tab's operation in turn. */
async function runTabs(page) {
  // An editor that is ready has a line, if an empty one.
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
  await page.locator(`${VARIABLES} .view-line`).first().waitFor({ state: "attached" });
  const results = {};
  for (const tab of await page.getByRole("tab").all()) {
    await tab.click();
    results[await tab.innerText()] = await execute(page);
  }
  return results;
}

/** Opens a plugin of the side bar, and returns what it says. */
async function openPlugin(page, button, content) {
  await page.getByRole("button", { name: button }).click();
  const plugin = page.locator(".graphiql-plugin");
  await plugin.getByText(content).first().waitFor();
  return text(plugin);
}

async function visit(browser) {
  const seen = unseen();
  const context = await browser.newContext({
    colorScheme,
    viewport: { width: 1440, height: 900 },
  });
  listen(context, seen);
  const page = await context.newPage();
  await page.goto(`${server}/graphql`);
  await page.getByRole("tab").first().waitFor();

  const results = await runTabs(page);
  const history = await openPlugin(page, "Show History", "Reference");
  const explorer = await openPlugin(page, "Show GraphiQL Explorer", "search");
  await openPlugin(page, "Show Documentation Explorer", "Root Types");
  const plugin = page.locator(".graphiql-plugin");
  await plugin.getByRole("link", { name: "Query", exact: true }).click();
  await plugin.locator(".graphiql-doc-explorer-title", { hasText: "Query" }).waitFor();
  const documentation = await text(plugin);
  await page.screenshot({ path: screenshot });

  const background = await page
    .locator(".graphiql-container")
    .evaluate((element) => getComputedStyle(element).backgroundColor);
  const title = await page.title();
  await page.reload();
  await page.getByRole("tab").first().waitFor();
  const tabsAfterReload = await page.getByRole("tab").allInnerTexts();
  await page.locator(`${VARIABLES} .view-line`).first().waitFor({ state: "attached" });
  const variablesAfterReload = await text(page.locator(VARIABLES));
  return {
    title,
    results,
    history,
    explorer,
    documentation,
    background,
    tabsAfterReload,
    variablesAfterReload,
    origins: [...seen.origins],
    complaints: seen.complaints,
  };
}

await report(executablePath, visit);
