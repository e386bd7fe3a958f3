import { useEffect, useState } from "react";

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** Returns the time, kept up to date. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** Says how long ago something was. */
export function Ago({ at }: { at: string }) {
  const seconds = (useNow(30_000) - Date.parse(at)) / 1000;
  const unit = UNITS.find(([, size]) => seconds >= size);
  return (
    <time dateTime={at} className="quiet">
      {unit ? words.format(-Math.floor(seconds / unit[1]), unit[0]) : "just now"}
    </time>
  );
}

/** Returns a length as minutes and seconds. */
export function length(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Returns the length of a whole list, roughly. */
export function roughly(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
