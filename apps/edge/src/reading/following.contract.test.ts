/** Followers with real EventSource clients, while the edge is drained, killed and started again. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, EventSource } from 'undici';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { EdgeCluster, eventOf, until } from '../edge-process.fixture.ts';

let cluster: EdgeCluster;
const sources: EventSource[] = [];

beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  await cluster.createStream({ name: 'main', shardCount: 4 });
  await cluster.startEdge();
}, 120_000);
afterAll(async () => {
  for (const source of sources) source.close();
  await cluster?.stop();
});

/** What an EventSource received, each with its cursor, in order. */
function followed(path: string) {
  const dispatcher = new Agent().compose(
    (dispatch) => (options, handler) =>
      dispatch(
        { ...options, headers: { ...(options.headers as object), authorization: `Bearer ${cluster.token}` } },
        handler,
      ),
  );
  const source = new EventSource(`${cluster.edgeUrl}${path}`, {
    node: { dispatcher, reconnectionTime: 100 },
  });
  sources.push(source);
  const ids: string[] = [];
  const cursors: string[] = [];
  let opened = 0;
  source.onopen = () => {
    opened++;
  };
  source.onmessage = ({ data, lastEventId }) => {
    ids.push(JSON.parse(data).event.id);
    cursors.push(lastEventId);
  };
  return { source, ids, cursors, opened: () => opened };
}

async function post(
  prefix: string,
  count: number,
  subject = (i: number) => `${prefix}-${i % 3}`,
): Promise<string[]> {
  const events = Array.from({ length: count }, (_, i) => ({ id: `${prefix}-${i}`, subject: subject(i) }));
  await until('all are stored', async () => (await cluster.post(events.map(eventOf))).status === 200);
  return events.map(({ id }) => id);
}

const sorted = (ids: readonly string[]) => [...ids].sort();

describe('following with an EventSource', () => {
  it('gives the log once and in order, through a drain and a kill of the edge', async () => {
    const { port } = new URL(cluster.edgeUrl);
    const sent = await post('before', 700);
    const follower = followed('/v1/log');
    const late = followed('/v1/log?from=now');
    await until(
      'both are open',
      async () => follower.opened() > 0 && late.opened() > 0 && follower.ids.length === 700,
    );
    expect(await cluster.stopEdge('SIGTERM')).toBe(0);
    await cluster.startEdge({ EDGE_PORT: port });
    const drained = await post('drained', 300);
    await until('they came back', async () => follower.ids.length === 1_000);
    await cluster.stopEdge('SIGKILL');
    await cluster.startEdge({ EDGE_PORT: port });
    const killed = await post('killed', 300);
    await until('they came back again', async () => follower.ids.length >= 1_300 && late.ids.length >= 600);
    await sleep(300);
    expect(sorted(follower.ids)).toEqual(sorted([...sent, ...drained, ...killed]));
    expect(sorted(late.ids)).toEqual(sorted([...drained, ...killed]));
    expect(follower.ids).toEqual((await cluster.log()).map(({ event }) => event.id));
    expect(follower.opened()).toBeGreaterThanOrEqual(3);
  });

  it('gives the events of one key, from any cursor on', async () => {
    await post('keyed', 20, (i) => (i % 2 === 0 ? 'wanted' : 'other'));
    const first = followed('/v1/keys/wanted/events');
    await until('all came', async () => first.ids.length === 10);
    const rest = followed(`/v1/keys/wanted/events?from=${first.cursors[3]}`);
    await until('the rest came', async () => rest.ids.length === 6);
    expect(first.ids).toEqual(Array.from({ length: 10 }, (_, i) => `keyed-${i * 2}`));
    expect(rest.ids).toEqual(first.ids.slice(4));
  });

  it('answers problems while it can: a bad cursor, another stream, parameters of pages', async () => {
    const follow = (path: string, headers = {}) =>
      cluster.send(path, { headers: { accept: 'text/event-stream', ...headers } });
    expect(await follow('/v1/log', { 'last-event-id': 'x' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor', pointer: 'last-event-id:' },
    });
    expect(await follow('/v1/streams/nope/log')).toMatchObject({ status: 404 });
    expect(await follow('/v1/log?limit=5')).toMatchObject({ status: 400, body: { pointer: '?limit' } });
    expect(await follow('/v1/log', { authorization: '' })).toMatchObject({ status: 401 });
  });

  it('reads nothing ahead for a client that does not read', async () => {
    const big = 'x'.repeat(20_000);
    for (let n = 0; n < 10; n++) {
      const events = Array.from({ length: 100 }, (_, i) => ({
        ...eventOf({ id: `big-${n}-${i}`, subject: `${i}` }),
        data: big,
      }));
      expect((await cluster.post(events)).status).toBe(200);
    }
    const memory = async () =>
      Number(/^process_resident_memory_bytes (\d+)/m.exec((await cluster.get('/metrics')).body)![1]);
    const before = await memory();
    const { hostname, port } = new URL(cluster.edgeUrl);
    const sockets = Array.from({ length: 50 }, () => {
      const socket = connect(Number(port), hostname).pause();
      socket.write(
        `GET /v1/log HTTP/1.1\r\nhost: edge\r\nauthorization: Bearer ${cluster.token}\r\naccept: text/event-stream\r\n\r\n`,
      );
      return socket;
    });
    await until('all follow', async () =>
      /foreshard_edge_followers 5\d/.test((await cluster.get('/metrics')).body),
    );
    await sleep(1_000);
    // 20 MB lie ready for each of 50; what may be held is a page each
    expect((await memory()) - before).toBeLessThan(250_000_000);
    for (const socket of sockets) socket.destroy();
    await until(
      'they are forgotten',
      async () => !/foreshard_edge_followers 5\d/.test((await cluster.get('/metrics')).body),
    );
  });
});
