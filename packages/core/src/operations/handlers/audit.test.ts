import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditQuestion, AuditRecord, ChainState } from '../../audit/index.ts';
import { auditHandlers } from './audit.ts';
import { callerNamed } from './caller.fixture.ts';

const CALLER = callerNamed('ann');
const AT = new Date('2026-11-23T12:00:00Z');

function record(id: string): AuditRecord {
  return {
    ...{ id, startedId: undefined, at: AT, endedAt: AT, outcome: 'done', actorKind: 'person', actorId: 'p' },
    ...{ actor: 'ann@example.com', sessionId: undefined, address: '', surface: 'console' },
    ...{ operation: 'hosts.drain', resource: 'host', target: '3', requestId: 'r', reason: '' },
    ...{
      input: { host: 3 },
      code: undefined,
      detail: undefined,
      before: undefined,
      after: { a: 1 },
      seal: 7,
    },
  };
}

let asked: AuditQuestion[];
let found: AuditRecord[];
let state: ChainState | undefined;
const handlers = auditHandlers({
  audit: {
    async list(question) {
      asked.push(question);
      return found.slice(0, question.limit);
    },
    show: async (id) => found.find((one) => one.id === id),
  },
  chainState: async () => state,
});
beforeEach(() => {
  [asked, found, state] = [[], ['9', '8', '7'].map(record), undefined];
});

describe('audit.list', () => {
  it('answers pages with a cursor, as long as there is more', async () => {
    const first = await handlers.list({ limit: 2 }, CALLER);
    expect([first.records.map(({ id }) => id), first.next]).toEqual([['9', '8'], '8']);
    found = found.slice(2);
    expect(await handlers.list({ limit: 2, cursor: '8' }, CALLER)).toMatchObject({ next: null });
    expect(asked[1]).toMatchObject({ before: '8', limit: 3 });
  });

  it('keeps inputs and changes for the single entry', async () => {
    const { records } = await handlers.list({ limit: 1, from: AT.toISOString() }, CALLER);
    expect(records[0]).toMatchObject({ actor: 'ann@example.com', session: null, seal: 7 });
    expect(records[0]).not.toHaveProperty('input');
    expect(asked[0]!.from).toEqual(AT);
  });
});

describe('audit.show', () => {
  it('answers the entry with its input and change', async () => {
    const entry = await handlers.show({ id: '8' }, CALLER);
    expect(entry).toMatchObject({ id: '8', input: { host: 3 }, before: null, after: { a: 1 } });
  });

  it('refuses what is not there', async () => {
    await expect(handlers.show({ id: '1' }, CALLER)).rejects.toMatchObject({ code: 'not_found' });
  });
});

it('audit.chain answers what a worker has told, or nothing', async () => {
  const nothing = { head: null, unsealed: 0, verified: null, fault: null };
  expect(await handlers.chain({}, CALLER)).toEqual(nothing);
  state = { ...nothing, head: { number: 3, hash: 'ab', at: AT.toISOString() }, unsealed: 2 };
  expect(await handlers.chain({}, CALLER)).toEqual(state);
});
