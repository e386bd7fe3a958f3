import { PREFLIGHT } from "../session";

const PATIENCE_MS = 10_000;
const PAUSE_MS = 1_500;

/** After these the same may be sent again, with the same key: it is done once. */
const PASSING = new Set([
  "SERVICE_UNAVAILABLE",
  "TIMEOUT",
  "IDEMPOTENCY_IN_PROGRESS",
  "OUTCOME_UNKNOWN",
]);

/** What the server refuses: `code` is one of the API's, or empty where nothing was answered. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  /** Whether it may go away by itself. */
  get passing(): boolean {
    return this.code === "" || PASSING.has(this.code);
  }
}

type Variables = Record<string, unknown>;
type Asked = { key?: string; signal?: AbortSignal };

/** Returns the data of an answer; what is partly missing is null in it. Throws a `Refusal`. */
export async function ask<T>(query: string, variables: Variables, asked: Asked = {}): Promise<T> {
  const { key, signal } = asked;
  const response = await fetch("/graphql", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json",
      ...PREFLIGHT,
      ...(key && { "Idempotency-Key": key }),
    },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.any([AbortSignal.timeout(PATIENCE_MS), ...(signal ? [signal] : [])]),
  }).catch((reason: unknown) => {
    throw new Refusal("", String(reason));
  });
  if (response.status === 401) throw new Refusal("UNAUTHENTICATED", "The session has ended.");
  const answer = await response.json().catch(() => ({}));
  const error = answer.errors?.[0];
  // A mutation that failed is null; a field further down is not worth losing the rest.
  const empty = !answer.data || Object.values(answer.data).every((one) => one === null);
  if (error && empty) throw new Refusal(error.extensions?.code ?? "INTERNAL", error.message);
  if (!answer.data) throw new Refusal("", `${response.status} ${response.statusText}`);
  return answer.data as T;
}

/** Sends a change until it is answered. Throws a `Refusal` that will not pass. */
export async function change<T>(mutation: string, variables: Variables): Promise<T> {
  const key = [...crypto.getRandomValues(new Uint32Array(4))].join("-");
  for (;;) {
    try {
      return await ask<T>(mutation, variables, { key });
    } catch (reason) {
      if (!(reason instanceof Refusal) || !reason.passing) throw reason;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}
