import { useSyncExternalStore } from 'react';

/** What the line below the response says. */
export interface Status {
  text: string;
  tone: 'calm' | 'live' | 'failed';
}

let current: Status = { text: '', tone: 'calm' };
const listeners = new Set<() => void>();

export function say(text: string, tone: Status['tone'] = 'calm'): void {
  current = { text, tone };
  listeners.forEach((listener) => listener());
}

export function useStatus(): Status {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
