import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";

import { accessToken, host } from "./session.mjs";
import { socket } from "./socket.mjs";

const signed = new SetContextLink(async ({ headers }) => ({
  headers: { ...headers, Authorization: `Bearer ${await accessToken()}` },
}));

export const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    signed.concat(new HttpLink({ uri: `http://${host}/graphql` })),
  ),
});
