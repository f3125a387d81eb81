import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EVERYWHERE, type Permission, type Principal } from '../../access/index.ts';
import { MemoryAudit } from '../../audit/audit-log.fixture.ts';
import { ForeshardError } from '../../kernel/index.ts';
import { type Caller, callerOf } from '../caller.ts';
import { command, query } from '../operation.ts';
import { OperationRunner } from './operation-runner.ts';

const http = { tag: 'service', method: 'post', path: '/', operationId: 'a', answers: { 200: '' } } as const;
const words = { summary: '', description: '' };
const set = command({
  ...{ name: 'things.set', resource: 'quota', permission: 'streams:manage', dryRun: true },
  before: 'noted',
  input: z.strictObject({ name: z.string(), secret: z.string().optional(), reason: z.string().optional() }),
  output: z.strictObject({ now: z.int() }),
  ...{ errors: ['conflict'], http: { ...http, ...words } },
});
const list = query({
  ...{ name: 'things.list', resource: 'quota', permission: 'cluster:read' },
  ...{ input: z.strictObject({}), output: z.strictObject({}), errors: ['store_unreachable'] },
  http: { ...http, ...words, method: 'get' },
});

const show = query({
  ...{ name: 'things.show', resource: 'event', permission: 'cluster:read', payload: 'event' },
  ...{
    input: z.strictObject({ name: z.string() }),
    output: z.strictObject({ event: z.string().nullable() }),
  },
  errors: ['store_unreachable'],
  http: { ...http, ...words, method: 'get' },
});

let audit: MemoryAudit;
let calls: unknown[];
let nowMs: number;
let warnings: string[];
let answer: (caller: Caller) => { now: number };
let event: string | null;
let runner: OperationRunner;

beforeEach(() => {
  audit = new MemoryAudit();
  [calls, nowMs, warnings] = [[], 1_000, []];
  answer = () => ({ now: 7 });
  event = '{"a":1}';
  runner = new OperationRunner({
    table: { things: { set, list, show } },
    handlers: {
      things: {
        async set(input: unknown, caller: Caller) {
          calls.push({ input, rows: audit.rows.map(({ row }) => row) });
          return answer(caller);
        },
        list: async () => ({}),
        show: async () => ({ event }),
      },
    } as never,
    audit,
    nowMs: () => nowMs,
    warn: (message) => void warnings.push(message),
  });
});

function person(...permissions: Permission[]): Principal {
  return { kind: 'person', id: 'p-1', name: 'ann@example.com', grants: [{ permissions, scope: EVERYWHERE }] };
}

function notYours(): never {
  throw new ForeshardError('forbidden', 'it belongs to another');
}

const ORIGIN = { surface: 'console', address: '10.0.0.9', requestId: 'r-1', sessionId: 's-1' } as const;
const ann = (dryRun = false) => callerOf(person('streams:manage', 'cluster:read'), ORIGIN, dryRun);
const nobody = callerOf(person(), ORIGIN);
const away = Object.assign(new Error('away'), { name: 'DatabaseUnreachable' });

describe('a command', () => {
  it('has a row before it is carried out and one after it, with who, from where and why', async () => {
    const input = { name: 'a', secret: 'canary', reason: 'a test' };
    expect(await runner.run(set, input, ann())).toEqual({ now: 7 });
    expect(calls).toEqual([{ input, rows: ['started'] }]);
    const entry = {
      ...{ principal: ann().principal, origin: ORIGIN, operation: 'things.set', resource: 'quota' },
      ...{ target: 'a', reason: 'a test', input: { ...input, secret: '(hidden)' } },
    };
    expect(audit.rows).toEqual([
      { row: 'started', entry },
      { row: 'done', startedId: '1', entry, outcome: 'done', after: { now: 7 } },
    ]);
  });

  it('keeps what its handler notes of the change', async () => {
    answer = ({ note }) => {
      note?.({ before: { limit: 1, password: 'canary' } });
      note?.({ after: { limit: 2, password: 'canary' } });
      return { now: 7 };
    };
    await runner.run(set, { name: 'a' }, ann());
    expect(audit.rows[1]).toMatchObject({
      ...{ before: { limit: 1, password: '(hidden)' }, after: { limit: 2, password: '(hidden)' } },
    });
  });

  it('has its refusal recorded, and a fault by its name alone', async () => {
    answer = () => {
      throw new ForeshardError('conflict', 'redis://u:canary@h is taken');
    };
    await expect(runner.run(set, { name: 'a' }, ann())).rejects.toMatchObject({ code: 'conflict' });
    answer = () => {
      throw new TypeError('canary');
    };
    await expect(runner.run(set, { name: 'a' }, ann())).rejects.toThrow(TypeError);
    expect(audit.rows[1]).toMatchObject({
      ...{ row: 'failed', startedId: '1', code: 'conflict', detail: 'redis://u:(hidden)@h is taken' },
    });
    expect(audit.rows[3]).toMatchObject({ code: 'internal', detail: 'unexpected fault: TypeError' });
  });

  it('is not carried out when it cannot be recorded', async () => {
    audit.away = { started: away };
    await expect(runner.run(set, { name: 'a' }, ann())).rejects.toMatchObject({ code: 'store_unreachable' });
    expect(calls).toEqual([]);
  });

  it('is done when only its end cannot be recorded', async () => {
    audit.away = { done: away };
    expect(await runner.run(set, { name: 'a' }, ann())).toEqual({ now: 7 });
    expect(audit.rows.map(({ row }) => row)).toEqual(['started']);
    expect(warnings).toEqual(['the audit log has no end of row 1: things.set done']);
  });

  it('is told its row, for what is decided by it to name', async () => {
    answer = ({ auditRow }) => ({ now: Number(auditRow) });
    expect(await runner.run(set, { name: 'a' }, ann())).toEqual({ now: 1 });
  });

  it('that only asks what would happen leaves no row', async () => {
    await runner.run(set, { name: 'a' }, ann(true));
    expect([calls.length, audit.rows]).toEqual([1, []]);
  });
});

describe('a denial', () => {
  it('is one row, and nothing is carried out', async () => {
    await expect(runner.run(set, { name: 'a' }, nobody)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(runner.run(set, { name: 'a' }, nobody)).rejects.toMatchObject({ code: 'forbidden' });
    expect(calls).toEqual([]);
    expect(audit.rows).toMatchObject([
      { row: 'denied', code: 'forbidden', entry: { target: 'a', operation: 'things.set' } },
      { row: 'denied' },
    ]);
  });

  it('of a query is recorded once a minute, as tools poll', async () => {
    for (const atMs of [1_000, 60_999, 61_000]) {
      nowMs = atMs;
      await expect(runner.run(list, {}, nobody)).rejects.toMatchObject({ code: 'forbidden' });
    }
    expect(audit.rows).toHaveLength(2);
  });

  it('by the handler, which alone knows whose a thing is, is recorded as that', async () => {
    answer = notYours;
    await expect(runner.run(set, { name: 'a' }, ann())).rejects.toMatchObject({ code: 'forbidden' });
    expect(audit.rows).toMatchObject([
      { row: 'started' },
      { row: 'denied', startedId: '1', code: 'forbidden', detail: 'it belongs to another' },
    ]);
  });

  it('by the handler is recorded also where somebody only asks what would happen', async () => {
    answer = notYours;
    await expect(runner.run(set, { name: 'a' }, ann(true))).rejects.toMatchObject({ code: 'forbidden' });
    expect(audit.rows).toMatchObject([{ row: 'denied', entry: { operation: 'things.set' } }]);
  });

  it('before the input is read is recorded too', async () => {
    await expect(runner.requireMentioned(set, nobody)).rejects.toMatchObject({ code: 'forbidden' });
    await runner.requireMentioned(set, ann());
    expect(audit.rows).toMatchObject([{ row: 'denied', entry: { target: '' } }]);
  });

  it('holds when it cannot be recorded', async () => {
    audit.away = { denied: away };
    await expect(runner.run(set, { name: 'a' }, nobody)).rejects.toMatchObject({ code: 'forbidden' });
    expect(warnings).toHaveLength(1);
  });
});

describe('a query that shows what an event holds', () => {
  it('is one row of who read it, without the event', async () => {
    expect(await runner.run(show, { name: 'a' }, ann())).toEqual({ event });
    expect(audit.rows).toMatchObject([
      { row: 'done', entry: { operation: 'things.show', resource: 'event', target: 'a', origin: ORIGIN } },
    ]);
    expect(JSON.stringify(audit.rows)).not.toContain('{\\"a\\":1}');
  });

  it('is none where the caller was not given it', async () => {
    event = null;
    expect(await runner.run(show, { name: 'a' }, ann())).toEqual({ event: null });
    expect(audit.rows).toEqual([]);
  });

  it('is answered also where it cannot be recorded, and the log of the process says so', async () => {
    audit.away = { done: away };
    expect(await runner.run(show, { name: 'a' }, ann())).toEqual({ event });
    expect(warnings).toEqual(['the audit log has no row of things.show']);
  });
});

it('a query is not recorded', async () => {
  await runner.run(list, {}, ann());
  expect(audit.rows).toEqual([]);
});
