/** Follows a subscription, and goes on behind the last `cursor`; returns what ends it. */
export function follow(query, variables, { next, complete }) {
  let source, retry;
  const connect = () => {
    const asked = new URLSearchParams({ query, variables: JSON.stringify(variables) });
    source = new EventSource(`/graphql?${asked}`);
    source.addEventListener("next", ({ data, lastEventId }) => {
      next(JSON.parse(data));
      if (lastEventId) variables = { ...variables, after: lastEventId };
    });
    source.addEventListener("complete", () => {
      source.close(); // or it would ask again
      complete();
    });
    source.addEventListener("error", () => {
      // Where a connection is lost it comes back by itself; after a refusal it does not.
      if (source.readyState !== EventSource.CLOSED) return;
      retry = setTimeout(connect, 1000 + Math.random() * 9000);
    });
  };
  connect();
  return () => {
    clearTimeout(retry);
    source.close();
  };
}
