/** Follows a subscription, and goes on behind the last `cursor`; returns what ends it. */
export function follow(query, variables, { next, complete }) {
  let source, retry, away;
  let tries = 0;
  const connect = () => {
    const asked = new URLSearchParams({ query, variables: JSON.stringify(variables) });
    source = new EventSource(`/graphql?${asked}`);
    source.addEventListener("next", ({ data, lastEventId }) => {
      const result = JSON.parse(data);
      const codes = result.errors?.map(({ extensions }) => extensions?.code);
      away = !("data" in result) && codes?.includes("SERVICE_UNAVAILABLE");
      if (away) return;
      next(result);
      tries = 0;
      if (lastEventId) variables = { ...variables, after: lastEventId };
    });
    source.addEventListener("complete", () => {
      source.close(); // or it would ask again
      if (away) later();
      else complete();
    });
    source.addEventListener("error", () => {
      // Where a connection is lost it comes back by itself; after a refusal it does not.
      if (source.readyState === EventSource.CLOSED) later();
    });
  };
  const later = () => {
    retry = setTimeout(connect, Math.random() * Math.min(30_000, 1000 * 2 ** tries++));
  };
  connect();
  return () => {
    clearTimeout(retry);
    source.close();
  };
}
