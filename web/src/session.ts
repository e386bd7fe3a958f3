import { useEffect, useState } from "react";

/** A header that no page of another site can send unasked: requests with a cookie need it. */
export const PREFLIGHT = { "GraphQL-Preflight": "1" };

export type Viewer = { handle: string; displayName: string };

/** Who is signed in; `ended` where a session was shown that is none any more. */
export type Session = { viewer: Viewer | null; ended: boolean; known: boolean };

const CHANGED = "polyphony-session";
const UNKNOWN: Session = { viewer: null, ended: false, known: false };

/** Says that somebody may have signed in or out, or that the session was refused. */
export function sessionChanged(detail: { ended: boolean }): void {
  window.dispatchEvent(new CustomEvent(CHANGED, { detail }));
}

/** Returns who is signed in, kept up to date. That a session ended is said until the next one. */
export function useSession(): Session {
  const [session, setSession] = useState(UNKNOWN);
  useEffect(() => {
    const read = async (event?: Event) => {
      const refused = event instanceof CustomEvent && event.detail.ended === true;
      const found = await readSession();
      setSession((before) => ({
        ...found,
        ended: !found.viewer && (found.ended || refused || before.ended),
      }));
    };
    void read();
    window.addEventListener(CHANGED, read);
    return () => window.removeEventListener(CHANGED, read);
  }, []);
  return session;
}

/** Ends the session, here and on the server. */
export async function signOut(): Promise<void> {
  await ask("mutation { signOut { __typename } }");
  sessionChanged({ ended: false });
}

async function readSession(): Promise<Session> {
  try {
    const response = await ask("{ viewer { handle displayName } }");
    // The answer takes the dead cookie away, so the next request comes from nobody.
    if (response.status === 401) return { viewer: null, ended: true, known: true };
    const { data } = (await response.json()) as { data?: { viewer?: Viewer | null } };
    return { viewer: data?.viewer ?? null, ended: false, known: data != null };
  } catch {
    return UNKNOWN;
  }
}

const ask = (query: string): Promise<Response> =>
  fetch("/graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", ...PREFLIGHT },
    body: JSON.stringify({ query }),
  });
