// The certified `oidc-provider`, for tests: whoever signs in there is who they say they are.
//
//   node provider.mjs <redirect URI> <post logout redirect URI> [<back-channel logout URI>]
//
// Prints {"issuer": …} once it listens. POST /control/rotate gives it another key, GET
// /control/logout-tokens the logout tokens that it sent, where no other address was named.
import { createServer } from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";

import Provider from "oidc-provider";

const [redirectUri, postLogoutUri, backchannelUri] = process.argv.slice(2);
const sent = [];
let issuer;
let handle;

function newKey() {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "ES256" };
}

// "ann" is somebody with an address, "mailless" has none, "unconfirmed" one that is not confirmed.
function claimsOf(sub) {
  if (sub.startsWith("mailless")) return { sub };
  const confirmed = !sub.startsWith("unconfirmed");
  return { sub, email: `${sub}@example.org`, email_verified: confirmed, name: `${sub} Elsewhere` };
}

function client(id, more) {
  return {
    client_id: id,
    redirect_uris: [redirectUri, redirectUri.replace("acme", "signed")],
    post_logout_redirect_uris: [postLogoutUri],
    backchannel_logout_uri: backchannelUri ?? `${issuer}/control/logout-tokens`,
    backchannel_logout_session_required: true,
    id_token_signed_response_alg: "ES256",
    ...more,
  };
}

function configured(key) {
  const { CLIENT_JWK } = process.env;
  const clients = [client("polyphony", { client_secret: "a secret of the tests, and long enough" })];
  if (CLIENT_JWK) {
    const auth = { token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [JSON.parse(CLIENT_JWK)] } };
    clients.push(client("polyphony-signed", { ...auth, token_endpoint_auth_signing_alg: "ES256" }));
  }
  const provider = new Provider(issuer, {
    clients,
    jwks: { keys: [key] },
    claims: { email: ["email", "email_verified"], profile: ["name"] },
    cookies: { keys: ["a key of the tests"] },
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => claimsOf(sub) }),
    // Its own refuses this machine.
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
  });
  return provider.callback();
}

function control(request, response) {
  if (request.url === "/control/rotate") {
    handle = configured(newKey());
    response.end("{}");
  } else if (request.method === "GET") {
    response.end(JSON.stringify(sent));
  } else {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      sent.push(new URLSearchParams(body).get("logout_token"));
      response.end();
    });
  }
}

const server = createServer((request, response) =>
  request.url.startsWith("/control/") ? control(request, response) : handle(request, response),
);
server.listen(0, "127.0.0.1", () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  handle = configured(newKey());
  console.log(JSON.stringify({ issuer }));
});
