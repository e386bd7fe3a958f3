import { createClient } from "graphql-ws";

import { createStore, type Store } from "./store";

/** How things stand: `resumed` is live again, shortly after a break. */
export type Standing = "connecting" | "live" | "resumed" | "reconnecting" | "offline" | "refused";

type Data = Record<string, unknown>;
type Variables = Record<string, unknown>;

/** Whom a subscription tells. */
export type Listener<T> = {
  /** Called each time it is begun: what has no cursors is told anew, so forget what was told. */
  begun?: () => void;
  next: (event: T) => void;
  /** Told the code of what ends it for good. */
  ended: (code: string) => void;
};

/** What all live parts of the page share: one socket, which comes back by itself. */
export type Line = {
  standing: Store<{ now: Standing }>;
  /**
   * Begins a subscription, and returns what ends it.
   *
   * After each break it is begun again with the `variables` as they are then: who resumes sets
   * `after` in them.
   */
  follow: <T extends Data>(
    query: string,
    variables: Variables,
    listener: Listener<T>,
  ) => () => void;
};

/** Whether the page is told what happens at this moment. */
export const isLive = (now: Standing): boolean => now === "live" || now === "resumed";

const FORBIDDEN = 4403;
const PING_MS = 5_000;
const ANSWER_MS = 4_000; // after a ping, and for a connection to come about
const LONGEST_PAUSE_MS = 5_000;
const RESUMED_MS = 5_000;
const AGAIN_MS = 2_000;
const FINAL = new Set([
  "FORBIDDEN",
  "NOT_FOUND",
  "UNAUTHENTICATED",
  "BAD_CURSOR",
  "BAD_USER_INPUT",
]);

export function openLine(): Line {
  const standing = createStore<{ now: Standing }>({ now: "connecting" });
  let deadline: ReturnType<typeof setTimeout> | undefined;
  let calm: ReturnType<typeof setTimeout> | undefined;
  const stand = (now: Standing) => {
    clearTimeout(calm);
    standing.set({ now });
  };
  // A network that has gone quiet closes nothing: whoever does not answer is left.
  const expect = () => {
    clearTimeout(deadline);
    deadline = setTimeout(() => client.terminate(), ANSWER_MS);
  };
  const lost = () => {
    clearTimeout(deadline);
    if (standing.get().now !== "connecting") stand(navigator.onLine ? "reconnecting" : "offline");
  };
  const client = createClient({
    url: new URL("/graphql", location.href).href.replace("http", "ws"),
    keepAlive: PING_MS,
    retryAttempts: Infinity,
    retryWait: (tries) => pause(Math.random() * Math.min(LONGEST_PAUSE_MS, 500 * 2 ** tries)),
    shouldRetry: (reason) => !refused(reason),
    on: {
      connecting: expect,
      connected: (_socket, _payload, again) => {
        clearTimeout(deadline);
        stand(again ? "resumed" : "live");
        if (again) calm = setTimeout(() => stand("live"), RESUMED_MS);
      },
      ping: (received) => received || expect(),
      pong: (received) => received && clearTimeout(deadline),
      closed: lost,
      error: lost,
    },
  });
  window.addEventListener("offline", () => client.terminate());

  const follow: Line["follow"] = (query, variables, { begun = () => {}, next, ended }) => {
    let stop = () => {};
    let again: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const finish = (code: string) => {
      if (over) return;
      if (FINAL.has(code)) ended(code);
      else again = setTimeout(begin, AGAIN_MS);
    };
    const begin = () => {
      begun();
      let code = "";
      stop = client.subscribe<Parameters<typeof next>[0]>(
        { query, variables },
        {
          next: ({ data, errors }) => (data ? next(data) : (code = codeOf(errors))),
          complete: () => finish(code),
          error: (reason) => {
            if (refused(reason)) stand("refused");
            else finish(codeOf(reason));
          },
        },
      );
    };
    const unwatch = client.on("connected", begun);
    begin();
    return () => {
      over = true;
      unwatch();
      clearTimeout(again);
      stop();
    };
  };
  return { standing, follow };
}

/** Returns the code of the first error of an answer, or of what ended a subscription. */
function codeOf(errors: unknown): string {
  const [first] = Array.isArray(errors) ? errors : [];
  return (first?.extensions?.code as string | undefined) ?? "";
}

/** The credential is not good any more: another socket would not open. */
const refused = (reason: unknown) => reason instanceof CloseEvent && reason.code === FORBIDDEN;

/** Waits; without a network until there is one, and no longer then. */
const pause = (ms: number) =>
  new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    };
    const timer = navigator.onLine ? setTimeout(done, ms) : undefined;
    window.addEventListener("online", done);
  });
