import { createClient } from "graphql-sse";

import { resuming } from "./resuming.mjs";
import { accessToken, host } from "./session.mjs";

const client = createClient({
  url: `http://${host}/graphql`,
  headers: async () => ({ Authorization: `Bearer ${await accessToken()}` }),
  retryAttempts: Infinity,
  retry: (tries) =>
    new Promise((done) => setTimeout(done, Math.random() * Math.min(30_000, 1000 * 2 ** tries))),
});

export const stream = resuming(client);
