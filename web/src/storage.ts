import type { Storage } from "@graphiql/toolkit";

/** What the browser keeps for GraphiQL, without headers: its history would keep credentials. */
export const storage: Storage = {
  getItem: (name) => localStorage.getItem(name),
  setItem: (name, value) => localStorage.setItem(name, withoutHeaders(value)),
  removeItem: (name) => localStorage.removeItem(name),
  clear: () => localStorage.clear(),
  get length() {
    return localStorage.length;
  },
};

function withoutHeaders(text: string): string {
  if (!text.includes('"headers"')) return text;
  try {
    return JSON.stringify(JSON.parse(text), (key, value) =>
      key === "headers" && typeof value === "string" ? "" : value,
    );
  } catch {
    return text; // no document: an operation, or its variables as they are typed
  }
}
