// How the tests of our own pages look at them, and fill their forms.

import { join } from "node:path";

import { AxeBuilder } from "./browser.mjs";

export const WIDE = { width: 1280, height: 800 };
export const NARROW = { width: 390, height: 844 };

/**
 * Returns what takes a page in both themes and widths, and has axe look at it.
 *
 * Titles go to `seen.pages`, what is wrong to `seen.violations`, pictures to the folder.
 */
export function looker(seen, screenshots) {
  return async (page, name) => {
    seen.pages[name] = await page.title();
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      for (const [width, size] of Object.entries({ wide: WIDE, narrow: NARROW })) {
        await page.setViewportSize(size);
        const path = join(screenshots, `${name}-${colorScheme}-${width}.png`);
        await page.screenshot({ path, fullPage: true });
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        if (overflow > 0) seen.violations.push(`${name} ${width}: ${overflow} px too wide`);
      }
      const axe = new AxeBuilder({ page });
      // All else is the same in the dark.
      if (colorScheme === "dark") axe.withRules(["color-contrast", "link-in-text-block"]);
      const { violations } = await axe.analyze();
      for (const { id, nodes } of violations)
        seen.violations.push(
          `${name} ${colorScheme}: ${id} ${nodes.map((one) => one.html).join()}`,
        );
    }
    await page.setViewportSize(WIDE);
  };
}

export const submit = (page, name) => page.getByRole("button", { name, exact: true }).click();

/** Fills fields by their labels, and presses a button. */
export async function fill(page, fields, button) {
  for (const [label, value] of Object.entries(fields))
    await page.getByLabel(label, { exact: true }).fill(value);
  await submit(page, button);
}

export const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

/** Signs somebody in where the page asks for it. */
export const signIn = (page, login, password) =>
  fill(page, { "E-mail address or handle": login, Password: password }, "Sign in");
