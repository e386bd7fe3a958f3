import { useState } from "react";

import { signOut, useSession } from "./session";

const SIGN_IN = "/account/sign-in?next=/graphql";

/** Says who is signed in, and lets them sign in or out. */
export function Account() {
  const { viewer, ended, known } = useSession();
  const [leaving, setLeaving] = useState(false);
  if (viewer) {
    const leave = () => {
      setLeaving(true);
      void signOut().finally(() => setLeaving(false));
    };
    return (
      <div className="polyphony-account" role="status">
        <a href="/account" title={`Signed in as ${viewer.handle}`}>
          {viewer.displayName}
        </a>
        <button type="button" disabled={leaving} onClick={leave}>
          Sign out
        </button>
      </div>
    );
  }
  return (
    <div className="polyphony-account" role="status">
      {ended && <span>Your session has ended.</span>}
      {known && <a href={SIGN_IN}>Sign in</a>}
    </div>
  );
}
