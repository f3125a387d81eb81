/** Where to go after signing in: a path of this console, whatever a link says. */
const NOWHERE = 'http://console.invalid';

export function localPath(next: unknown): string {
  if (typeof next !== 'string' || !next.startsWith('/') || !URL.canParse(next, NOWHERE)) return '/';
  const url = new URL(next, NOWHERE);
  // "//host", "/\host" and what browsers strip from it lead to another host
  if (url.origin !== NOWHERE || url.pathname.startsWith('//')) return '/';
  const path = `${url.pathname}${url.search}${url.hash}`;
  return /^\/(sign-in|welcome)\b/.test(path) ? '/' : path;
}
