// Runs graphql-http's audits of a server, and prints one object for each: id, name, status, reason.
// The only thing that is added to their requests is the header that a GET needs.
import { auditServer } from "graphql-http";

const [url] = process.argv.slice(2);

const results = await auditServer({
  url,
  fetchFn: (address, options = {}) => {
    const get = (options.method ?? "GET") === "GET";
    const headers = { ...options.headers, ...(get ? { "GraphQL-Preflight": "1" } : {}) };
    return fetch(address, { ...options, headers });
  },
});
const seen = results.map(({ id, name, status, reason }) => ({ id, name, status, reason }));
console.log(JSON.stringify(seen));
