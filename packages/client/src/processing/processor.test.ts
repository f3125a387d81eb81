import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConsumedEvent } from '../consuming/consumed.ts';
import { respond } from '../consuming/group-edge.fixture.ts';
import type { Fetch } from '../edge/edges.ts';
import { keyOf } from '../events.ts';
import type { KeyState, ProcessorContext } from './handling-with-state.ts';
import type { ProcessorNotice } from './notices.ts';
import { Processor, type ProcessorOptions } from './processor.ts';
import { LEFT, RIGHT, StateEdge, WHOLE } from './state-edge.fixture.ts';

interface Count {
  readonly count: number;
  readonly last: string;
}

let edge: StateEdge;
let notices: ProcessorNotice[];
/** ids of events, by each effect */
let effects: string[];
beforeEach(() => {
  edge = new StateEdge();
  [notices, effects] = [[], []];
});

/** Members that a test that failed has left. */
const left = new Set<() => void>();
afterEach(() => {
  for (const kill of left) kill();
  left.clear();
});

const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 10_000, interval: 10 });

/** A member, and what cuts it off from every edge. */
function member(options: Partial<ProcessorOptions<Count>> = {}) {
  let isDead = false;
  const mine = edge;
  const kill = () => {
    isDead = true;
  };
  left.add(kill);
  const fetch: Fetch = async (url, init) => {
    const gone = () => respond(403, { code: 'foreign_member', status: 403 });
    if (isDead) return gone();
    const answer = await mine.stateFetch(url, init);
    return isDead ? gone() : answer;
  };
  const processor = new Processor<Count>(edge.edges({ fetch }), {
    ...{ group: 'g', member: 'm', heartbeatMs: 20, commitEveryMs: 5, intervalMs: 60_000, letGoMs: 2_000 },
    onNotice: (notice) => notices.push(notice),
    ...options,
  });
  // of a test that failed
  const { run: start } = processor;
  processor.run = (...given) => {
    const ended = start.apply(processor, given);
    ended.catch(() => {});
    return ended;
  };
  return { processor, kill };
}

async function count(
  { event }: ConsumedEvent,
  state: KeyState<Count>,
  context: ProcessorContext,
): Promise<void> {
  const { count } = state.get() ?? { count: 0 };
  state.set({ count: count + 1, last: event.id });
  await context.effect(() => effects.push(event.id));
}

/** Of the keys k0, k1, ...: by turns. */
function append(id: number, events: number, keys = 5): void {
  for (let i = 0; i < events; i++) edge.append(id, { subject: `k${i % keys}` });
}

/** What the log says. */
function counted(...ids: number[]): Record<string, Count> {
  const counts: Record<string, Count> = {};
  for (const id of ids)
    for (const { event } of edge.shardlets.get(id)!.events)
      counts[keyOf(event)] = { count: (counts[keyOf(event)]?.count ?? 0) + 1, last: event.id };
  return counts;
}

const stateOf = (processor: Processor<Count>) => Object.fromEntries([...processor.entries()].sort());
const noticesOf = <K extends ProcessorNotice['kind']>(kind: K) =>
  notices.filter((notice): notice is Extract<ProcessorNotice, { kind: K }> => notice.kind === kind);
const committed = (id: number, seq: number) => eventually(() => expect(edge.committed()[id]).toBe(seq));

/** Runs until it has handled so much, and closes it. */
async function run(options: Partial<ProcessorOptions<Count>>, until: () => Promise<unknown>) {
  const { processor } = member(options);
  const ended = processor.run({ handle: count });
  await Promise.race([until(), ended]);
  await processor.close();
  await ended;
  return processor;
}

describe('a processor', () => {
  it('reads the history of a key of the stream that it handles', async () => {
    edge.root(1, 0);
    append(1, 1);
    const page = { events: [], next: 'c', atHead: true, cache: 'hit' };
    edge.answers.push({ path: /^\/v1\/streams\/s\/keys\/k0%2F1\/events$/, status: 200, body: page });
    const { processor } = member();
    const pages: unknown[] = [];
    const ended = processor.run({
      handle: async () => void pages.push(await processor.history('k0/1', { limit: 5 })),
    });
    await Promise.race([committed(1, 1), ended]);
    await processor.close();
    expect(pages).toEqual([page]);
  });

  it('creates a group that keeps state', async () => {
    edge.root(1, 0);
    const checkpoints = { checkpoint_threshold: 500 };
    await run({ stream: 's', checkpoints, merge: (a) => a }, async () => {});
    expect(edge.created).toEqual([
      { name: 'g', stream: 's', checkpoints: { merges: true, checkpoint_threshold: 500 } },
    ]);
  });

  it('keeps the state of each key, saves it when it ends, and finds it again without a replay', async () => {
    edge.root(1, 0);
    append(1, 730);
    const first = await run({}, () => committed(1, 730));
    expect(stateOf(first)).toEqual(counted(1));
    expect(first.get('k3')).toEqual(counted(1).k3);
    expect(noticesOf('checkpointed')).toMatchObject([
      { reason: 'closing', seq: 730, keys: 5, isDelta: false },
    ]);
    append(1, 5);
    edge.give(1, 'm');
    const second = await run({}, () => committed(1, 735));
    expect(stateOf(second)).toEqual(counted(1));
    expect(noticesOf('restored')).toMatchObject([{ checkpoints: [{ seq: 730 }], keys: 5 }]);
    expect([noticesOf('replayed'), effects.length]).toEqual([[], 735]);
    expect(edge.recovered).toMatchObject([{ replayedEvents: 0, fromLog: false }]);
  });

  it('that is killed is replaced: what came after its checkpoint is replayed, and no effect is repeated', async () => {
    edge.root(1, 0);
    append(1, 100);
    const { processor, kill } = member();
    void processor.run({ handle: count });
    await committed(1, 100);
    edge.due = [{ shardlet: 1, reason: 'backlog-above-threshold' }];
    await eventually(() => expect(edge.valid()).toHaveLength(1));
    edge.due = [];
    append(1, 60);
    await committed(1, 160);
    kill();
    append(1, 7);
    edge.give(1, 'm2');
    const next = await run({ member: 'm2' }, () => committed(1, 167));
    expect(stateOf(next)).toEqual(counted(1));
    expect(noticesOf('replayed')).toMatchObject([{ events: 60, fromLog: false }]);
    expect([...effects].sort()).toEqual(
      edge.shardlets
        .get(1)!
        .events.map(({ event }) => event.id)
        .sort(),
    );
  });

  it('without any checkpoint computes the state from the log', async () => {
    edge.root(1, 0);
    append(1, 1_234);
    const { processor, kill } = member();
    void processor.run({ handle: count });
    await committed(1, 1_234);
    kill();
    edge.give(1, 'm2');
    const next = await run({ member: 'm2' }, () =>
      eventually(() => expect(noticesOf('replayed')).toHaveLength(1)),
    );
    expect(stateOf(next)).toEqual(counted(1));
    expect([noticesOf('replayed')[0]!.fromLog, effects.length]).toEqual([true, 1_234]);
  });

  it('handles nothing again that its recovery has, where another process of its name has committed meanwhile', async () => {
    edge.root(1, 0);
    append(1, 40);
    const { processor: first, kill } = member();
    void first.run({ handle: count });
    await committed(1, 40);
    kill();
    append(1, 5);
    edge.give(1, 'm2');
    // its first poll has brought 41 to 45; then they are committed by the other one
    const recover = edge.plan.bind(edge);
    edge.plan = (asked) => {
      edge.shardlets.get(1)!.committed = 45;
      return recover(asked);
    };
    const next = await run({ member: 'm2' }, () =>
      eventually(() => expect(noticesOf('replayed')).toHaveLength(1)).then(() => committed(1, 45)),
    );
    expect(stateOf(next)).toEqual(counted(1));
  });

  it.each(['recover', 'replay'])(
    'whose stream is deleted before its %s ends with unknown_stream, and nothing is changed',
    async (call) => {
      edge.root(1, 0);
      append(1, 40);
      const { processor: first, kill } = member();
      void first.run({ handle: count });
      await committed(1, 40);
      kill();
      edge.give(1, 'm2');
      const deleted = {
        code: 'unknown_stream',
        status: 404,
        detail: 'The stream of the group "g" was deleted',
      };
      edge.answers.push({ path: new RegExp(`/${call}$`), status: 404, body: deleted });
      const startedMs = performance.now();
      const { processor } = member({ member: 'm2', letGoMs: 60_000 });
      const ended = processor.run({ handle: count });
      await expect(ended).rejects.toMatchObject({ code: 'unknown_stream', status: 404 });
      expect(performance.now() - startedMs).toBeLessThan(5_000);
      expect([edge.committed(), edge.valid(), effects.length, edge.recovered]).toEqual([
        { 1: 40 },
        [],
        40,
        [],
      ]);
      expect(stateOf(processor)).toEqual({});
    },
  );

  it('whose handler fails ends with the error; the state has what was handled before, and nothing of that event', async () => {
    edge.root(1, 0);
    append(1, 9, 1);
    const { processor } = member();
    const failing = processor.run({
      handle: async (event, state, context) => {
        await count(event, state, context);
        if (event.seq === 6) throw new Error('no tax rate');
      },
    });
    await expect(failing).rejects.toThrow('no tax rate');
    expect([edge.committed(), processor.get('k0')!.count]).toEqual([{ 1: 5 }, 5]);
    expect(noticesOf('checkpointed')).toMatchObject([{ reason: 'closing', seq: 5 }]);
  });

  it('refuses a state that is not JSON where it is set', async () => {
    edge.root(1, 0);
    append(1, 1);
    const { processor } = member();
    const failing = processor.run({ handle: (_, state) => state.set({ count: Number.NaN, last: '' }) });
    await expect(failing).rejects.toMatchObject({
      code: 'invalid_state',
      message: 'the state of key "k0" is not JSON: .count is NaN',
    });
  });

  it('replays no more than one handler at a time beside those that `concurrency` allows', async () => {
    edge.root(1, 0, 'm', LEFT);
    edge.root(2, 0, 'm', RIGHT);
    append(1, 40);
    append(2, 40);
    for (const id of [1, 2]) edge.shardlets.get(id)!.committed = 30;
    let [running, most] = [0, 0];
    const { processor } = member();
    const ended = processor.run({
      handle: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running--;
      },
    });
    await committed(1, 40);
    await committed(2, 40);
    await processor.close();
    await ended;
    expect(most).toBe(1);
  });
});

it('a shardlet whose state takes long to come back holds no other up', async () => {
  edge.root(1, 0, 'm', LEFT);
  edge.root(2, 0, 'm', RIGHT);
  append(1, 300);
  edge.shardlets.get(1)!.committed = 1;
  let open = (): void => {};
  const held = new Promise<void>((resolve) => {
    open = resolve;
  });
  const { processor } = member({ concurrency: 2, bytesAheadMax: 2_000, batchEventsMax: 20 });
  const ended = processor.run({
    handle: async (event, state, context) => {
      if (context.replaying) await held;
      await count(event, state, context);
    },
  });
  await eventually(() => expect(processor.stats().recovering).toBe(1));
  for (let i = 1; i <= 5; i++) {
    append(2, 10);
    await committed(2, 10 * i);
  }
  expect(edge.committed()[1]).toBe(1);
  open();
  await committed(1, 300);
  const counts = [...processor.entries()].map(([, each]) => each.count);
  expect(counts.reduce((sum, each) => sum + each)).toBe(350);
  await processor.close();
  await ended;
});

describe('a checkpoint', () => {
  it('is a delta while it is small, on what the edge has; after eight a whole one', async () => {
    edge.root(1, 0);
    append(1, 4_000, 4_000);
    const { processor } = member({ intervalMs: 1 });
    const ended = processor.run({ handle: count });
    await eventually(() => expect(edge.valid().at(-1)?.seq).toBe(4_000));
    for (let i = 1; i <= 10; i++) {
      append(1, 2, 2);
      await eventually(() => expect(edge.valid().at(-1)?.seq).toBe(4_000 + 2 * i));
    }
    await processor.close();
    await ended;
    const bases = edge
      .valid()
      .slice(-11)
      .map(({ base }) => base !== null);
    expect(bases).toEqual([false, ...Array(8).fill(true), false, true]);
    expect(noticesOf('checkpointed').slice(-2)).toMatchObject([{ keys: 4_000 }, { isDelta: true }]);
    edge.give(1, 'm');
    const next = await run({}, () => eventually(() => expect(noticesOf('restored')).toHaveLength(1)));
    expect(stateOf(next)).toEqual(counted(1));
  });

  it('whose base has gone is taken whole', async () => {
    edge.root(1, 0);
    append(1, 100, 100);
    const { processor } = member({ intervalMs: 1 });
    const ended = processor.run({ handle: count });
    await eventually(() => expect(edge.valid().at(-1)?.seq).toBe(100));
    edge.rows.clear();
    append(1, 1);
    await eventually(() => expect(edge.valid().at(-1)).toMatchObject({ seq: 101, base: null }));
    await processor.close();
    await ended;
  });

  it('is stored after what is in it was committed, and never by a member that has lost the shardlet', async () => {
    edge.root(1, 0);
    append(1, 50);
    const { processor } = member({ intervalMs: 1, commitEveryMs: 60_000 });
    let isGiven = false;
    const stored = edge.announce.bind(edge);
    edge.announce = (asked) => {
      expect(asked.seq).toBeLessThanOrEqual(edge.committed()[1]!);
      const answer = stored(asked);
      if (!isGiven) edge.give(1, 'other');
      isGiven = true;
      return answer;
    };
    const ended = processor.run({ handle: count });
    await eventually(() => expect(noticesOf('lost')).toHaveLength(1));
    await processor.close();
    await ended;
    expect([[...edge.rows.values()].map(({ state }) => state), processor.get('k0')]).toEqual([
      ['pending'],
      undefined,
    ]);
  });

  it('whose upload was answered by nobody is there all the same', async () => {
    edge.root(1, 0);
    append(1, 5);
    let isLost = false;
    const { processor } = member();
    const original = edge.stateFetch;
    Object.assign(edge, {
      stateFetch: (async (url, init) => {
        const answer = await original(url, init);
        if (init.method !== 'PUT' || isLost) return answer;
        isLost = true;
        throw new TypeError('fetch failed');
      }) satisfies Fetch,
    });
    const ended = processor.run({ handle: count });
    await committed(1, 5);
    await processor.close();
    await ended;
    expect([isLost, noticesOf('checkpointed').length, edge.valid().length]).toEqual([true, 1, 1]);
  });
});

describe('a shardlet', () => {
  it('that goes to another member goes after its checkpoint', async () => {
    edge.root(1, 0);
    append(1, 20);
    const { processor } = member();
    const ended = processor.run({ handle: count });
    await committed(1, 20);
    edge.revoke(1);
    await eventually(() => expect(edge.shardlets.get(1)!.member).toBe('other'));
    expect(edge.valid()).toMatchObject([{ seq: 20, reason: 'revoking' }]);
    await processor.close();
    await ended;
  });

  it('whose last checkpoint fails is let go of when its time is over', async () => {
    edge.root(1, 0);
    append(1, 20);
    const { processor } = member({ letGoMs: 300 });
    const ended = processor.run({ handle: count });
    await committed(1, 20);
    edge.announce = () => new Response('{"code":"store_unreachable","status":503}', { status: 503 });
    edge.revoke(1);
    const startedMs = performance.now();
    await eventually(() => expect(edge.shardlets.get(1)!.member).toBe('other'));
    expect(performance.now() - startedMs).toBeGreaterThan(299);
    await processor.close();
    await ended;
  });

  it('whose last checkpoint is refused for good is let go of at once', async () => {
    edge.root(1, 0);
    append(1, 20);
    const { processor } = member({ letGoMs: 60_000 });
    const ended = processor.run({ handle: count });
    await committed(1, 20);
    edge.announce = () => new Response('{"code":"body_too_large","status":413}', { status: 413 });
    edge.revoke(1);
    await eventually(() => expect(edge.shardlets.get(1)!.member).toBe('other'));
    expect(noticesOf('checkpoint-failed')).toMatchObject([
      { reason: 'revoking', error: { code: 'body_too_large' } },
    ]);
    await processor.close();
    await ended;
  });

  it('that is split is saved at its end, and each child begins with the keys of its range', async () => {
    edge.root(1, 0);
    append(1, 100, 30);
    const { processor } = member();
    const ended = processor.run({ handle: count });
    await committed(1, 100);
    edge.child(2, [1], LEFT);
    edge.child(3, [1], RIGHT, 'm2');
    await eventually(() => expect(edge.shardlets.get(2)!.member).toBe('m'));
    expect(edge.valid()).toMatchObject([{ shardlet: 1, seq: 100, reason: 'final' }]);
    const other = member({ member: 'm2' });
    const otherEnded = other.processor.run({ handle: count });
    await eventually(() => expect(noticesOf('restored')).toHaveLength(2));
    const [left, right] = [processor, other.processor].map((each) => Object.keys(stateOf(each)));
    expect([left!.length > 5, right!.length > 5, left!.length + right!.length]).toEqual([true, true, 30]);
    expect({ ...stateOf(processor), ...stateOf(other.processor) }).toEqual(counted(1));
    for (const each of [processor, other.processor]) await each.close();
    await Promise.all([ended, otherEnded]);
  });

  it('that two became restores both, also over generations whose checkpoints are gone', async () => {
    edge.root(1, 0);
    append(1, 100, 30);
    const first = member();
    void first.processor.run({ handle: count });
    await committed(1, 100);
    edge.child(2, [1], LEFT);
    edge.child(3, [1], RIGHT);
    await eventually(() => expect([2, 3].map((id) => edge.shardlets.get(id)!.member)).toEqual(['m', 'm']));
    for (const { event } of [...edge.shardlets.get(1)!.events])
      edge.append(LEFT.end.high > (await hash(event.subject!)) ? 2 : 3, { subject: event.subject });
    await eventually(() => expect(effects).toHaveLength(200));
    edge.child(4, [2, 3], WHOLE);
    await eventually(() => expect(edge.shardlets.get(4)!.member).toBe('m'));
    first.kill();
    const third = edge.valid().find(({ shardlet, reason }) => shardlet === 2 && reason === 'final')!;
    edge.rows.delete(third.id);
    edge.give(4, 'm2');
    const next = await run({ member: 'm2' }, () =>
      eventually(() => expect(noticesOf('replayed').length).toBeGreaterThan(0)),
    );
    expect(stateOf(next)).toEqual(counted(1, 2, 3));
    expect(effects).toHaveLength(200);
  });

  const hash = async (key: string) => (await import('./key-range.ts')).hashOfKey(key);
});

describe('another version of the handler', () => {
  async function before(): Promise<void> {
    edge.root(1, 0);
    append(1, 40);
    await run({}, () => committed(1, 40));
    edge.give(1, 'm');
  }

  it('migrates the states', async () => {
    await before();
    const migrate = (state: unknown, from: string) => ({ count: (state as Count).count * 10, last: from });
    const next = await run({ version: '2', migrate }, () =>
      eventually(() => expect(noticesOf('restored')).toHaveLength(1)),
    );
    expect([next.get('k1'), effects.length]).toEqual([{ count: 80, last: '1' }, 40]);
    expect(edge.valid().at(-1)).toMatchObject({ handlerVersion: '2', base: null });
  });

  it('without `migrate` computes them from the log', async () => {
    await before();
    const next = await run({ version: '2' }, () =>
      eventually(() => expect(noticesOf('replayed')).toHaveLength(1)),
    );
    expect([stateOf(next), effects.length]).toEqual([counted(1), 40]);
  });
});

describe('what is lost', () => {
  it('a checkpoint that is damaged, or has gone from its store, is left out: an older one and a longer replay', async () => {
    edge.root(1, 0);
    const { processor, kill } = member({ intervalMs: 1 });
    void processor.run({ handle: count });
    for (const seq of [10, 20, 30]) {
      append(1, 10);
      await eventually(() => expect(edge.valid().at(-1)?.seq).toBe(seq));
    }
    kill();
    const whole = edge.valid().filter(({ base }) => base === null);
    expect(whole.length).toBeGreaterThan(1);
    edge.objects.get(edge.valid().at(-1)!.id)![20]! ^= 1;
    edge.objects.delete(edge.valid().at(-2)!.id);
    edge.give(1, 'm2');
    const next = await run({ member: 'm2' }, () =>
      eventually(() => expect(noticesOf('replayed')).toHaveLength(1)),
    );
    expect([stateOf(next), effects.length]).toEqual([counted(1), 30]);
  });

  it('events that are past their retention end the processor, or are left out and said so', async () => {
    edge.root(1, 0);
    append(1, 20, 1);
    edge.shardlets.get(1)!.committed = 20;
    edge.trimmed.set(1, 15);
    await expect(member().processor.run({ handle: count })).rejects.toMatchObject({ code: 'state_lost' });
    edge.give(1, 'm');
    const next = await run({ onStateLost: 'continue' }, () =>
      eventually(() => expect(noticesOf('state-lost')).toHaveLength(1)),
    );
    expect([next.get('k0')!.count, effects.length, next.stats().replayedEvents]).toEqual([5, 0, 5]);
  });

  it('two states of one key need `merge`', async () => {
    edge.root(1, 0);
    append(1, 3, 1);
    await run({}, () => committed(1, 3));
    edge.root(2, 0, 'm');
    append(2, 4, 1);
    await run({}, () => committed(2, 4));
    edge.child(3, [1, 2], WHOLE);
    edge.give(1, undefined);
    edge.give(2, undefined);
    edge.give(3, 'm');
    await expect(member().processor.run({ handle: count })).rejects.toMatchObject({ code: 'invalid_state' });
    notices = [];
    edge.give(3, 'm');
    const merge = (a: Count, b: Count) => ({ count: a.count + b.count, last: b.last });
    const next = await run({ merge }, () =>
      eventually(() => expect(noticesOf('restored').length).toBeGreaterThan(0)),
    );
    expect(next.get('k0')!.count).toBe(7);
  });
});
