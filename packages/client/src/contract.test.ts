/** What the library takes for granted of an edge, held against the table of operations and the table of errors. */
import { contradictionOf, type KnownCheckpoint, readState } from '@foreshard/core/checkpointing';
import { ERRORS } from '@foreshard/core/kernel';
import {
  consuming,
  type events,
  groups,
  keepingState,
  type OutputOf,
  reading,
} from '@foreshard/core/operations';
import { describe, expect, it } from 'vitest';
import type { CommitResult, GroupPoll } from './consuming/group-calls.ts';
import { GroupCalls } from './consuming/group-calls.ts';
import { Edges } from './edge/edges.ts';
import { EDGE_CODES, ForeshardError } from './edge/errors.ts';
import type { EventResult } from './events.ts';
import { CheckpointCalls, type RecoveryPlan, type Replayed } from './processing/checkpoint-calls.ts';
import { type ContentHeader, encoded } from './processing/content.ts';
import { ShardletState } from './processing/shardlet-state.ts';
import { type Page, pathOf } from './reading/pages.ts';

it('knows every code of the edge, and no other', () => {
  expect([...EDGE_CODES].sort()).toEqual(Object.keys(ERRORS).sort());
});

it('waits for what passes by itself: 408, 429 and 5xx, but for a full host', () => {
  const passing = EDGE_CODES.filter((code) => {
    const { status } = ERRORS[code];
    return new ForeshardError(code, '', { status }).isPassing;
  });
  expect(passing.sort()).toEqual(
    [
      ...['host_unreachable', 'internal', 'not_ready', 'overloaded', 'quota_exceeded', 'request_timeout'],
      ...['store_unreachable', 'too_many_ids'],
    ].sort(),
  );
});

/** Compiles as long as whatever an edge answers is of the library's types. */
export function answers(
  log: OutputOf<typeof reading.log>,
  key: OutputOf<typeof reading.key>,
  results: OutputOf<typeof events.ingest>['results'],
  poll: OutputOf<typeof consuming.poll>,
  commits: OutputOf<typeof consuming.commit>['results'],
  plan: Exclude<OutputOf<typeof keepingState.recover>, { kind: 'fenced' }>,
  replayed: Exclude<OutputOf<typeof keepingState.replay>, { kind: 'fenced' }>,
): readonly [
  ...[Page, Page, readonly EventResult[], GroupPoll, readonly CommitResult[]],
  ...[RecoveryPlan, Replayed],
] {
  return [log, key, results, poll, commits, plan, replayed];
}

describe('asks as the operations are written', () => {
  const { poll, commit, leave, report } = consuming;
  const operations = { poll, commit, leave, report };

  async function asked(call: (calls: GroupCalls) => Promise<unknown>) {
    const seen: { path: string; body: Record<string, unknown> }[] = [];
    const edges = new Edges({
      url: 'http://127.0.0.1:1',
      token: 't',
      fetch: async (url, { body }) => {
        seen.push({ path: new URL(url).pathname, body: JSON.parse(String(body)) });
        return new Response('{"results":[]}');
      },
    });
    await call(new GroupCalls(edges, 'billing', 'm1'));
    return seen[0]!;
  }

  it.each([
    ['poll', (c: GroupCalls) => c.poll({ limit: 5, wait: 10, after: { 7: { seq: 3, assignment: 2 } } })],
    ['commit', (c: GroupCalls) => c.commit([{ shardlet: 7, seq: 3, epoch: 1, assignment: 2 }])],
    ['leave', (c: GroupCalls) => c.leave()],
    [
      'report',
      (c: GroupCalls) => c.deadLetter({ shardlet: 7, seq: 3, assignment: 2, reason: 'bad', attempts: 3 }),
    ],
  ] as const)('%s', async (name, call) => {
    const { path, body } = await asked(call);
    const { input, http } = operations[name];
    expect(path).toBe(http.path.replace('{group}', 'billing'));
    expect(input.safeParse({ group: 'billing', ...body }).error).toBeUndefined();
  });

  describe('of state', () => {
    const digest = `sha-256:${'0'.repeat(64)}`;
    const id = '00000000-0000-4000-8000-000000000000';
    const seat = { shardlet: 7, assignment: 2 };
    const range = { start: { high: 0, low: 0 }, end: { high: 2 ** 32, low: 0 } };
    const never = new AbortController().signal;

    async function askedOfState(call: (calls: CheckpointCalls) => Promise<unknown>) {
      const seen: { method: string | undefined; path: string; query: object; body: unknown }[] = [];
      const edges = new Edges({
        url: 'http://127.0.0.1:1',
        token: 't',
        fetch: async (url, { method, body }) => {
          const { pathname: path, searchParams } = new URL(url);
          seen.push({ method, path, query: Object.fromEntries(searchParams), body });
          return new Response(JSON.stringify({ id, put: `/v1/groups/billing/checkpoints/${id}/content` }));
        },
      });
      await call(new CheckpointCalls(edges, new GroupCalls(edges, 'billing', 'm1'), () => {}));
      return seen;
    }

    it.each([
      ['recover', (c: CheckpointCalls) => c.plan(seat, { handlerVersion: '1', without: [id] }, never)],
      ['recover', (c: CheckpointCalls) => c.plan(seat, { handlerVersion: '1', allowLost: true }, never)],
      ['recover', (c: CheckpointCalls) => c.plan(seat, { handlerVersion: '1', fromLog: true }, never)],
      [
        'replay',
        (c: CheckpointCalls) =>
          c.replay(seat, { kind: 'replay', shardlet: 3, after: 0, through: 9, range }, 4, never),
      ],
      [
        'recovered',
        (c: CheckpointCalls) =>
          c.recovered(
            seat,
            { restoreMs: 1, bytes: 2, replayedEvents: 3, replayMs: 4, lostEvents: 0, fromLog: false },
            never,
          ),
      ],
    ] as const)('%s', async (name, call) => {
      const { path, body } = (await askedOfState(call))[0]!;
      const { input, http } = keepingState[name];
      expect(path).toBe(http.path.replace('{group}', 'billing'));
      expect(input.safeParse({ group: 'billing', ...JSON.parse(String(body)) }).error).toBeUndefined();
    });

    it('store: announce, then upload', async () => {
      const row = { ...seat, seq: 4, epoch: 1, handlerVersion: '1', bytes: 1, digest, keys: 1, base: id };
      const content = new Uint8Array([1]);
      const [announced, uploaded] = await askedOfState((c) =>
        c.store({ ...row, reason: 'due' }, content, never),
      );
      const { announce, upload } = keepingState;
      expect(announced!.path).toBe(announce.http.path.replace('{group}', 'billing'));
      const input = { group: 'billing', ...JSON.parse(String(announced!.body)) };
      expect(announce.input.safeParse(input).error).toBeUndefined();
      const path = upload.http.path.replace('{group}', 'billing').replace('{checkpoint}', id);
      expect(uploaded).toMatchObject({ method: upload.http.method.toUpperCase(), path, body: content });
    });

    it('content', async () => {
      const checkpoint = {
        id,
        shardlet: 7,
        seq: 1,
        epoch: 1,
        handlerVersion: '1',
        bytes: 1,
        digest,
        base: null,
        keys: 1,
      };
      const [asked] = await askedOfState((c) => c.content(checkpoint, never));
      const { input, http } = keepingState.content;
      expect(asked!.path).toBe(http.path.replace('{group}', 'billing').replace('{checkpoint}', id));
      expect(input.safeParse({ group: 'billing', checkpoint: id, ...asked!.query }).error).toBeUndefined();
    });
  });

  it('create', async () => {
    const { path, body } = await asked((c) =>
      c.create({ stream: 'orders', from: 'now', sessionMs: 5_000, checkpoints: { keep_count: 5 } }),
    );
    expect(path).toBe(groups.create.http.path);
    expect(groups.create.input.safeParse(body).error).toBeUndefined();
  });

  it('reading', () => {
    const path = pathOf(
      { stream: 'orders', key: 'a/b', from: 'now', skip: [3, 5] },
      { limit: '5', wait: '0' },
    );
    const url = new URL(path, 'http://127.0.0.1');
    expect(url.pathname).toBe('/v1/streams/orders/keys/a%2Fb/events');
    const { limit, wait, ...query } = Object.fromEntries(url.searchParams);
    const input = { stream: 'orders', ...query, limit: Number(limit), wait: Number(wait) };
    expect(reading.log.input.safeParse(input).error).toBeUndefined();
  });
});

describe('writes checkpoints that drills of the product can read', () => {
  const state = new ShardletState();
  [state.seq, state.epoch] = [12, 3];
  state.set('a', '{"n":1}');
  state.set('Zürich', '"ü"');
  state.set('gone', '2');

  async function read(kind: 'full' | 'delta') {
    const snapshot = state.take(kind);
    const { seq, epoch } = snapshot;
    const header: ContentHeader = { v: 1, kind, shardlet: 7, seq, epoch, handlerVersion: 'b' };
    const { bytes } = await encoded(header, snapshot);
    const entries = new Map<string, number | undefined>();
    const reading = await readState(bytes, (key, size) => entries.set(key, size).size > 0);
    if (reading.kind !== 'read') throw new Error(reading.reason);
    const base = kind === 'full' ? undefined : 'the one before';
    const row = { shardlet: 7, seq, epoch, handlerVersion: 'b', base } as KnownCheckpoint;
    expect(contradictionOf(row, reading.header)).toBeUndefined();
    return { entries, keyCount: snapshot.keyCount };
  }

  it('whole, and as what changed since', async () => {
    const whole = await read('full');
    expect([...whole.entries.keys()]).toEqual(['Zürich', 'a', 'gone']);
    // the row of a checkpoint states as many keys as a restore has in the end
    expect(whole.keyCount).toBe(3);
    expect(whole.entries.get('Zürich')).toBe(new TextEncoder().encode('["Zürich","ü"]').length);
    state.set('gone', undefined);
    state.set('new', '1');
    state.seq = 14;
    const delta = await read('delta');
    expect([...delta.entries]).toEqual([
      ['gone', undefined],
      ['new', '["new",1]'.length],
    ]);
    expect(delta.keyCount).toBe(3);
  });
});
