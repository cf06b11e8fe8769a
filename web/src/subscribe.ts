import { createClient } from 'graphql-ws';

import type { Headers, Result, Run } from './fetcher';
import { say } from './status';

/**
 * Each subscription has a socket of its own, opened with the headers of that moment.
 *
 * A lost socket is not reopened behind the reader's back: events would be missing. The last event's cursor,
 * passed as `after`, continues without a gap.
 */
export const subscribe: Run = (operation, headers, observer) => {
  let events = 0;
  let stopped = false;
  const client = createClient({
    url: `${location.origin.replace(/^http/, 'ws')}/graphql`,
    connectionParams: connectionParams(headers),
    retryAttempts: 0,
    on: {
      connecting: () => say('Connecting…'),
      connected: () => say('Live, waiting for the first event', 'live'),
      closed: (event) => {
        if (!stopped && isClosing(event)) say(sayClosed(event, events), event.code === 1000 ? 'calm' : 'failed');
      },
    },
  });

  const unsubscribe = client.subscribe(
    { ...operation, operationName: operation.operationName ?? null },
    {
      next(result) {
        events += 1;
        say(`Live: ${count(events)}, last at ${new Date().toLocaleTimeString()}`, 'live');
        observer.next(result as Result);
      },
      error(problem) {
        stopped = !isClosing(problem);
        const errors = errorsOf(problem, events);
        if (stopped) say(`Refused: ${errors[0]?.message ?? 'no reason given'}`, 'failed');
        observer.error(errors);
      },
      complete() {
        if (!stopped) say(`Completed by the hub after ${count(events)}`);
        stopped = true;
        observer.complete();
      },
    },
  );
  return () => {
    if (!stopped) say(`Stopped after ${count(events)}`);
    stopped = true;
    unsubscribe();
  };
};

/** The header editor's `Authorization`, whatever its case, as the socket's first message carries it. */
function connectionParams(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.toLowerCase() === 'authorization')
      .map(([, value]) => ['authorization', value]),
  );
}

interface Closing {
  code: number;
  reason: string;
}

function isClosing(event: unknown): event is Closing {
  return typeof event === 'object' && event !== null && 'code' in event && 'reason' in event;
}

function sayClosed({ code, reason }: Closing, events: number): string {
  const why = reason || (code === 1006 ? 'the connection was lost or refused' : 'no reason given');
  return `Socket closed after ${count(events)}: ${why} (${code})`;
}

function errorsOf(problem: unknown, events: number): { message: string }[] {
  if (Array.isArray(problem)) return problem as { message: string }[];
  if (isClosing(problem)) return [{ message: sayClosed(problem, events) }];
  return [{ message: problem instanceof Error ? problem.message : 'The socket could not be opened.' }];
}

function count(events: number): string {
  return events === 1 ? '1 event' : `${events} events`;
}
