// A third party's web app, as its makers would write it: people sign in by our provider, and it
// asks the graph in their name. It prints its address, then reads one line of JSON:
// {"issuer": …, "clientId": …, "clientSecret": …}.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import * as oauth from "openid-client";

const attempts = new Map(); // state → verifier and nonce, until the person comes back
let config, tokens, settings;

async function begin() {
  const [verifier, state, nonce] = [oauth.randomPKCECodeVerifier(), oauth.randomState(), oauth.randomNonce()];
  attempts.set(state, { verifier, nonce });
  return oauth.buildAuthorizationUrl(config, {
    redirect_uri: `${here}/back`,
    scope: "openid profile playlists:read",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  }).href;
}

async function finish(url) {
  const state = url.searchParams.get("state");
  const { verifier, nonce } = attempts.get(state);
  attempts.delete(state);
  tokens = await oauth.authorizationCodeGrant(config, url, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
  const { sub } = tokens.claims();
  return { sub, info: await oauth.fetchUserInfo(config, tokens.access_token, sub), ...(await viewer()) };
}

async function renew() {
  tokens = await oauth.refreshTokenGrant(config, tokens.refresh_token);
  return viewer();
}

async function viewer() {
  const body = JSON.stringify({ query: "{ viewer { handle } }" });
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${tokens.access_token}` };
  const answer = await fetch(`${settings.issuer}/graphql`, { method: "POST", headers, body });
  return { status: answer.status, ...(await answer.json()) };
}

const pages = { "/back": finish, "/refresh": renew, "/viewer": viewer };

const server = createServer(async (request, response) => {
  const url = new URL(request.url, here);
  try {
    if (url.pathname === "/login") {
      return response.writeHead(302, { Location: await begin() }).end();
    }
    response.end(JSON.stringify(await pages[url.pathname](url)));
  } catch (error) {
    response.writeHead(502).end(JSON.stringify({ error: error.error ?? error.code ?? String(error) }));
  }
});

let here;
server.listen(0, "127.0.0.1", () => {
  here = `http://127.0.0.1:${server.address().port}`;
  console.log(here);
});
for await (const line of createInterface({ input: process.stdin })) {
  settings = JSON.parse(line);
  const options = { execute: [oauth.allowInsecureRequests] }; // only since both are on this machine
  config = await oauth.discovery(new URL(settings.issuer), settings.clientId, settings.clientSecret, undefined, options);
  console.log("ready");
}
