import { useSyncExternalStore } from 'react';

import type { Headers } from '../fetcher';
import { Refused, send, type Sent } from './sending';

/** A file that was chosen here, and how far it is. */
export interface Chosen {
  key: number;
  file: File;
  state: 'sending' | 'sent' | 'failed';
  /** Which part of it is sent, up to 1. */
  share: number;
  sent: Sent | null;
  problem: string | null;
}

// Outside the pane, so that files go on being sent while the pane is closed.
let files: readonly Chosen[] = [];
const stops = new Map<number, AbortController>();
const listeners = new Set<() => void>();
let latest = 0;

export function useChosen(): readonly Chosen[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => files,
  );
}

/** Send these files, the last one shown first. `headers` is asked for each and may throw. */
export function choose(chosen: Iterable<File>, headers: () => Headers): void {
  for (const file of chosen) {
    latest += 1;
    set([{ key: latest, file, state: 'sending', share: 0, sent: null, problem: null }, ...files]);
    void run(latest, file, headers);
  }
}

export function again({ key, file }: Chosen, headers: () => Headers): void {
  change(key, { state: 'sending', share: 0, problem: null });
  void run(key, file, headers);
}

/** Take a file off the list, stopping it where it is still being sent. */
export function remove({ key }: Chosen): void {
  stops.get(key)?.abort();
  set(files.filter((one) => one.key !== key));
}

async function run(key: number, file: File, headers: () => Headers): Promise<void> {
  const stop = new AbortController();
  stops.set(key, stop);
  try {
    const sent = await send(file, headers(), (share) => change(key, { share }), stop.signal);
    change(key, { state: 'sent', share: 1, sent });
  } catch (problem) {
    change(key, { state: 'failed', problem: inWords(problem) });
  } finally {
    stops.delete(key);
  }
}

function inWords(problem: unknown): string {
  if (problem instanceof Refused) return problem.message;
  return `The hub did not answer: ${problem instanceof Error ? problem.message : String(problem)}`;
}

function change(key: number, to: Partial<Chosen>): void {
  set(files.map((one) => (one.key === key ? { ...one, ...to } : one)));
}

function set(to: readonly Chosen[]): void {
  files = to;
  listeners.forEach((listener) => listener());
}
