import { useSyncExternalStore } from "react";

/** A value that is watched. */
export type Store<T> = {
  get: () => T;
  set: (change: Partial<T>) => void;
  watch: (changed: () => void) => () => void;
};

export function createStore<T extends object>(initial: T): Store<T> {
  let value = initial;
  const watchers = new Set<() => void>();
  return {
    get: () => value,
    set(change) {
      value = { ...value, ...change };
      for (const changed of [...watchers]) changed();
    },
    watch(changed) {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
  };
}

export const useStore = <T>({ get, watch }: Store<T>): T => useSyncExternalStore(watch, get);
