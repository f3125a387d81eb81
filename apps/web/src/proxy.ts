/**
 * Before every page and call: refuses requests that were not meant for this console (see origin.ts), and
 * sets a content security policy whose nonce lets only the console's own scripts run.
 */
import { type NextRequest, NextResponse } from 'next/server';
import { PATH_HEADER } from './server/identity/path-header.ts';
import { isKnownHost } from './server/origin.ts';

/** What machines ask for comes under any name. Probes learn nothing; metrics need a token, which no page can send along. */
const OF_MACHINES = ['/api/livez', '/api/readyz', '/metrics'];
/** A year, for this name alone: other names of the domain are not ours to decide on. */
const HSTS = 'max-age=31536000';

export function proxy(request: NextRequest): NextResponse {
  const { pathname } = request.nextUrl;
  const extra = [process.env.WEB_HOST, process.env.WEB_ALLOWED_HOSTS];
  if (!OF_MACHINES.includes(pathname) && !isKnownHost(request.headers.get('host'), extra))
    return new NextResponse(
      'This console is not known by that name. To allow it, set WEB_ALLOWED_HOSTS to the host names it is reached by.\n',
      { status: 421, headers: { 'content-type': 'text/plain; charset=utf-8' } },
    );
  const nonce = Buffer.from(crypto.randomUUID()).toString('base64');
  const headers = new Headers(request.headers);
  const policy = contentSecurityPolicy(nonce);
  headers.set('x-nonce', nonce);
  headers.set(PATH_HEADER, `${pathname}${request.nextUrl.search}`);
  headers.set('content-security-policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  response.headers.set('x-content-type-options', 'nosniff');
  response.headers.set('referrer-policy', 'no-referrer');
  // no other site opens it, loads parts of it, or keeps a hand on its window
  response.headers.set('cross-origin-opener-policy', 'same-origin');
  response.headers.set('cross-origin-resource-policy', 'same-origin');
  if (isBehindTls(process.env)) response.headers.set('strict-transport-security', HSTS);
  return response;
}

/** Nothing else lets it listen beyond loopback. */
function isBehindTls({
  WEB_TRUSTED_PROXY: proxies = '',
  WEB_TLS_CERT: cert = '',
}: NodeJS.ProcessEnv): boolean {
  return cert !== '' || (proxies !== '' && proxies !== '0');
}

function contentSecurityPolicy(nonce: string): string {
  const development = process.env.NODE_ENV === 'development';
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    // charts and pop-overs place themselves with style attributes, which take no nonce
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self'${development ? ' ws:' : ''}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

export const config = { matcher: ['/((?!_next/static|_next/image).*)'] };
