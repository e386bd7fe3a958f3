// A program in a terminal, as its makers would write it: it shows a code, and waits until somebody
// lets it in in a browser. It prints two lines of JSON: the code, then whom it acts for.
//
//   node device.mjs <issuer> <client id>
import * as oauth from "openid-client";

const [issuer, clientId] = process.argv.slice(2);
const options = { execute: [oauth.allowInsecureRequests] }; // only since both are on this machine
const config = await oauth.discovery(new URL(issuer), clientId, undefined, oauth.None(), options);

const begun = await oauth.initiateDeviceAuthorization(config, { scope: "openid playlists:read" });
console.log(JSON.stringify({ code: begun.user_code, page: begun.verification_uri }));

const tokens = await oauth.pollDeviceAuthorizationGrant(config, begun);
const answer = await fetch(`${issuer}/graphql`, {
  method: "POST",
  headers: { "Content-Type": "application/json", Authorization: `Bearer ${tokens.access_token}` },
  body: JSON.stringify({ query: "{ viewer { handle } }" }),
});
console.log(JSON.stringify(await answer.json()));
