import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Edges, type Fetch } from '../edge/edges.ts';
import { ForeshardError } from '../edge/errors.ts';
import type { RetryInfo } from '../edge/hooks.ts';
import type { NewEvent, Stored } from '../events.ts';
import { Producer, type ProducerOptions } from './producer.ts';

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

/** Stores what it is sent once per id; `answer` comes first where it answers something. */
class StoringEdge {
  readonly stored: NewEvent[] = [];
  readonly requests: NewEvent[][] = [];
  readonly retries: RetryInfo[] = [];
  inFlight = 0;
  inFlightMax = 0;
  private readonly answer: (events: NewEvent[], request: number) => Promise<Answer | undefined> | undefined;

  constructor(answer: StoringEdge['answer'] = () => undefined) {
    this.answer = answer;
  }

  readonly fetch: Fetch = async (_, { body, signal }) => {
    const events = String(body)
      .split('\n')
      .map((line) => JSON.parse(line) as NewEvent);
    this.requests.push(events);
    this.inFlightMax = Math.max(this.inFlightMax, ++this.inFlight);
    try {
      const given = await Promise.race([this.answer(events, this.requests.length), abortOf(signal)]);
      if (given !== undefined) return respond(given);
      return respond({ body: { results: events.map((event) => this.store(event)) } });
    } finally {
      this.inFlight--;
    }
  };

  store(event: NewEvent) {
    const place = { stream: 'main', shard: 0, shardlet: 1, seq: 1, ts: 1 };
    if (event.type === 'bad')
      return { id: event.id, status: 'error', stream: 'main', error: problem('invalid_event', 400) };
    const status = this.stored.some(({ id }) => id === event.id) ? 'duplicate' : 'stored';
    if (status === 'stored') this.stored.push(event);
    return { id: event.id, status, ...place };
  }

  producer(options: ProducerOptions = {}): Producer {
    const hooks = { onRetry: (retry: RetryInfo) => this.retries.push(retry) };
    const edges = new Edges({ url: 'http://127.0.0.1:1', token: 't', fetch: this.fetch, hooks });
    return new Producer(edges, { source: '/test', lingerMs: 0, ...options });
  }
}

function respond({ status = 200, headers = {}, body }: Answer): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

function problem(code: string, status: number) {
  return { code, status, detail: `because of ${code}`, cure: 'mend it', index: 0 };
}

function abortOf(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
}

const later = (ms: number): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, ms));
const event = (id: number | string, subject = 'k'): NewEvent => ({ id: String(id), type: 't', subject });

describe('sending', () => {
  it('settles every event once and keeps the order of each key, whatever the edge does', async () => {
    const moods = fc.array(fc.integer({ min: 0, max: 13 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(6), { maxLength: 80 }), moods, async (keys, mood) => {
        const left = mood[Symbol.iterator]();
        const edge: StoringEdge = new StoringEdge(async (events) => {
          const now = left.next().value ?? 0;
          await later(now % 5);
          if (now === 11) throw new TypeError('broken before');
          const overloaded = { status: 'error', stream: 'main', error: problem('overloaded', 503) };
          if (now === 12)
            return {
              status: 503,
              body: { ...problem('overloaded', 503), results: events.map(() => overloaded) },
            };
          if (now !== 13) return undefined;
          for (const each of events) edge.store(each);
          throw new TypeError('broken after');
        });
        const producer = edge.producer();
        const sends: Promise<Stored>[] = [];
        for (const [i, key] of keys.entries()) {
          sends.push(producer.send(event(i, `k${key}`)));
          if (i % 7 === 0) await later(0);
        }
        const sent = await Promise.all(sends);
        expect(sent.map(({ id }) => id)).toEqual(keys.map((_, i) => String(i)));
        expect(edge.stored).toHaveLength(keys.length);
        for (const key of new Set(keys)) {
          const ids = edge.stored.filter(({ subject }) => subject === `k${key}`).map(({ id }) => id);
          expect(ids).toEqual(keys.flatMap((each, i) => (each === key ? [String(i)] : [])));
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it('completes events, and sends the same ids again', async () => {
    const edge = new StoringEdge(async (_, request) => {
      if (request === 1) throw new TypeError('fetch failed');
      return undefined;
    });
    const { id, status } = await edge.producer().send({ type: 't' });
    expect(status).toBe('stored');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(edge.requests.map((r) => r[0])).toEqual([
      { specversion: '1.0', id, type: 't', source: '/test' },
      { specversion: '1.0', id, type: 't', source: '/test' },
    ]);
  });

  it('waits for the time of Retry-After, of a whole request and of single events', async () => {
    const answers: (Answer | undefined)[] = [
      { status: 429, headers: { 'retry-after': '1' }, body: problem('quota_exceeded', 429) },
      undefined,
    ];
    const edge = new StoringEdge(async () => answers.shift());
    const startedMs = performance.now();
    await edge.producer().send(event(1));
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(990);
    expect(edge.retries).toMatchObject([{ attempt: 1, error: { code: 'quota_exceeded', status: 429 } }]);
    expect(edge.retries[0]!.pauseMs).toBeGreaterThanOrEqual(1_000);
  });

  it('sends again only what was not stored, before everything behind it', async () => {
    let isFirst = true;
    const edge: StoringEdge = new StoringEdge(async (events) => {
      if (!isFirst) return undefined;
      isFirst = false;
      const results = events.map((each, i) =>
        i === 1
          ? { id: each.id, status: 'error', stream: 'main', error: problem('overloaded', 503) }
          : edge.store(each),
      );
      return { status: 503, body: { ...problem('overloaded', 503), results } };
    });
    const producer = edge.producer({ requestsMax: 1, batchEventsMax: 3 });
    await Promise.all([1, 2, 3, 4].map((id) => producer.send(event(id, `k${id}`))));
    expect(edge.requests.map((r) => r.map(({ id }) => id))).toEqual([['1', '2', '3'], ['2'], ['4']]);
  });

  it('tells of the one event that is refused, with the code of the edge; the others are stored', async () => {
    const edge = new StoringEdge();
    const producer = edge.producer();
    const [good, bad] = await Promise.allSettled([
      producer.send(event(1)),
      producer.send({ ...event(2), type: 'bad' }),
    ]);
    expect(good.status).toBe('fulfilled');
    expect(bad).toMatchObject({
      reason: { code: 'invalid_event', status: 400, cure: 'mend it', isOfEvent: true },
    });
    expect((bad as PromiseRejectedResult).reason).toBeInstanceOf(ForeshardError);
  });

  it('divides what is larger than a request may be, and refuses the one event that is', async () => {
    const edge = new StoringEdge(async (events) =>
      JSON.stringify(events).length > 300 ? { status: 413, body: problem('body_too_large', 413) } : undefined,
    );
    const producer = edge.producer({ requestsMax: 1 });
    const ids = ['a1', 'a2', `x${'x'.repeat(300)}`, 'a3', 'a4'];
    const settled = await Promise.allSettled(ids.map((id) => producer.send(event(id))));
    expect(settled.map((s) => (s.status === 'fulfilled' ? s.value.id : s.reason.code))).toEqual([
      ...['a1', 'a2', 'body_too_large', 'a3', 'a4'],
    ]);
    expect(edge.stored.map(({ id }) => id)).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('rejects, and does not throw, what is no JSON', async () => {
    const sent = new StoringEdge().producer().send({ ...event(1), data: 1n });
    await expect(sent).rejects.toThrow('BigInt');
  });

  it('rejects with the reason when nothing could be stored for so long', async () => {
    const edge = new StoringEdge(async () => {
      throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });
    });
    await expect(edge.producer({ patienceMs: 250 }).send(event(1))).rejects.toMatchObject({
      ...{ code: 'unreachable', message: 'no edge listens there', edge: 'http://127.0.0.1:1' },
    });
  });

  it('rejects all of a request that was refused whole, and does not repeat it', async () => {
    const edge = new StoringEdge(async () => ({ status: 401, body: problem('unauthorized', 401) }));
    await expect(edge.producer().send(event(1))).rejects.toMatchObject({
      code: 'unauthorized',
      isOfEvent: false,
    });
    expect(edge.requests).toHaveLength(1);
  });

  it('an answer that is none of an edge is no success', async () => {
    const edge = new StoringEdge(async () => ({ body: { hello: 'world' } }));
    await expect(edge.producer().send(event(1))).rejects.toMatchObject({ code: 'not_an_edge' });
  });
});

describe('batches', () => {
  it('gather what is sent within the linger time, and no more than their limits', async () => {
    const edge = new StoringEdge();
    const producer = edge.producer({ lingerMs: 30, requestsMax: 1, batchEventsMax: 4 });
    const sends = [1, 2, 3].map((id) => producer.send(event(id)));
    await later(5);
    await Promise.all([...sends, producer.send(event(4)), producer.send(event(5))]);
    expect(edge.requests.map((r) => r.length)).toEqual([4, 1]);
  });

  it('end at their bytes', async () => {
    const edge = new StoringEdge();
    const producer = edge.producer({ requestsMax: 1, batchBytesMax: 200 });
    await Promise.all([1, 2, 3, 4].map((id) => producer.send({ ...event(id), data: 'x'.repeat(60) })));
    expect(edge.requests.map((r) => r.length)).toEqual([1, 1, 1, 1]);
  });

  it('of different keys travel at the same time', async () => {
    const edge = new StoringEdge(() => later(10));
    const producer = edge.producer();
    await Promise.all(Array.from({ length: 40 }, (_, i) => producer.send(event(i, `k${i}`))));
    expect([edge.inFlightMax, edge.requests.length]).toEqual([4, 4]);
  });

  it('flush does not wait for others to travel with', async () => {
    const edge = new StoringEdge();
    const producer = edge.producer({ lingerMs: 60_000 });
    const sent = producer.send(event(1));
    await producer.flush();
    expect(await sent).toMatchObject({ status: 'stored' });
  });
});

describe('back-pressure', () => {
  it('room waits while a slow edge has too many bytes', async () => {
    let open = (): void => {};
    const held = new Promise<undefined>((resolve) => {
      open = () => resolve(undefined);
    });
    const edge = new StoringEdge(() => held);
    const producer = edge.producer({ bytesInFlightMax: 1_000 });
    let sent = 0;
    const all: Promise<unknown>[] = [];
    const sending = (async () => {
      for (; sent < 100; sent++) {
        await producer.room();
        all.push(producer.send(event(sent)));
      }
    })();
    await later(30);
    expect(sent).toBeLessThan(30);
    expect(producer.bytesInFlight).toBeLessThan(1_200);
    open();
    await sending;
    await Promise.all(all);
    expect([edge.stored.length, producer.bytesInFlight]).toEqual([100, 0]);
  });
});

describe('the end', () => {
  it('close stores what was accepted, and takes nothing more', async () => {
    const edge = new StoringEdge(() => later(10));
    const producer = edge.producer({ lingerMs: 1_000 });
    const sent = [1, 2, 3].map((id) => producer.send(event(id, `k${id}`)));
    await producer.close();
    expect(await Promise.all(sent)).toHaveLength(3);
    await expect(producer.send(event(4))).rejects.toMatchObject({ code: 'closed' });
  });

  it('close without draining settles what is on its way, and rejects the rest', async () => {
    const edge = new StoringEdge(() => later(30));
    const producer = edge.producer({ requestsMax: 1, batchEventsMax: 1 });
    const sent = [1, 2, 3].map((id) => producer.send(event(id)));
    await later(10);
    await Promise.all([producer.close({ drain: false }), Promise.allSettled(sent)]);
    const settled = await Promise.allSettled(sent);
    expect(settled.map((s) => (s.status === 'fulfilled' ? s.value.status : s.reason.code))).toEqual([
      ...['stored', 'closed', 'closed'],
    ]);
  });

  it('close without draining does not go on trying', async () => {
    const edge = new StoringEdge(async () => {
      throw new TypeError('fetch failed');
    });
    const producer = edge.producer();
    const sent = producer.send(event(1));
    await later(20);
    await Promise.all([
      producer.close({ drain: false }),
      expect(sent).rejects.toMatchObject({ code: 'closed' }),
    ]);
  });

  it('close without draining, in the pause before another attempt, sends nothing more', async () => {
    const edge = new StoringEdge(async () => ({ status: 503, body: problem('overloaded', 503) }));
    const producer = edge.producer();
    const sent = producer.send(event(1));
    await vi.waitFor(() => expect(edge.requests).toHaveLength(1));
    await Promise.all([
      producer.close({ drain: false }),
      expect(sent).rejects.toMatchObject({ code: 'closed' }),
    ]);
    await later(250);
    expect(edge.requests).toHaveLength(1);
  });

  it('a signal ends all of it with its reason', async () => {
    const ended = new AbortController();
    const edge = new StoringEdge(() => later(10_000));
    const producer = edge.producer({ signal: ended.signal });
    const sent = producer.send(event(1));
    await later(10);
    ended.abort(new Error('enough'));
    await expect(sent).rejects.toThrow('enough');
    await expect(producer.send(event(2))).rejects.toThrow('enough');
  });

  it('an event that is called off while it waits is not sent, and holds up nobody', async () => {
    const off = new AbortController();
    const edge = new StoringEdge();
    const producer = edge.producer({ lingerMs: 20, requestsMax: 1 });
    const sent = [producer.send(event(1), { signal: off.signal }), producer.send(event(2))];
    off.abort(new Error('changed my mind'));
    await expect(sent[0]).rejects.toThrow('changed my mind');
    await sent[1];
    await producer.flush();
    expect(edge.stored.map(({ id }) => id)).toEqual(['2']);
  });
});
