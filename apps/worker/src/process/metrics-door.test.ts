import { hash } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import { MetricsDoor, type ScrapingToken } from './metrics-door.ts';

const HOUR_MS = 3_600_000;
const HERE = '127.0.0.1';

let tokens: ScrapingToken[];
let isAway: boolean;
let nowMs: number;
let door: MetricsDoor;

function token(text: string, more: Partial<ScrapingToken> = {}): ScrapingToken {
  const anywhere = { scopes: ['cluster:read'], scope: {}, cidrs: [], expiresAtMs: undefined };
  return { hash: hash('sha256', text, 'hex'), ...anywhere, ...more };
}

beforeEach(() => {
  isAway = false;
  nowMs = 1_790_000_000_000;
  tokens = [
    token('scraper'),
    token('admin', { scopes: ['admin'] }),
    token('reader', { scopes: ['read'] }),
    token('kafka', { scope: { clusters: ['kafka'] } }),
    token('expired', { expiresAtMs: nowMs }),
    token('lowered', { ownerGrants: [] }),
    token('near', { cidrs: ['10.0.0.0/8'] }),
  ];
  door = new MetricsDoor({
    tokens: async () => {
      if (isAway) throw new Error('away');
      return tokens;
    },
    nowMs: () => nowMs,
    staleMsMax: 24 * HOUR_MS,
  });
});

const asks = (text: string, address = HERE) => door.opensTo(`Bearer ${text}`, address);

it.each([
  ['scraper', 'open'],
  ['admin', 'open'],
  ['reader', 'forbidden'],
  ['kafka', 'forbidden'],
  ['lowered', 'forbidden'],
  ['near', 'forbidden'],
  ['expired', 'unauthorized'],
  ['nobody', 'unauthorized'],
])('%s: %s', async (text, reply) => {
  expect(await asks(text)).toBe(reply);
});

it('is closed to who shows no token', async () => {
  for (const header of [undefined, '', 'scraper', 'Basic scraper'])
    expect(await door.opensTo(header, HERE)).toBe('unauthorized');
});

it('opens from the networks of the token', async () => {
  expect(await asks('near', '10.1.1.1')).toBe('open');
  expect(await asks('near', '::ffff:10.1.1.1')).toBe('open');
});

it('closes within two seconds after the token is revoked', async () => {
  expect(await asks('scraper')).toBe('open');
  tokens = [];
  nowMs += 2_000;
  expect(await asks('scraper')).toBe('unauthorized');
});

it('goes on with the list it has for a day while PostgreSQL is away', async () => {
  isAway = true;
  expect(await asks('scraper')).toBe('unreachable');
  isAway = false;
  nowMs += 2_000;
  await door.refresh();
  isAway = true;
  nowMs += 24 * HOUR_MS;
  expect(await asks('scraper')).toBe('open');
  nowMs += 1;
  expect(await asks('scraper')).toBe('unreachable');
});
