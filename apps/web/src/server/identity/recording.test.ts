import type { Entered } from '@foreshard/core/adapters/identity';
import type { AuditEntry } from '@foreshard/core/audit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConsoleServer } from '../main.ts';
import { recordEntry } from './recording.ts';

const HEADERS = new Headers({ 'x-forwarded-for': '203.0.113.9' });
const ENTERED = {
  kind: 'entered',
  entry: { secret: 'the cookie', session: { id: 's-1', person: { id: 'p-1', email: 'ada@example.org' } } },
} as unknown as Entered;

let rows: { entry: AuditEntry; code?: string }[];
let ended: string[];
let isAway: boolean;
const server = {
  proxies: 1,
  audit: {
    async done(entry: AuditEntry) {
      if (isAway) throw new Error('away');
      rows.push({ entry });
    },
    async denied(entry: AuditEntry, code: string) {
      rows.push({ entry, code });
    },
  },
  sessions: { end: async (secret: string) => void ended.push(secret) },
} as unknown as ConsoleServer;

beforeEach(() => {
  rows = [];
  ended = [];
  isAway = false;
});

const refused = (reason: string): Entered => ({ kind: 'refused', reason, detail: 'no' }) as Entered;
const attempt = (email: string, reason = 'wrong-password') =>
  recordEntry(server, HEADERS, { by: 'password', email }, refused(reason));

it('who came in is recorded with session and address, and without the cookie', async () => {
  await recordEntry(server, HEADERS, { by: 'password', email: 'ada@example.org' }, ENTERED);
  expect(rows).toMatchObject([
    {
      entry: {
        ...{ principal: { id: 'p-1', name: 'ada@example.org' }, operation: 'session.signIn' },
        origin: { surface: 'console', address: '203.0.113.9', sessionId: 's-1' },
      },
    },
  ]);
  expect(JSON.stringify(rows)).not.toContain('the cookie');
});

it('nobody comes in unrecorded', async () => {
  isAway = true;
  await expect(recordEntry(server, HEADERS, { by: 'password' }, ENTERED)).rejects.toThrow('away');
  expect(ended).toEqual(['the cookie']);
});

describe('who was refused', () => {
  it('is recorded with the account that was tried', async () => {
    await attempt(' Eve@Example.org');
    expect(rows).toMatchObject([{ code: 'wrong-password', entry: { target: 'eve@example.org' } }]);
  });

  it.each(['my secret words', 'hunter2@home', 'a@b c.d'])(
    'by %j as an e-mail leaves no trace of it',
    async (typed) => {
      await attempt(typed);
      expect(JSON.stringify(rows)).not.toContain(typed);
      expect(rows).toHaveLength(1);
    },
  );

  it('again and again while locked is one row a minute', async () => {
    for (let i = 0; i < 5; i++) await attempt('mallory@example.org', 'locked');
    await attempt('other@example.org', 'locked');
    expect(rows.map(({ entry }) => entry.target)).toEqual(['mallory@example.org', 'other@example.org']);
  });
});
