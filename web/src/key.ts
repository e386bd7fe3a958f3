const BROUGHT = "polyphony-key"; // where a page below /developers puts it

/** Credentials that somebody types as headers: the session's cookie stays away then. */
export const CREDENTIALS = ["authorization", "x-api-key"];

/**
 * Returns how GraphiQL begins with a key that the developer portal hands over, or without one.
 *
 * The key is taken once, and kept in no storage: all tabs send it until the page is left.
 */
export function keyBrought() {
  const key = sessionStorage.getItem(BROUGHT);
  if (!key) return { defaultEditorToolsVisibility: "variables" } as const;
  sessionStorage.removeItem(BROUGHT);
  const headers = JSON.stringify({ "X-API-Key": key }, null, 2);
  return {
    defaultEditorToolsVisibility: "headers",
    defaultHeaders: headers,
    initialHeaders: headers,
  } as const;
}
