import { useEffect, useMemo, useState } from "react";

import icon from "../icon.svg";
import { Refusal } from "./ask";
import { Bell } from "./bell";
import { openInbox } from "./inbox";
import { PlaylistView } from "./playlist-view";
import { openLine } from "./socket";
import { readStart, type Start } from "./start";
import { StandingSign } from "./standing";
import { useStore } from "./store";

const AGAIN_MS = 3_000;

type Stage = Start | "loading" | "nobody" | "ended";

/** The page: who is signed in decides what there is to be seen. */
export function App() {
  const [stage, setStage] = useState<Stage>("loading");
  useEffect(() => {
    let again: ReturnType<typeof setTimeout>;
    const begin = async () => {
      try {
        setStage((await readStart()) ?? "nobody");
      } catch (reason) {
        const ended = reason instanceof Refusal && reason.code === "UNAUTHENTICATED";
        if (ended) setStage("ended");
        else again = setTimeout(() => void begin(), AGAIN_MS);
      }
    };
    void begin();
    return () => clearTimeout(again);
  }, []);
  if (typeof stage === "string") return <Outside stage={stage} />;
  return <Live start={stage} onEnd={() => setStage("ended")} />;
}

/** What those see who are not, or not yet, let in. */
function Outside({ stage }: { stage: "loading" | "nobody" | "ended" }) {
  const back = encodeURIComponent(location.pathname + location.search);
  return (
    <>
      <header className="top">
        <Brand />
      </header>
      <main className="outside" aria-busy={stage === "loading"}>
        {stage === "loading" ? (
          <p role="status">One moment …</p>
        ) : (
          <>
            <h1>A playlist, live</h1>
            <p role="status">
              {stage === "ended"
                ? "Your session has ended."
                : "See a shared playlist change while others work on it, who else is here, and what friends play."}
            </p>
            <a className="button" href={`/account/sign-in?next=${back}`}>
              Sign in
            </a>
            <p className="quiet">The demo prints accounts when it starts.</p>
          </>
        )}
      </main>
    </>
  );
}

function Live({ start, onEnd }: { start: Start; onEnd: () => void }) {
  const line = useMemo(openLine, []);
  const { now } = useStore(line.standing);
  useEffect(() => {
    if (now === "refused") onEnd();
  }, [now, onEnd]);
  const [mail, setMail] = useState<ReturnType<typeof openInbox> | null>(null);
  useEffect(() => {
    const opened = openInbox(line);
    setMail(opened);
    return opened.close;
  }, [line]);
  const chosen = new URLSearchParams(location.search).get("playlist") ?? start.playlists[0]?.id;
  return (
    <>
      <header className="top">
        <Brand />
        <div className="corner">
          <StandingSign now={now} />
          {mail && <Bell mail={mail} viewer={start.viewer} />}
          <a className="who" href="/account" title={`Signed in as ${start.viewer.handle}`}>
            {start.viewer.displayName}
          </a>
        </div>
      </header>
      {chosen ? (
        <PlaylistView key={chosen} line={line} id={chosen} start={start} />
      ) : (
        <main className="outside">
          <h1>No playlist yet</h1>
          <p>You have no playlist, and follow none. Once you do, you can watch it here.</p>
        </main>
      )}
      <footer className="quiet">
        <a href="/graphql">GraphiQL</a> <a href="/account">Account</a>
      </footer>
    </>
  );
}

const Brand = () => (
  <a className="brand" href="/live">
    <img src={icon} alt="" width="28" height="28" />
    Polyphony <span>Live</span>
  </a>
);
