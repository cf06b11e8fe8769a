import { GraphQLError } from 'graphql';

import type { Result, Run } from './fetcher';
import { say } from './status';

export const post: Run = (operation, headers, observer) => {
  const abort = new AbortController();
  const introspecting = operation.operationName === 'IntrospectionQuery';
  const started = performance.now();
  let over = false;
  if (!introspecting) say('Running…');

  async function send(): Promise<void> {
    const response = await fetch('/graphql', {
      method: 'POST',
      body: JSON.stringify(operation),
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/graphql-response+json, application/json',
        ...headers,
      },
      signal: abort.signal,
    });
    const text = await response.text();
    const took = Math.round(performance.now() - started);
    over = true;
    if (!introspecting) say(`HTTP ${response.status} in ${took} ms`, response.ok ? 'calm' : 'failed');
    observer.next(resultOf(text, response));
    observer.complete();
  }

  send().catch((problem: unknown) => {
    if (abort.signal.aborted) return;
    over = true;
    const message = `The hub did not answer: ${problem instanceof Error ? problem.message : String(problem)}`;
    if (!introspecting) say(message, 'failed');
    observer.error([{ message }]);
  });
  return () => {
    if (over) return;
    abort.abort();
    if (!introspecting) say('Stopped');
  };
};

function resultOf(text: string, response: Response): Result {
  try {
    return JSON.parse(text) as Result;
  } catch {
    const message = `HTTP ${response.status} ${response.statusText}`.trim();
    return { errors: [new GraphQLError(message, { extensions: { body: text.slice(0, 2000) } })] };
  }
}
