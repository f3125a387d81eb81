/** The client library against edges that are killed, and members that are cut off. */
import { connect, type Fetch, type Foreshard, ShardletLost } from '@foreshard/client/source';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { EdgeCluster } from '../../../apps/edge/src/edge-process.fixture.ts';

const KEYS = 20;

let cluster: EdgeCluster;
let others: string;
beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'), { EDGE_REFRESH_MS: '300' });
  await cluster.createStream({ name: 'main', shardCount: 4 });
  await cluster.startEdge();
  others = await cluster.startAnotherEdge();
}, 180_000);
afterAll(() => cluster?.stop());

function client(urls: string | readonly string[], fetch?: Fetch): Foreshard {
  return connect({ url: urls, token: cluster.token, fetch });
}

const event = (source: string, i: number) => ({ id: `${i}`, source, type: 't', subject: `k${i % KEYS}` });

/** By key, the ids in the order of the log. */
async function stored(source: string): Promise<Map<string, number[]>> {
  const byKey = new Map<string, number[]>();
  for await (const item of client(others).reader().read()) {
    if (item.kind !== 'event' || item.event.source !== source) continue;
    const key = item.event.subject!;
    byKey.set(key, [...(byKey.get(key) ?? []), Number(item.event.id)]);
  }
  return byKey;
}

const idsOf = (key: number, count: number) => Array.from({ length: count / KEYS }, (_, i) => key + i * KEYS);

describe('the edge is killed', () => {
  const port = (): string => new URL(cluster.edgeUrl).port;

  it.each([
    ['comes back at the same address', () => cluster.edgeUrl],
    ['and another one goes on', () => [cluster.edgeUrl, others]],
  ])(
    'in the middle of a send, %s: every event is stored once, in the order of its key',
    async (name, urls) => {
      const count = 6_000;
      const source = `/${encodeURIComponent(name)}`;
      const producer = client(urls()).producer({ batchEventsMax: 100 });
      const reader = client([others]).reader();
      const { next } = await reader.page({ from: 'now', limit: 1 });
      let acknowledged = 0;
      const sends: Promise<unknown>[] = [];
      const killed = vi
        .waitFor(() => expect(acknowledged).toBeGreaterThan(1_000), { timeout: 30_000 })
        .then(async () => {
          const edgePort = port();
          await cluster.stopEdge('SIGKILL');
          await cluster.startEdge({ EDGE_PORT: edgePort });
        });
      for (let i = 0; i < count; i++) {
        sends.push(producer.send(event(source, i)).then(() => acknowledged++));
        if (i % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await Promise.all([...sends, killed]);
      await producer.close();
      expect(acknowledged).toBe(count);
      const found = await stored(source);
      for (let key = 0; key < KEYS; key++) expect(found.get(`k${key}`)).toEqual(idsOf(key, count));
      expect(next).toBeDefined();
    },
    120_000,
  );

  it('a follower goes on at another edge and gets each event once, in order', async () => {
    const asked = new AbortController();
    const seen: number[] = [];
    const from = (await client(others).reader().page({ from: 'now', limit: 1 })).next;
    const following = (async () => {
      const items = client([cluster.edgeUrl, others]).reader().follow({ from, signal: asked.signal });
      for await (const item of items) if (item.kind === 'event') seen.push(Number(item.event.id));
    })();
    const producer = client(others).producer({ requestsMax: 1, source: '/followed' });
    for (let i = 0; i < 200; i++) {
      if (i === 100) {
        await vi.waitFor(() => expect(seen.length).toBeGreaterThan(50), { timeout: 30_000 });
        const edgePort = port();
        await cluster.stopEdge('SIGKILL');
        await producer.send({ type: 't', id: `${i}`, subject: 'k' });
        await cluster.startEdge({ EDGE_PORT: edgePort });
      } else await producer.send({ type: 't', id: `${i}`, subject: 'k' });
    }
    await vi.waitFor(() => expect(seen).toHaveLength(200), { timeout: 30_000 });
    asked.abort();
    await following;
    expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => i));
  }, 120_000);
});

describe('a member', () => {
  it('that is cut off in the middle of a batch is fenced: another one has the events, and each has its effect once', async () => {
    const source = '/fenced';
    await cluster.createStream({ name: 'fenced', shardCount: 2 });
    const producer = client(others).producer({ stream: 'fenced', source });
    await Promise.all(Array.from({ length: 200 }, (_, i) => producer.send(event(source, i))));
    await producer.close();
    let isCut = false;
    const cut: Fetch = (url, init) => {
      if (!isCut) return fetch(url, init);
      return new Promise((_, reject) => {
        init.signal?.addEventListener('abort', () => reject(init.signal!.reason));
      });
    };
    const group = { group: 'fenced', stream: 'fenced', sessionMs: 1_500, heartbeatMs: 300 };
    /** a sink that keeps the position with the effect, as the guide says */
    const effects: number[] = [];
    const positions = new Map<number, { assignment: number; seq: number }>();
    const effect = (shardlet: number, assignment: number, seq: number, id: number): void => {
      const known = positions.get(shardlet) ?? { assignment: 0, seq: 0 };
      if (known.assignment > assignment || seq <= known.seq) return;
      effects.push(id);
      positions.set(shardlet, { assignment, seq });
    };
    let reason: unknown;
    const first = connect({ url: others, token: cluster.token, fetch: cut, timeoutMs: 2_000 }).consumer({
      ...group,
      member: 'first',
    });
    const firstEnded = first.eachBatch(async ({ shardlet, assignment, events }, { signal }) => {
      for (const [
        i,
        {
          seq,
          event: { id },
        },
      ] of events.entries()) {
        if (i === 10) {
          isCut = true;
          await new Promise<void>((resolve) => {
            setTimeout(resolve, 4_000);
            signal.addEventListener('abort', () => resolve());
          });
        }
        effect(shardlet, assignment, seq, Number(id));
        if (signal.aborted) reason = signal.reason;
      }
    });
    await vi.waitFor(() => expect(isCut).toBe(true), { timeout: 20_000 });
    const second = client(cluster.edgeUrl).consumer({ ...group, member: 'second' });
    const secondEnded = second.eachBatch(({ shardlet, assignment, events }) => {
      for (const {
        seq,
        event: { id },
      } of events)
        effect(shardlet, assignment, seq, Number(id));
    });
    await vi.waitFor(() => expect(effects).toHaveLength(200), { timeout: 30_000 });
    isCut = false;
    await vi.waitFor(
      async () => {
        const { body } = await cluster.get('/v1/groups/fenced');
        expect([body.lag, body.members.length]).toEqual([0, 2]);
      },
      { timeout: 30_000 },
    );
    await Promise.all([first.close(), second.close()]);
    await Promise.all([firstEnded, secondEnded]);
    expect(effects.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(reason === undefined || reason instanceof ShardletLost).toBe(true);
    for (let key = 0; key < KEYS; key++)
      expect(effects.filter((id) => id % KEYS === key)).toEqual(idsOf(key, 200));
  }, 120_000);

  it('leaves with events in its hands, and the others have them at once', async () => {
    await cluster.createStream({ name: 'left', shardCount: 2 });
    const producer = client(others).producer({ stream: 'left', source: '/left' });
    await Promise.all(Array.from({ length: 100 }, (_, i) => producer.send(event('/left', i))));
    await producer.close();
    // nobody would have them for a minute if it did not leave
    const group = { group: 'left', stream: 'left', sessionMs: 60_000 };
    const done: number[] = [];
    const first = client(others).consumer({ ...group, member: 'first' });
    const ended = first.eachEvent(async ({ event: { id } }) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      done.push(Number(id));
    });
    await vi.waitFor(() => expect(done.length).toBeGreaterThan(5), { timeout: 20_000 });
    await first.close();
    await ended;
    const startedMs = performance.now();
    const left = 100 - done.length;
    await client(cluster.edgeUrl)
      .consumer({ ...group, member: 'second' })
      .eachEvent(({ event: { id } }) => done.push(Number(id)), { eventsMax: left });
    expect(performance.now() - startedMs).toBeLessThan(20_000);
    expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  }, 120_000);
});
