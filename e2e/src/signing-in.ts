/** One session for each console that a test process uses, for browsers and for calls. */
import type { BrowserContext } from 'playwright-core';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** Of products and clusters that tests start; made without a link. */
export const ADMINISTRATOR: Credentials = {
  email: 'ada@e2e.example',
  password: 'seven calm rivers at dusk',
};

/** A new session; answers "name=value", as a header carries it. */
export async function newSession(
  consoleUrl: string,
  { email, password }: Credentials = ADMINISTRATOR,
): Promise<string> {
  const { origin } = new URL(consoleUrl);
  const reply = await fetch(`${origin}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ email, password }),
  });
  const cookie = reply.headers.get('set-cookie')?.split(';')[0];
  if (!reply.ok || cookie === undefined)
    throw new Error(`nobody can sign in at ${origin}: ${reply.status} ${await reply.text()}`);
  return cookie;
}

const sessions = new Map<string, Promise<string>>();

/** That of the administrator, made once. */
function session(consoleUrl: string): Promise<string> {
  const { origin } = new URL(consoleUrl);
  const known = sessions.get(origin) ?? newSession(origin);
  sessions.set(origin, known);
  return known;
}

export async function fetchSignedIn(url: string, init: RequestInit = {}): Promise<Response> {
  const cookie = await session(url);
  return fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), cookie } });
}

const entered = new WeakMap<BrowserContext, Map<string, Promise<void>>>();

/** The browser is the administrator from now on. */
export function enter(browser: BrowserContext, consoleUrl: string): Promise<void> {
  const { origin } = new URL(consoleUrl);
  const origins = entered.get(browser) ?? new Map<string, Promise<void>>();
  entered.set(browser, origins);
  const entering = origins.get(origin) ?? session(origin).then((cookie) => give(browser, origin, cookie));
  origins.set(origin, entering);
  return entering;
}

export async function give(browser: BrowserContext, consoleUrl: string, cookie: string): Promise<void> {
  const [name = '', value = ''] = cookie.split('=');
  await browser.addCookies([
    { name, value, url: new URL(consoleUrl).origin, httpOnly: true, sameSite: 'Lax' },
  ]);
}
