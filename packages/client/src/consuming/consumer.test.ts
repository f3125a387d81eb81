import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Hooks } from '../edge/hooks.ts';
import type { ConsumedBatch, ConsumedEvent } from './consumed.ts';
import { Consumer, type ConsumerOptions } from './consumer.ts';
import { GroupEdge } from './group-edge.fixture.ts';
import { ShardletLost } from './holdings.ts';
import type { Notice } from './notices.ts';

let edge: GroupEdge;
let notices: Notice[];
beforeEach(() => {
  edge = new GroupEdge();
  notices = [];
});

function consumer(options: Partial<ConsumerOptions> = {}, hooks: Hooks = {}): Consumer {
  return new Consumer(edge.edges({ hooks }), {
    ...{ group: 'g', member: 'm', heartbeatMs: 50, commitEveryMs: 20, redriveEveryMs: 20 },
    onNotice: (notice) => notices.push(notice),
    ...options,
  });
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const placeOf = ({ shardlet, seq }: ConsumedEvent): string => `${shardlet}/${seq}`;
const kinds = (): string[] => notices.map(({ kind }) => kind);

describe('each event', () => {
  it('is handled once, in the order of its shardlet, and committed; then the member leaves', async () => {
    edge.shardlet(1, 700);
    edge.shardlet(2, 3);
    const seen: string[] = [];
    await consumer().eachEvent((event) => seen.push(placeOf(event)), { eventsMax: 703 });
    for (const shardlet of [1, 2]) {
      const mine = seen.filter((place) => place.startsWith(`${shardlet}/`));
      expect(mine).toEqual(
        Array.from({ length: shardlet === 1 ? 700 : 3 }, (_, i) => `${shardlet}/${i + 1}`),
      );
    }
    expect([edge.committed(), edge.left]).toEqual([{ 1: 700, 2: 3 }, ['m']]);
  });

  it('creates a group that is new', async () => {
    edge.shardlet(1, 1);
    const options = { stream: 'orders', from: 'now', sessionMs: 5_000 } as const;
    await consumer(options).eachEvent(() => {}, { eventsMax: 1 });
    expect(edge.created).toEqual([{ name: 'g', ...options }]);
  });

  it.each([
    [{ eventsMax: 0 }, {}, 'eventsMax'],
    [{ eventsMax: Number.NaN }, {}, 'eventsMax'],
    [{}, { concurrency: 0 }, 'concurrency'],
    [{}, { bytesAheadMax: -1 }, 'bytesAheadMax'],
    [{}, { batchEventsMax: 0 }, 'batchEventsMax'],
  ])('refuses %o %o, with which it would never end, or never do anything', async (run, options, name) => {
    edge.shardlet(1, 1);
    const running = consumer({ stream: 'orders', ...options });
    const outcome = running.eachEvent(() => {}, { ...run, signal: AbortSignal.timeout(1_000) });
    await expect(outcome).rejects.toThrow(new RegExp(`^${name} is 1 at least, not`));
    expect(edge.created).toEqual([]);
  });

  it('ends when it is closed at once, and joins nothing', async () => {
    edge.shardlet(1, 1);
    const running = consumer();
    const ended = running.eachEvent(() => {});
    await running.close();
    await ended;
    expect([edge.left, edge.committed()]).toEqual([[], { 1: 0 }]);
  });

  it('ends after so many events, and commits no other', async () => {
    edge.shardlet(1, 100);
    const seen: number[] = [];
    await consumer().eachEvent(({ seq }) => seen.push(seq), { eventsMax: 15 });
    expect([seen.length, edge.committed()]).toEqual([15, { 1: 15 }]);
  });

  it('is committed on the way, not only at the end of its batch', async () => {
    edge.shardlet(1, 10);
    const running = consumer();
    const ended = running.eachEvent(() => later(25));
    await vi.waitFor(() => expect(edge.committed()[1]).toBeGreaterThan(0));
    expect(edge.committed()[1]).toBeLessThan(10);
    await running.close();
    await ended;
  });

  it('that fails ends the consumer with the error; what was done before is committed', async () => {
    edge.shardlet(1, 5);
    const failing = consumer().eachEvent(({ seq }) => {
      if (seq === 3) throw new Error('no tax rate');
    });
    await expect(failing).rejects.toThrow('no tax rate');
    expect([edge.committed(), edge.left]).toEqual([{ 1: 2 }, ['m']]);
  });

  it('keeps the shardlet signed on while its handler takes longer than a heartbeat', async () => {
    edge.shardlet(1, 1);
    let polls = 0;
    await consumer().eachEvent(
      async () => {
        await later(300);
        polls = edge.polls.length;
      },
      { eventsMax: 1 },
    );
    expect(polls).toBeGreaterThan(3);
  });
});

describe('each batch', () => {
  it('tells what a sink needs', async () => {
    edge.shardlet(7, 4);
    const seen: ConsumedBatch[] = [];
    await consumer().eachBatch((batch) => seen.push(batch), { eventsMax: 4 });
    expect(seen).toMatchObject([{ shardlet: 7, assignment: 2, epoch: 1, through: 4, skipped: 0 }]);
  });

  it('of different shardlets is handled at the same time where that is asked for, one of each', async () => {
    for (const id of [1, 2, 3]) edge.shardlet(id, 30);
    const busy = new Set<number>();
    let most = 0;
    await consumer({ concurrency: 2, batchEventsMax: 10 }).eachBatch(
      async ({ shardlet }) => {
        expect(busy.has(shardlet)).toBe(false);
        busy.add(shardlet);
        most = Math.max(most, busy.size);
        await later(5);
        busy.delete(shardlet);
      },
      { eventsMax: 90 },
    );
    expect([most, edge.committed()]).toEqual([2, { 1: 30, 2: 30, 3: 30 }]);
  });
});

describe('fetching ahead', () => {
  it('stops at its bytes, and gives signs of life meanwhile', async () => {
    edge.shardlet(1, 0);
    for (let i = 0; i < 60; i++) edge.append(1, { data: 'x'.repeat(1_000) });
    let open = (): void => {};
    const held = new Promise<void>((resolve) => {
      open = resolve;
    });
    const running = consumer({ bytesAheadMax: 10_000, batchEventsMax: 5 });
    const ended = running.eachBatch(() => held, { eventsMax: 60 });
    await later(250);
    const named = edge.polls.at(-1)!.after[1]!.seq;
    expect(named).toBeLessThanOrEqual(15);
    expect(edge.polls.filter(({ limit }) => limit === 1).length).toBeGreaterThanOrEqual(2);
    open();
    await ended;
    expect(edge.committed()).toEqual({ 1: 60 });
  });

  it('pause calls no handler and keeps what the member has; resume goes on', async () => {
    edge.shardlet(1, 3);
    const running = consumer();
    const seen: number[] = [];
    running.pause();
    const ended = running.eachEvent(({ seq }) => seen.push(seq), { eventsMax: 3 });
    await later(200);
    expect([seen, edge.polls.length > 2]).toEqual([[], true]);
    running.resume();
    await ended;
    expect(seen).toEqual([1, 2, 3]);
  });

  it('names the version it knows, but not to an edge that refuses it', async () => {
    edge.shardlet(1, 1);
    const running = consumer();
    const ended = running.eachEvent(() => {});
    await vi.waitFor(() => expect(edge.polls.at(-1)?.version).toBe(edge.version));
    edge.answers.push({ path: /poll$/, status: 400, body: { code: 'invalid_parameter', detail: 'version' } });
    await vi.waitFor(() => expect(edge.polls.at(-1)?.version).toBeUndefined());
    edge.append(1);
    await vi.waitFor(() => expect(edge.committed()).toEqual({ 1: 2 }));
    await running.close();
    await ended;
  });
});

describe('another member', () => {
  it('gets what is revoked as soon as nothing of it is held, without waiting for the poll under way', async () => {
    edge.shardlet(1, 2);
    edge.shardlet(2, 2);
    const running = consumer({ heartbeatMs: 60_000, concurrency: 2 });
    const ended = running.eachBatch(async ({ shardlet }) => {
      if (shardlet === 2) return;
      edge.revoke(1);
      // an answer tells of it, and the next poll still names what is held
      edge.append(2);
      const before = edge.polls.length;
      await vi.waitFor(() => expect(edge.polls.length).toBeGreaterThan(before));
    });
    await vi.waitFor(() => expect(edge.shardlets.get(1)!.member).toBe('other'), { timeout: 3_000 });
    await running.close();
    await ended;
    expect(edge.committed()).toEqual({ 1: 2, 2: 3 });
  });

  it('that has a shardlet in the middle of a batch: its signal is aborted, nothing of it is committed or handled', async () => {
    edge.shardlet(1, 10);
    const seen: number[] = [];
    let reason: unknown;
    const running = consumer();
    const ended = running.eachEvent(async ({ seq }, { signal }) => {
      seen.push(seq);
      if (seq !== 3) return;
      edge.give(1, 'other');
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      reason = signal.reason;
    });
    await vi.waitFor(() => expect(reason).toBeInstanceOf(ShardletLost));
    await later(60);
    await running.close();
    await ended;
    expect([seen, kinds().includes('lost')]).toEqual([[1, 2, 3], true]);
    expect(edge.committed()[1]).toBeLessThanOrEqual(2);
  });

  it('and back again: what comes is handled from the checkpoint on', async () => {
    edge.shardlet(1, 4);
    const seen: number[] = [];
    const running = consumer({ commitEveryMs: 10_000 });
    const ended = running.eachEvent(async ({ seq }) => {
      seen.push(seq);
      if (seen.length === 2) edge.give(1, 'm');
      await later(30);
    });
    await vi.waitFor(() => expect(edge.committed()).toEqual({ 1: 4 }), { timeout: 3_000 });
    await running.close();
    await ended;
    expect(seen.slice(-4)).toEqual([1, 2, 3, 4]);
  });
});

describe('an edge', () => {
  it('that is away for a while is waited for, and said so once', async () => {
    edge.shardlet(1, 2);
    const away = {
      status: 503,
      body: { code: 'store_unreachable', detail: 'later' },
      headers: { 'retry-after': '0' },
    };
    edge.answers.push({ path: /poll$/, ...away }, { path: /poll$/, ...away }, { path: /commit$/, ...away });
    await consumer().eachEvent(() => {}, { eventsMax: 2 });
    expect(kinds().filter((kind) => kind === 'waiting')).toHaveLength(2);
    expect(edge.committed()).toEqual({ 1: 2 });
  });

  it('that refuses for good ends the consumer', async () => {
    edge.answers.push({ path: /poll$/, status: 403, body: { code: 'foreign_member', detail: 'no' } });
    await expect(consumer().eachEvent(() => {})).rejects.toMatchObject({
      code: 'foreign_member',
      status: 403,
    });
  });

  it('that is preferred gets the polls after it has answered, and is left when it does not', async () => {
    edge.shardlet(1, 1);
    edge.preferredEdge = 'http://edge-2/';
    let isAway = false;
    const fetch: typeof edge.fetch = async (url, init) => {
      if (isAway && url.startsWith('http://edge-2')) throw new TypeError('fetch failed');
      return edge.fetch(url, init);
    };
    const running = new Consumer(edge.edges({ fetch }), { group: 'g', member: 'm', heartbeatMs: 20 });
    const ended = running.eachEvent(() => {});
    await vi.waitFor(() => expect(edge.urls.at(-1)).toBe('http://edge-2'));
    isAway = true;
    await later(10);
    const before = edge.urls.length;
    await vi.waitFor(() => expect(edge.urls.slice(before + 1)).toContain('http://edge-1'));
    edge.append(1);
    await vi.waitFor(() => expect(edge.committed()).toEqual({ 1: 2 }));
    await running.close();
    await ended;
  });

  it('never gets a token without encryption because another edge has named it', async () => {
    edge.shardlet(1, 1);
    edge.preferredEdge = 'http://elsewhere';
    const running = new Consumer(edge.edges({ url: 'https://edge-1' }), {
      group: 'g',
      member: 'm',
      heartbeatMs: 10,
    });
    const ended = running.eachEvent(() => {});
    await vi.waitFor(() => expect(edge.polls.length).toBeGreaterThan(4));
    await running.close();
    await ended;
    expect(new Set(edge.urls)).toEqual(new Set(['https://edge-1']));
  });
});

describe('dead letters', () => {
  const deadLetters = { attempts: 3, backoff: () => 1 };

  it('an event that fails every time is reported with the reason, and the others go on', async () => {
    edge.shardlet(1, 4);
    const tries: string[] = [];
    await consumer({ deadLetters }).eachEvent(
      ({ seq }, { attempt }) => {
        tries.push(`${seq}/${attempt}`);
        if (seq === 2) throw new RangeError('no tax rate');
      },
      { eventsMax: 4 },
    );
    expect(tries).toEqual(['1/1', '2/1', '2/2', '2/3', '3/1', '4/1']);
    const letter = { member: 'm', shardlet: 1, seq: 2, assignment: 2, attempts: 3 };
    expect(edge.letters).toEqual([{ ...letter, reason: 'RangeError: no tax rate' }]);
    expect([edge.committed(), kinds().includes('dead-letter')]).toEqual([{ 1: 4 }, true]);
  });

  it('one that works at the second attempt is none', async () => {
    edge.shardlet(1, 1);
    await consumer({ deadLetters }).eachEvent(
      (_, { attempt }) => {
        if (attempt === 1) throw new Error('once');
      },
      { eventsMax: 1 },
    );
    expect([edge.letters, edge.committed()]).toEqual([[], { 1: 1 }]);
  });

  it('of a batch that fails every time only the bad event becomes one', async () => {
    edge.shardlet(1, 4);
    const done: number[] = [];
    await consumer({ deadLetters }).eachBatch(
      ({ events }) => {
        if (events.some(({ seq }) => seq === 3)) throw new Error('bad');
        done.push(...events.map(({ seq }) => seq));
      },
      { eventsMax: 4 },
    );
    expect([done, edge.letters.map(({ seq }) => seq), edge.committed()]).toEqual([[1, 2, 4], [3], { 1: 4 }]);
  });

  it('of a shardlet that has gone is left to its new member', async () => {
    edge.shardlet(1, 2);
    edge.shardlet(2, 1);
    await consumer({ deadLetters }).eachEvent(
      ({ shardlet }) => {
        if (shardlet === 2) return;
        edge.give(1, 'other');
        throw new Error('bad');
      },
      { eventsMax: 3 },
    );
    expect([edge.letters, edge.committed()]).toEqual([[], { 1: 0, 2: 1 }]);
  });

  it('what is re-driven comes to the same handler, once somebody has re-driven something', async () => {
    edge.shardlet(1, 1);
    const seen: ConsumedEvent[] = [];
    const running = consumer({ deadLetters });
    const ended = running.eachEvent((event) => seen.push(event));
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    const event = { specversion: '1.0', id: 'again', source: '/s', type: 't' };
    const origin = { letter: '9:1:1', stream: 's', shardlet: 9, seq: 1, ts: 1, by: 'ada', note: 'mended' };
    edge.shardlet(50, 0, 'g.redrive');
    edge.append(50, { type: 'dev.foreshard.dead-letter', data: { ...origin, event } });
    edge.append(50, { type: 'dev.foreshard.redrive', data: { ...origin, event } });
    edge.absent.clear();
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(1), { timeout: 3_000 });
    await running.close();
    await ended;
    expect(seen[1]).toMatchObject({ shardlet: 50, seq: 2, event, redriven: origin });
  });
});

describe('the end', () => {
  it('close lets handlers finish, commits, and leaves; what no handler had is not committed', async () => {
    edge.shardlet(1, 20);
    const running = consumer();
    const done: number[] = [];
    const ended = running.eachEvent(async ({ seq }) => {
      await later(20);
      done.push(seq);
    });
    await later(70);
    await running.close();
    await ended;
    expect(done.length).toBeGreaterThan(0);
    expect([edge.committed(), edge.left]).toEqual([{ 1: done.length }, ['m']]);
  });

  it('a signal does the same', async () => {
    edge.shardlet(1, 5);
    const asked = new AbortController();
    await consumer().eachEvent(
      ({ seq }) => {
        if (seq === 2) asked.abort();
      },
      { signal: asked.signal },
    );
    expect([edge.committed(), edge.left]).toEqual([{ 1: 2 }, ['m']]);
  });

  it('a handler that does not end gets so long, then its signal is aborted; the others are committed', async () => {
    edge.shardlet(1, 1);
    edge.shardlet(2, 1);
    const running = consumer({ concurrency: 2, closeMs: 50, commitEveryMs: 60_000 });
    let aborted = false;
    const ended = running.eachBatch(({ shardlet }, { signal }) => {
      if (shardlet === 2) return undefined;
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    await vi.waitFor(() => expect(edge.committed()[2]).toBe(1));
    await running.close();
    await ended;
    expect([aborted, edge.committed(), edge.left]).toEqual([true, { 1: 0, 2: 1 }, ['m']]);
  });

  it('is told to hooks: each batch begins and ends', async () => {
    edge.shardlet(1, 2);
    const seen: unknown[] = [];
    const hooks: Hooks = {
      onBatch: (batch) => {
        seen.push(batch);
        return ({ error }) => seen.push(error);
      },
    };
    await expect(
      consumer({}, hooks).eachEvent(() => {
        throw new Error('bad');
      }),
    ).rejects.toThrow('bad');
    expect(seen).toMatchObject([
      { kind: 'consume', group: 'g', stream: 's', shardlet: 1, events: 2 },
      { message: 'bad' },
    ]);
  });
});
