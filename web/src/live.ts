import type { Fetcher, FetcherParams } from "@graphiql/toolkit";
import { createClient, type Sink } from "graphql-ws";

import { sessionChanged } from "./session";

type Live = Extract<Awaited<ReturnType<Fetcher>>, { subscribe: unknown }>;

const FORBIDDEN = 4403;
const LONGEST_PAUSE_MS = 5000;

/**
 * Returns a subscription on a socket of its own: it comes back whenever the server does.
 *
 * A token that somebody typed goes before the cookie. One that is over ends the subscription, and
 * so does a session: with what is left of it, no other socket would open.
 */
export function subscription(params: FetcherParams, authorization: string | null): Live {
  const subscribe = (sink: Sink) => {
    const client = createClient({
      url: new URL("/graphql", location.href).href.replace("http", "ws"),
      ...(authorization !== null && { connectionParams: { authorization } }),
      retryAttempts: Infinity,
      retryWait: (tries) => pause(Math.random() * Math.min(LONGEST_PAUSE_MS, 500 * 2 ** tries)),
      shouldRetry: (reason) => !refused(reason),
    });
    const error = (reason: unknown) => {
      if (refused(reason) && authorization === null) sessionChanged({ ended: true });
      sink.error(reason instanceof CloseEvent ? closed(reason) : reason);
    };
    return { unsubscribe: client.subscribe(params, { ...sink, error }) };
  };
  return { subscribe } as Live; // GraphiQL gives an object, never three functions
}

const refused = (reason: unknown) => reason instanceof CloseEvent && reason.code === FORBIDDEN;

const closed = ({ code, reason }: CloseEvent) => ({
  message: `The server has closed the socket: ${code} ${reason}`.trim(),
});

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
