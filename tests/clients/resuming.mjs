// What setup/resuming.mjs makes of the ends of subscriptions, by a client that says what it is told
// to, and a clock that is moved by hand. Prints an object with what was seen in each case.
import { mock } from "node:test";

import { resuming } from "./setup/resuming.mjs";

mock.timers.enable({ apis: ["setTimeout"] });
mock.method(Math, "random", () => 1);

const failed = (code) => [{ message: "It is over.", extensions: { code } }];
const away = failed("SERVICE_UNAVAILABLE");
const event = (cursor) => ({ data: { playlistChanged: { cursor } } });

/** Returns a subscription: the variables of each attempt, what its caller heard, and its ends. */
function subscribed() {
  const asked = [];
  const heard = [];
  const one = { asked, heard };
  const client = {
    subscribe({ variables }, sink) {
      asked.push({ ...variables });
      one.server = sink;
      return () => sink.complete(); // as both libraries do
    },
  };
  one.end = resuming(client).subscribe(
    { query: "subscription …", variables: { id: "1" } },
    {
      next: (result) => heard.push(result),
      error: (reason) => heard.push(reason),
      complete: () => heard.push("complete"),
    },
  );
  return one;
}

/** Returns the seconds until the next attempt. */
function pause({ asked }) {
  const before = asked.length;
  let seconds = 0;
  for (; asked.length === before && seconds < 100; seconds++) mock.timers.tick(1000);
  return seconds;
}

function socket() {
  const one = subscribed();
  const pauses = [];
  for (let tries = 0; tries < 7; tries++) {
    one.server.error(away);
    pauses.push(pause(one));
  }
  one.server.next(event("7"));
  one.server.error(away);
  pauses.push(pause(one));
  return { pauses, heard: one.heard, first: one.asked[0], last: one.asked.at(-1) };
}

function stream() {
  const one = subscribed();
  one.server.next(event("7"));
  one.server.next({ errors: away });
  one.server.complete();
  pause(one);
  one.server.next({ data: null, errors: away }); // an event that goes without its fields
  one.server.complete();
  pause(one);
  return { asked: one.asked, heard: one.heard };
}

function final() {
  const one = subscribed();
  one.server.error(failed("FORBIDDEN"));
  pause(one);
  return { attempts: one.asked.length, heard: one.heard };
}

function endedInThePause() {
  const one = subscribed();
  one.server.error(away);
  one.end();
  pause(one);
  return { attempts: one.asked.length, heard: one.heard };
}

function endedBeforeTheStreamWas() {
  const one = subscribed();
  one.server.next({ errors: away });
  one.end();
  pause(one);
  return { attempts: one.asked.length, heard: one.heard };
}

const seen = {
  socket: socket(),
  stream: stream(),
  final: final(),
  endedInThePause: endedInThePause(),
  endedBeforeTheStreamWas: endedBeforeTheStreamWas(),
};
process.stdout.write(JSON.stringify(seen));
