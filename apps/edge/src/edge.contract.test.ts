/** What clients of a real edge process see, on real servers, while these are stopped and killed. */
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { restructure } from '@foreshard/core/topology';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EdgeCluster, eventOf, type SentEvent, until } from './edge-process.fixture.ts';

let cluster: EdgeCluster;

beforeAll(async () => {
  cluster = await EdgeCluster.start(2);
  await cluster.createStream({ name: 'main', shardCount: 8 });
  await cluster.startEdge({ EDGE_BODY_BYTES_MAX: '200000', EDGE_EVENT_BYTES_MAX: '50000' });
}, 120_000);
afterAll(() => cluster?.stop());

let runs = 0;

/** Events of a run of their own, so that no test meets another's ids. */
function events(count: number, keys = 10): SentEvent[] {
  const run = ++runs;
  return Array.from({ length: count }, (_, i) => ({ id: `${run}-${i}`, subject: `key-${run}-${i % keys}` }));
}

const statuses = (answer: { body: { results: { status: string }[] } }) =>
  answer.body.results.map((r) => r.status);

/**
 * One request after another, each event with a later number in its key, until stopped; answers what was
 * acknowledged, in order, and the statuses met. A request that fails is sent again, as a client would.
 */
function steadyLoad(writer: string, perRequest = 20) {
  const acknowledged: SentEvent[] = [];
  const met = new Set<number>();
  let stopped = false;
  const loop = async () => {
    for (let n = 0; !stopped; n++) {
      const sent = Array.from({ length: perRequest }, (_, i) => ({
        id: `${writer}-${String(n).padStart(5, '0')}-${i}`,
        subject: `${writer}-${i % 5}`,
      }));
      for (let status = 0; status !== 200; ) {
        const answer = await cluster.post(sent.map(eventOf)).catch(() => undefined);
        status = answer?.status ?? 0;
        met.add(status);
        if (status !== 200) await sleep(20);
      }
      acknowledged.push(...sent);
    }
  };
  const done = loop();
  return {
    acknowledged,
    met,
    stop: async () => {
      stopped = true;
      await done;
    },
  };
}

/** Each acknowledged event is in the log exactly once, and each key in the order sent. */
async function expectComplete(acknowledged: readonly SentEvent[], writer: string): Promise<void> {
  const stored = (await cluster.log())
    .map(({ event }) => event)
    .filter(({ id }) => id.startsWith(`${writer}-`));
  expect(stored.length).toBe(acknowledged.length);
  const byKey = (list: readonly SentEvent[]) => Map.groupBy(list, (e) => e.subject);
  const ids = (list: readonly SentEvent[] | undefined) => list?.map((e) => e.id);
  for (const [key, sent] of byKey(acknowledged)) expect(ids(byKey(stored).get(key))).toEqual(ids(sent));
}

describe('posting events', () => {
  it('stores each once: a retry is answered with the first place', async () => {
    const sent = events(50).map(eventOf);
    const first = await cluster.post(sent);
    expect(first.status).toBe(200);
    expect(statuses(first).every((s) => s === 'stored')).toBe(true);
    const again = await cluster.post(sent);
    expect(again.status).toBe(200);
    const place = ({ id, shard, shardlet, seq }: Record<string, unknown>) => ({ id, shard, shardlet, seq });
    expect(again.body.results.map(place)).toEqual(first.body.results.map(place));
    expect(statuses(again).every((s) => s === 'duplicate')).toBe(true);
  });

  it('stores the valid events of a mixed bulk and names the others by index', async () => {
    const [a, b, c] = events(3).map(eventOf);
    const lines = [
      JSON.stringify(a),
      '{"specversion":',
      JSON.stringify({ ...b, source: 7 }),
      JSON.stringify(c),
    ];
    const headers = { 'content-type': 'application/x-ndjson' };
    const answer = await cluster.send('/v1/events', { method: 'POST', body: lines.join('\n'), headers });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(statuses(answer)).toEqual(['stored', 'error', 'error', 'stored']);
    expect(answer.body.results[2].error).toMatchObject({
      index: 2,
      code: 'invalid_event',
      pointer: '/source',
    });
    expect(statuses(await cluster.post([a!, c!]))).toEqual(['duplicate', 'duplicate']);
  });

  it('takes structured events and batches, and gives them back as they were sent', async () => {
    const [a, b] = events(2, 1).map(eventOf);
    const body = JSON.stringify({ ...a, data: { text: 'zwölf €', big: [1.5e300] } });
    const one = await cluster.send('/v1/events', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
    });
    expect(statuses(one)).toEqual(['stored']);
    const batch = await cluster.send('/v1/streams/main/events', {
      method: 'POST',
      body: JSON.stringify([b]),
      headers: { 'content-type': 'application/cloudevents-batch+json' },
    });
    expect(statuses(batch)).toEqual(['stored']);
    const { shardlet, seq } = one.body.results[0];
    const read = await cluster.get(`/v1/shardlets/${shardlet}/events?from=${seq}&limit=2`);
    expect(read.body.events.map((e: { event: object }) => e.event)).toEqual([JSON.parse(body), b]);
  });

  it('orders events after the token handed back', async () => {
    const [a, b] = events(2, 2).map(eventOf);
    const { ts } = (await cluster.post([a!])).body.results[0];
    const token = ts + 300_000;
    const answer = await cluster.send('/v1/events', {
      method: 'POST',
      body: JSON.stringify(b),
      headers: { 'content-type': 'application/cloudevents+json', 'foreshard-token': String(token) },
    });
    expect(answer.body.results[0].ts).toBeGreaterThan(token);
  });
});

describe('bad input', () => {
  const json = { 'content-type': 'application/cloudevents+json' };
  const lines = { 'content-type': 'application/x-ndjson' };
  const good = () => JSON.stringify(eventOf(events(1)[0]!));

  it.each<[string, string, string, RequestInit, number, string]>([
    ['no token', 'POST', '/v1/events', { headers: { ...lines, authorization: '' } }, 401, 'unauthorized'],
    ['a wrong token', 'GET', '/v1/map', { headers: { authorization: 'Bearer x' } }, 401, 'unauthorized'],
    ['an unknown stream', 'POST', '/v1/streams/nope/events', { headers: lines }, 404, 'unknown_stream'],
    ['an unknown stream of the map', 'GET', '/v1/map?stream=nope', {}, 404, 'unknown_stream'],
    ['an unknown route', 'GET', '/v2/events', {}, 404, 'not_found'],
    ['a key that is empty', 'GET', '/v1/keys//events', {}, 404, 'not_found'],
    ['a wrong method', 'DELETE', '/v1/events', {}, 405, 'method_not_allowed'],
    ['a wrong method on a read', 'PUT', '/v1/log', {}, 405, 'method_not_allowed'],
    [
      'another media type',
      'POST',
      '/v1/events',
      { headers: { 'content-type': 'text/plain' } },
      415,
      'unsupported_media_type',
    ],
    ['a body that is not JSON', 'POST', '/v1/events', { headers: json, body: '{"a' }, 400, 'malformed_body'],
    ['an empty body', 'POST', '/v1/events', { headers: lines, body: '' }, 400, 'malformed_body'],
    [
      'a token that is none',
      'POST',
      '/v1/events',
      { headers: { ...lines, 'foreshard-token': 'x' } },
      400,
      'invalid_parameter',
    ],
    [
      'a token of nanoseconds',
      'POST',
      '/v1/events',
      { headers: { ...json, 'foreshard-token': '9000000000000000' }, body: good() },
      400,
      'invalid_parameter',
    ],
    [
      'a body above the limit',
      'POST',
      '/v1/events',
      { headers: lines, body: 'x'.repeat(200_001) },
      413,
      'body_too_large',
    ],
    [
      'an event above the limit',
      'POST',
      '/v1/events',
      {
        headers: json,
        body: JSON.stringify({ ...eventOf({ id: '1', subject: 's' }), data: 'x'.repeat(50_000) }),
      },
      413,
      'event_too_large',
    ],
  ])('answers %s with a problem document', async (_, method, path, init, status, code) => {
    const body = init.body ?? (method === 'POST' ? good() : undefined);
    const answer = await cluster.send(path, { method, ...init, ...(body === undefined ? {} : { body }) });
    expect([answer.status, answer.body.code, answer.body.status]).toEqual([status, code, status]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body.cure.length).toBeGreaterThan(0);
  });

  it('names the allowed methods', async () => {
    const answer = await cluster.send('/v1/events', { method: 'GET' });
    expect(answer.headers.get('allow')).toBe('OPTIONS, POST');
  });

  it('refuses a long body without length while it is being sent', async () => {
    const socket = await openPost('transfer-encoding: chunked');
    for (let i = 0; i < 5; i++) socket.write(`c350\r\n${' '.repeat(50_000)}\r\n`);
    const [reply] = await once(socket, 'data');
    expect(String(reply)).toMatch(/^HTTP\/1.1 413 .*"code":"body_too_large"/s);
    await once(socket.resume(), 'close');
  });

  it('stores nothing of a request that was cut, and everything of one whose client left', async () => {
    const [cut, left] = events(2).map((e) => JSON.stringify(eventOf(e)));
    await rawPost(`${cut}\n`, Buffer.byteLength(cut!) + 100);
    await rawPost(`${left}\n`, Buffer.byteLength(left!) + 1);
    await until('the event is stored', async () => {
      const ids = (await cluster.log()).map(({ event }) => event.id);
      return ids.includes(JSON.parse(left!).id) && !ids.includes(JSON.parse(cut!).id);
    });
  });

  async function openPost(lengthHeader: string): Promise<Socket> {
    const { hostname, port } = new URL(cluster.edgeUrl);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const authorization = `authorization: Bearer ${cluster.token}`;
    const head = [
      'POST /v1/events HTTP/1.1',
      'host: edge',
      authorization,
      'content-type: application/x-ndjson',
    ];
    socket.write(`${[...head, lengthHeader].join('\r\n')}\r\n\r\n`);
    return socket;
  }

  /** Sends a request and hangs up at once. */
  async function rawPost(body: string, contentLength: number): Promise<void> {
    const socket = await openPost(`content-length: ${contentLength}`);
    socket.end(body);
    socket.resume();
    await once(socket, 'close');
  }
});

describe('what the edge tells', () => {
  it('shows the map without passwords, whole or of one stream', async () => {
    const { body } = await cluster.get('/v1/map?stream=main');
    expect(body.shardlets.length).toBeGreaterThanOrEqual(8);
    expect(body.shardlets[0]).toMatchObject({
      stream: 'main',
      range: { from: '0000000000000000' },
      state: 'open',
    });
    expect(body.hosts[0].address).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
    expect(JSON.stringify(body)).not.toContain('incarnation');
    expect((await cluster.get('/v1/map')).body.version).toBe(body.version);
  });

  it('counts events, calls and requests', async () => {
    await cluster.post(events(5).map(eventOf));
    const { body } = await cluster.get('/metrics');
    expect(body).toMatch(/foreshard_edge_events_total\{stream="main",outcome="stored"\} \d+/);
    expect(body).toMatch(/foreshard_edge_append_seconds_count\{host="redis:[^"]+"\} \d+/);
    expect(body).toMatch(/foreshard_edge_map_version \d+/);
    expect(body).toMatch(/foreshard_edge_bytes_in_flight 0/);
  });
});

describe('a map that is old', () => {
  it('holds what goes to shardlets being rolled, under load, and loses and doubles nothing', async () => {
    const load = steadyLoad('rolled');
    for (let round = 0; round < 3; round++) {
      const { shardlets } = await cluster.control.topology.snapshot();
      for (const { id, epoch, range, state } of shardlets) {
        if (state.kind === 'open')
          await cluster.decide(restructure({ parents: [{ id, epoch }], children: [range] }));
      }
      await cluster.settled();
    }
    await load.stop();
    expect([...load.met]).toEqual([200]);
    await expectComplete(load.acknowledged, 'rolled');
  });
});

describe('servers that fail', () => {
  it('survives kill -9 of a host under load: what was acknowledged is there, once, in order', async () => {
    const load = steadyLoad('killed');
    await sleep(300);
    await cluster.hosts[0]!.kill('SIGKILL');
    await sleep(500);
    await cluster.hosts[0]!.restart();
    await cluster.settled();
    const before = load.acknowledged.length;
    await until('events flow again', async () => load.acknowledged.length > before + 200);
    await load.stop();
    await expectComplete(load.acknowledged, 'killed');
  });

  it('answers 503 with Retry-After for the events of an absent host only', async () => {
    await cluster.stopEdge();
    await cluster.startEdge({ EDGE_HOLD_MS_MAX: '300' });
    await cluster.hosts[1]!.stop();
    const sent = events(40, 40).map(eventOf);
    const answer = await cluster.post(sent);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(new Set(statuses(answer))).toEqual(new Set(['stored', 'error']));
    expect(answer.body.results.find((r: { error?: object }) => r.error).error.code).toBe('host_unreachable');
    await cluster.hosts[1]!.restart();
    await cluster.settled();
    await until('all are stored', async () => (await cluster.post(sent)).status === 200);
  });

  it('goes on, and starts from disk, while PostgreSQL and the control Redis are away', async () => {
    await cluster.stopEdge();
    await cluster.startEdge();
    const file = join(cluster.dataDir, 'edge', 'map.json');
    await until('the map is on disk', async () => (await stat(file)).mtimeMs > Date.now() - 60_000);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await sleep(300);
    await cluster.postgres.stop();
    await cluster.controlRedis.stop();
    expect((await cluster.post(events(20).map(eventOf))).status).toBe(200);
    for (const path of ['/v1/hosts', '/v1/migrations']) {
      const { status, body, headers } = await cluster.get(path);
      expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'store_unreachable', '5']);
    }
    expect(await cluster.stopEdge()).toBe(0);
    await cluster.startEdge();
    expect((await cluster.post(events(20).map(eventOf))).status).toBe(200);
    await cluster.controlRedis.restart();
    await cluster.postgres.restart();
    await cluster.startWorkerAgain();
    await cluster.createStream({ name: 'later', shardCount: 2 });
    expect((await cluster.post(events(5).map(eventOf), '/v1/streams/later/events')).status).toBe(200);
  });

  it('finishes what it has accepted before it ends', async () => {
    await cluster.post(events(1).map(eventOf));
    const load = Promise.allSettled(Array.from({ length: 10 }, () => cluster.post(events(200).map(eventOf))));
    await sleep(20);
    expect(await cluster.stopEdge()).toBe(0);
    const answers = await load;
    for (const answer of answers) if (answer.status === 'fulfilled') expect(answer.value.status).toBe(200);
    expect(answers.some((answer) => answer.status === 'fulfilled')).toBe(true);
    await cluster.startEdge();
  });
});

describe('a host without memory', () => {
  it('is told apart with 507, and takes events again when there is room', async () => {
    const redis = cluster.hosts[0]!;
    const admin = cluster.control.redis.duplicate({ host: '127.0.0.1', port: redis.port });
    const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))![1]);
    await admin.config('SET', 'maxmemory', String(Math.floor(used * 1.05)));
    const sent = events(40, 40).map(eventOf);
    await until(
      'the edge has seen it',
      async () => (await cluster.post(events(40, 40).map(eventOf))).status === 507,
    );
    const answer = await cluster.post(sent);
    expect(answer.body.results.find((r: { error?: object }) => r.error).error.code).toBe('host_full');
    expect(statuses(answer)).toContain('stored');
    await admin.config('SET', 'maxmemory', '0');
    await until('all are stored', async () => (await cluster.post(sent)).status === 200);
    admin.disconnect();
  });
});
