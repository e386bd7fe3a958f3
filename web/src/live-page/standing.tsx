import type { Standing } from "./socket";

const SAID: Record<Standing, string> = {
  connecting: "Connecting",
  live: "Live",
  resumed: "Resumed",
  reconnecting: "Reconnecting",
  offline: "Offline",
  refused: "Signed out",
};

/** Says how the connection stands. */
export const StandingSign = ({ now }: { now: Standing }) => (
  <span className="standing" data-now={now} role="status" aria-label="Connection">
    <span className="dot" aria-hidden="true" />
    {SAID[now]}
  </span>
);
