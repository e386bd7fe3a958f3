const unavailable = (errors) =>
  Array.isArray(errors) && errors.some((one) => one.extensions?.code === "SERVICE_UNAVAILABLE");

/** Returns a client whose subscriptions, when they come back, go on behind the last `cursor`. */
export const resuming = (client) => ({
  ...client,
  subscribe(operation, sink) {
    const variables = { ...operation.variables }; // what is sent again at each connection
    let end;
    let away = false;
    let tries = 0;
    const next = (result) => {
      away = !("data" in result) && unavailable(result.errors); // how a stream ends
      if (away) return;
      sink.next(result);
      tries = 0;
      for (const event of Object.values(result.data ?? {}))
        variables.after = event?.cursor ?? event?.current ?? variables.after;
    };
    const error = (reason) => (unavailable(reason) ? later() : sink.error(reason));
    const complete = () => (away ? later() : sink.complete());
    const connect = () => {
      away = false;
      end = client.subscribe({ ...operation, variables }, { next, error, complete });
    };
    const later = () => {
      const pause = setTimeout(connect, Math.random() * Math.min(30_000, 1000 * 2 ** tries++));
      end = () => {
        clearTimeout(pause);
        sink.complete();
      };
    };
    connect();
    return () => {
      away = false; // it is not to come back
      end();
    };
  },
});
