/**
 * Take the token out of the address (`#token=ent_…`), so that it stays neither in sight nor in a bookmark.
 *
 * A fragment never leaves the browser; a query string would end up in access logs.
 */
export function takeToken(): string | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('token');
  if (token === null) return null;
  fragment.delete('token');
  const rest = fragment.toString();
  history.replaceState(history.state, '', location.pathname + location.search + (rest && `#${rest}`));
  return token.trim() || null;
}

/** The text of the header editor for a token. */
export function headersFor(token: string): string {
  return JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2);
}
