/**
 * Which pages of other origins may read what the edge answers (CORS, Fetch Standard 3.2). Callers are told apart by their
 * token alone, never by cookies, so no credentials are allowed. By default no origin is let in.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
/** What a page may read beside the few headers that it always may. */
const EXPOSED = [
  ...[
    'retry-after',
    'traceresponse',
    'ratelimit',
    'ratelimit-policy',
    'allow',
    'accept-post',
    'accept-encoding',
  ],
  ...['www-authenticate'],
].join(', ');
/** How long a browser may keep what a preflight has answered. */
const PREFLIGHT_AGE_SECONDS = '600';

export class CrossOrigin {
  private readonly origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.origins = new Set(origins);
  }

  /** Sets what the answer needs; `true`: it was a preflight, and is answered. */
  answers(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.origins.size === 0) return false;
    // also without an origin: a cache must not give that answer to a page
    response.setHeader('vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || !this.origins.has(origin)) return false;
    response.setHeader('access-control-allow-origin', origin);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      response.setHeader('access-control-expose-headers', EXPOSED);
      return false;
    }
    const asked = request.headers['access-control-request-headers'];
    response.writeHead(204, {
      'access-control-allow-methods': METHODS,
      // "*" would not cover authorization, and the attributes of a CloudEvent are headers of any name
      ...(asked === undefined ? {} : { 'access-control-allow-headers': asked }),
      'access-control-max-age': PREFLIGHT_AGE_SECONDS,
      vary: 'Origin, Access-Control-Request-Headers',
    });
    response.end();
    return true;
  }
}
