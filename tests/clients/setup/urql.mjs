import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "@urql/core";

import { accessToken, host } from "./session.mjs";
import { socket } from "./socket.mjs";

export const client = new Client({
  url: `http://${host}/graphql`,
  fetch: async (url, request) => {
    const headers = new Headers(request.headers);
    headers.set("Authorization", `Bearer ${await accessToken()}`);
    return fetch(url, { ...request, headers });
  },
  exchanges: [
    cacheExchange,
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
      }),
    }),
  ],
});
