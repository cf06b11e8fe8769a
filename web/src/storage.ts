import type { Storage as GraphiQLStorage } from '@graphiql/toolkit';

// GraphiQL's history keeps the headers of each run even where `shouldPersistHeaders` is false.
const HISTORY = new Set(['graphiql:queries', 'graphiql:favorites']);
const WITH_HEADERS = new Set([...HISTORY, 'graphiql:tabState']);
const HEADERS_ALONE = 'graphiql:headers';

/** The value with the `headers` of each of its tabs or history items set to `headers`. */
function withHeaders(value: string, headers: string | null): string {
  return JSON.stringify(JSON.parse(value), (key, held: unknown) => (key === 'headers' ? headers : held));
}

/**
 * Local storage that never holds request headers, and so never a token.
 *
 * History read back from it carries `openingHeaders`: to pick an old operation must not sign anybody out.
 */
export function storageWithoutHeaders(openingHeaders: string | null): GraphiQLStorage {
  return {
    getItem(key) {
      const value = localStorage.getItem(key);
      return value !== null && HISTORY.has(key) ? withHeaders(value, openingHeaders) : value;
    },
    setItem(key, value) {
      if (key === HEADERS_ALONE) return;
      localStorage.setItem(key, WITH_HEADERS.has(key) ? withHeaders(value, null) : value);
    },
    removeItem: (key) => localStorage.removeItem(key),
    clear: () => ownKeys().forEach((key) => localStorage.removeItem(key)),
    get length() {
      return ownKeys().length;
    },
  };
}

function ownKeys(): string[] {
  return Object.keys(localStorage).filter((key) => key.startsWith('graphiql:'));
}
