import { createClient } from "graphql-ws";

import { resuming } from "./resuming.mjs";
import { accessToken, host } from "./session.mjs";

const client = createClient({
  url: `ws://${host}/graphql`,
  connectionParams: async () => ({ authorization: `Bearer ${await accessToken()}` }),
  shouldRetry: () => true, // also while nobody listens; what is final stays so
  retryAttempts: Infinity,
  retryWait: (tries) => // at random, so that not all come back at one moment; 30 s at the longest
    new Promise((done) => setTimeout(done, Math.random() * Math.min(30_000, 1000 * 2 ** tries))),
});

export const socket = resuming(client);
