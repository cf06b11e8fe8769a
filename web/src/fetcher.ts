import type { Fetcher, FetcherParams, Observable } from '@graphiql/toolkit';
import { type ExecutionResult, getOperationAST, OperationTypeNode, parse } from 'graphql';

import { post } from './post';
import { subscribe } from './subscribe';

/** The headers of an operation, as the header editor holds them. */
export type Headers = Record<string, string>;

export type Result = ExecutionResult<Record<string, unknown>, Record<string, unknown>>;

/** One run of an operation: what arrives goes to `observer`; the answer stops it. */
export type Run = (operation: FetcherParams, headers: Headers, observer: Observer) => () => void;

export interface Observer {
  next(result: Result): void;
  /** `error` is a list of GraphQL errors. */
  error(error: { message: string }[]): void;
  complete(): void;
}

/**
 * A fetcher of queries and mutations by POST and of subscriptions by socket.
 *
 * `openingHeaders` answers the headers of operations sent before the header editor exists: GraphiQL asks for the
 * schema while the editor is still loading.
 */
export function hubFetcher(openingHeaders: () => Headers): Fetcher {
  return (params, options) => {
    const { operation, isSubscription } = read(params);
    const headers = (options?.headers as Headers | undefined) ?? openingHeaders();
    const run = isSubscription ? subscribe : post;
    return {
      subscribe: (observer: Observer) => ({ unsubscribe: run(operation, headers, observer) }),
    } as Observable<Result>;
  };
}

/**
 * What the text about to be sent says of itself.
 *
 * The AST and the operation name that GraphiQL hands over lag behind the editor: just after a change of tabs they
 * are still those of the other tab.
 */
function read(params: FetcherParams): { operation: FetcherParams; isSubscription: boolean } {
  try {
    const document = parse(params.query);
    const node = getOperationAST(document, params.operationName) ?? getOperationAST(document);
    if (!node) return { operation: params, isSubscription: false };
    return {
      operation: { ...params, operationName: node.name?.value ?? null },
      isSubscription: node.operation === OperationTypeNode.SUBSCRIPTION,
    };
  } catch {
    return { operation: params, isSubscription: false }; // The hub says what is wrong with it.
  }
}
