/** Returns a client whose subscriptions, when they come back, go on behind the last `cursor`. */
export const resuming = (client) => ({
  ...client,
  subscribe(operation, sink) {
    const variables = { ...operation.variables }; // what is sent again at each connection
    const next = (result) => {
      sink.next(result);
      for (const event of Object.values(result.data ?? {}))
        variables.after = event?.cursor ?? event?.current ?? variables.after;
    };
    const error = (reason) => sink.error(reason);
    const complete = () => sink.complete();
    return client.subscribe({ ...operation, variables }, { next, error, complete });
  },
});
