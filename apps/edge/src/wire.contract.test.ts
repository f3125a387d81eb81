/** What clients of the ecosystem, and hostile ones, get from a real edge process over HTTP. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { CloudEvent, emitterFor, HTTP, httpTransport } from 'cloudevents';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Answer, EdgeCluster, eventOf } from './edge-process.fixture.ts';

let cluster: EdgeCluster;

beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  await cluster.createStream({ name: 'main', shardCount: 2 });
  await cluster.startEdge({
    EDGE_BODY_BYTES_MAX: '300000',
    EDGE_EVENT_BYTES_MAX: '100000',
    EDGE_HEADERS_MS_MAX: '1000',
  });
}, 120_000);
afterAll(() => cluster?.stop());

let ids = 0;
const newId = () => `wire-${++ids}`;
const oneEvent = () => JSON.stringify(eventOf({ id: newId(), subject: 'k' }));
const ONE = 'application/cloudevents+json';

function post(body: string | Buffer, headers: Record<string, string>): Promise<Answer> {
  return cluster.send('/v1/events', { method: 'POST', body: new Uint8Array(Buffer.from(body)), headers });
}

/** The event as it is read back, from the place that the answer names. */
async function readBack({ body }: Answer): Promise<unknown> {
  const { shardlet, seq } = body.results[0];
  return (await cluster.get(`/v1/shardlets/${shardlet}/events?from=${seq}&limit=1`)).body.events[0].event;
}

describe('the official SDK as a client', () => {
  const event = () =>
    new CloudEvent({
      id: newId(),
      source: '/sdk',
      type: 'com.example.sent',
      subject: 'order 7',
      time: '2026-11-21T15:04:05.678Z',
      dataschema: 'https://example.com/schemas/order.json',
      datacontenttype: 'application/json',
      partitionkey: 'order-7',
      data: { total: 12.5, lines: ['ü', null] },
    });

  it.each(['binary', 'structured'] as const)('sends an event in %s mode and reads the same', async (mode) => {
    const sent = event();
    const { headers, body } = HTTP[mode](sent);
    const answer = await post(String(body), headers as Record<string, string>);
    expect(answer.body.results[0]).toMatchObject({ id: sent.id, status: 'stored' });
    const read = (await readBack(answer)) as ConstructorParameters<typeof CloudEvent>[0];
    const expected = {
      ...sent.toJSON(),
      ...(mode === 'binary' ? { datacontenttype: headers['content-type'] } : {}),
    };
    expect(new CloudEvent(read).toJSON()).toEqual(expected);
  });

  it('sends bytes, which are read as the same bytes', async () => {
    const data = new Uint8Array([0, 255, 10, 13]);
    const sent = event().cloneWith({ data, datacontenttype: 'application/octet-stream' });
    const { headers, body } = HTTP.structured(sent);
    const structured = await post(String(body), headers as Record<string, string>);
    expect(await readBack(structured)).toMatchObject({ data_base64: 'AP8KDQ==' });
    const binary = HTTP.binary(sent.cloneWith({ id: newId() })).headers as Record<string, string>;
    expect(await readBack(await post(Buffer.from(data), binary))).toMatchObject({ data_base64: 'AP8KDQ==' });
  });

  it('emits over its own transport', async () => {
    const emit = emitterFor(httpTransport(`${cluster.edgeUrl}/v1/events`));
    const headers = { authorization: `Bearer ${cluster.token}` };
    const sent = event();
    await emit(sent, { headers });
    const answer = await post(JSON.stringify(sent), { 'content-type': ONE });
    expect(answer.body.results[0].status).toBe('duplicate');
  });
});

describe('one event in headers', () => {
  it('is the same event as in a body', async () => {
    const id = newId();
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': id,
      'ce-source': '/s',
      'ce-type': 't',
      'ce-subject': '%E2%82%AC',
    };
    const answer = await post('[1]', { ...headers, 'content-type': 'application/json' });
    expect(answer.status).toBe(200);
    const structured = { specversion: '1.0', id, source: '/s', type: 't', subject: '€' };
    expect((await post(JSON.stringify(structured), { 'content-type': ONE })).body.results[0].status).toBe(
      'duplicate',
    );
    expect(await readBack(answer)).toEqual({ ...structured, datacontenttype: 'application/json', data: [1] });
  });

  it('is refused with a pointer to the attribute', async () => {
    const headers = { 'ce-specversion': '1.0', 'ce-id': newId(), 'ce-source': '/s', 'ce-type': 't' };
    for (const [more, pointer] of [
      [{ 'ce-time': 'yesterday' }, '/time'],
      [{ 'ce-dataschema': 'no uri' }, '/dataschema'],
      [{ 'ce-specversion': '0.3' }, '/specversion'],
    ] as const) {
      const { status, body } = await post('', { ...headers, ...more });
      expect([status, body.code, body.pointer]).toEqual([400, 'invalid_event', pointer]);
    }
  });
});

describe('a batch', () => {
  const batch = (events: unknown[]) =>
    post(JSON.stringify(events), { 'content-type': 'application/cloudevents-batch+json; charset=UTF-8' });

  it('may be empty', async () => {
    expect(await batch([])).toMatchObject({ status: 200, body: { results: [] } });
  });

  it('is refused whole when it mixes versions', async () => {
    const event = eventOf({ id: newId(), subject: 'k' });
    const { status, body } = await batch([event, { ...event, specversion: '0.3' }]);
    expect([status, body.results.length, body.results[0].error.pointer]).toEqual([400, 2, '/specversion']);
    expect((await batch([event])).body.results[0].status).toBe('stored');
  });
});

describe('a body with gzip', () => {
  it.each(['gzip', 'GZIP', 'x-gzip'])('is stored as it was before (%s), in any mode', async (encoding) => {
    const packed = (body: string, headers: Record<string, string>) =>
      post(gzipSync(body), { 'content-encoding': encoding, ...headers });
    const [event, line] = [oneEvent(), oneEvent()];
    expect(await readBack(await packed(event, { 'content-type': ONE }))).toEqual(JSON.parse(event));
    const lines = await packed(`${line}\n${oneEvent()}\n`, { 'content-type': 'application/x-ndjson' });
    expect(lines.body.results.map((r: { status: string }) => r.status)).toEqual(['stored', 'stored']);
    const attributes = { 'ce-specversion': '1.0', 'ce-id': newId(), 'ce-source': '/z', 'ce-type': 't' };
    const binary = await packed('{"a":1}', { 'content-type': 'application/json', ...attributes });
    expect(await readBack(binary)).toMatchObject({ data: { a: 1 } });
  });
});

describe('Idempotency-Key', () => {
  const keyed = (body: string, key: string, more = {}) =>
    post(body, { 'content-type': ONE, 'idempotency-key': key, ...more });

  it('replays the very answer, and refuses the key for another body', async () => {
    const [body, key] = [oneEvent(), `"${newId()}"`];
    const first = await keyed(body, key);
    expect(first.body.results[0].status).toBe('stored');
    const again = await keyed(body, key);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect((await keyed(body, `"${newId()}"`)).body.results[0].status).toBe('duplicate');
    const other = await keyed(oneEvent(), key);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it.each(['not one', '"open', '""', '"a", "b"', ':aGk=:', `"${'x'.repeat(256)}"`])(
    'refuses %s',
    async (key) => {
      const { status, body } = await keyed(oneEvent(), key);
      expect([status, body.code]).toEqual([400, 'invalid_parameter']);
    },
  );
});

describe('a hostile client', () => {
  const SILENCE_MS = 200;
  const authorized = () => `host: edge\r\nauthorization: Bearer ${cluster.token}\r\ncontent-type: ${ONE}\r\n`;

  /** What is answered to these bytes, until the edge closes or falls silent, or `ms` have passed. */
  async function raw(bytes: string | Buffer, ms = 3_000): Promise<string> {
    const socket = connect(Number(new URL(cluster.edgeUrl).port), '127.0.0.1');
    let answered = '';
    socket.on('error', () => {});
    const silent = new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      socket.on('data', (chunk) => {
        answered += chunk;
        clearTimeout(timer);
        timer = setTimeout(resolve, SILENCE_MS);
      });
    });
    socket.write(bytes);
    await Promise.race([once(socket, 'close'), silent, sleep(ms)]);
    socket.destroy();
    return answered;
  }

  it.each([
    ['no HTTP', 'HELLO\r\n\r\n', 400, 'malformed_request'],
    ['HTTP/2 without upgrade', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'malformed_request'],
    ['no Host', 'GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'malformed_request'],
    ['a header without colon', 'GET /livez HTTP/1.1\r\nhost: a\r\nbroken\r\n\r\n', 400, 'malformed_request'],
    [
      'two lengths',
      'POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx',
      400,
      'malformed_request',
    ],
    [
      'a length beside chunks',
      'POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'malformed_request',
    ],
    [
      'huge headers',
      `GET /livez HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['a tunnel', 'CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n', 405, 'method_not_allowed'],
    [
      'an unknown expectation',
      'GET /livez HTTP/1.1\r\nhost: a\r\nexpect: x\r\n\r\n',
      417,
      'expectation_failed',
    ],
  ])('gets a problem for %s', async (_, bytes, status, code) => {
    const answer = await raw(bytes);
    expect(answer.split('\r\n')[0]).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain('application/problem+json');
    expect(answer).toContain(`"code":"${code}"`);
  });

  it('is told to continue only when its headers are accepted', async () => {
    const asking = (more: string) =>
      `POST /v1/events HTTP/1.1\r\n${authorized()}expect: 100-continue\r\n${more}\r\n`;
    const body = oneEvent();
    const accepted = await raw(`${asking(`content-length: ${body.length}\r\nconnection: close\r\n`)}${body}`);
    expect(accepted).toMatch(/^HTTP\/1\.1 100 Continue[\s\S]*HTTP\/1\.1 200 /);
    const refused = await raw(asking('content-length: 9999999\r\n'));
    expect(refused).toMatch(/^HTTP\/1\.1 413 [\s\S]*body_too_large/);
  });

  it('gets an answer to each of its pipelined requests, in order', async () => {
    const [a, b] = [oneEvent(), oneEvent()];
    const request = (body: string) =>
      `POST /v1/events HTTP/1.1\r\n${authorized()}content-length: ${body.length}\r\n\r\n${body}`;
    const answers = await raw(`${request(a)}${request('{')}${request(b)}GET /livez HTTP/1.0\r\n\r\n`);
    expect([...answers.matchAll(/HTTP\/1\.1 (\d+) /g)].map((m) => m[1])).toEqual([
      '200',
      '400',
      '200',
      '200',
    ]);
  });

  it('gets 413 for a body above the limit, announced or in chunks, and for a length that is wrong 400', async () => {
    const head = `POST /v1/events HTTP/1.1\r\n${authorized()}`;
    expect(await raw(`${head}content-length: 300001\r\n\r\n${'x'.repeat(300_001)}`)).toContain(
      'HTTP/1.1 413',
    );
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    expect(await raw(`${head}transfer-encoding: chunked\r\n\r\n${chunk.repeat(5)}0\r\n\r\n`)).toContain(
      'HTTP/1.1 413',
    );
    const body = oneEvent();
    const short = await raw(`${head}content-length: ${body.length - 1}\r\n\r\n${body}`);
    expect(short).toMatch(/^HTTP\/1\.1 400 [\s\S]*application\/problem\+json/);
  });

  it('is told which encodings of bodies are taken, and which types', async () => {
    for (const encoding of ['br', 'deflate', 'zstd', 'gzip, gzip', 'x']) {
      const answer = await post('x', { 'content-type': ONE, 'content-encoding': encoding });
      expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([415, 'gzip, identity']);
      expect(answer.headers.get('accept-post')).toContain(ONE);
    }
  });

  it('gets 413 for a small body that unpacks to a large one, 400 for one that does not unpack', async () => {
    const headers = { 'content-type': ONE, 'content-encoding': 'gzip' };
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
    expect(await post(bomb, headers)).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
    for (const body of [oneEvent(), '', gzipSync(oneEvent()).subarray(0, -9)])
      expect(await post(body, headers)).toMatchObject({ status: 400, body: { code: 'malformed_body' } });
    expect((await cluster.get('/metrics')).body).toMatch(/foreshard_edge_bytes_in_flight 0/);
  });

  it('gets an answer for 10,000 nested arrays, at once', async () => {
    const deep = `${oneEvent().slice(0, -1)},"data":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    const { status, body } = await post(deep, { 'content-type': ONE });
    expect([status, body.code]).toEqual([400, 'invalid_event']);
    expect(body.pointer).toMatch(/^\/data(\/0)+$/);
  });

  it('that is slow is answered 408 and cut off', async () => {
    const slow = raw('GET /livez HTTP/1.1\r\nhost: a\r\nx: ', 15_000);
    expect(await slow).toMatch(/^HTTP\/1\.1 408 [\s\S]*request_timeout/);
  });
});

describe('whatever is sent', () => {
  const agent = new Agent({ keepAlive: true });
  afterAll(() => agent.destroy());

  interface Sent {
    readonly method: string;
    readonly path: string;
    readonly headers: Record<string, string>;
    readonly body: string;
  }

  async function exchange({
    method,
    path,
    headers,
    body,
  }: Sent): Promise<{ answer: IncomingMessage; text: string }> {
    const sending = request({
      agent,
      port: new URL(cluster.edgeUrl).port,
      method,
      path,
      headers: { authorization: `Bearer ${cluster.token}`, ...headers },
    });
    // Node's client gives the body of other methods no length
    sending.end(method.startsWith('P') ? body : '');
    const [answer] = (await once(sending, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = await answer.toArray();
    return { answer, text: String(Buffer.concat(chunks)) };
  }

  const headerText = fc.stringMatching(/^[ -~]{0,30}$/);
  const sent: fc.Arbitrary<Sent> = fc.record({
    method: fc.constantFrom('POST', 'POST', 'POST', 'GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'),
    path: fc.oneof(
      fc.constantFrom(
        '/v1/events',
        '/v1/streams/main/events',
        '/v1/streams/%00/events',
        '/v1/events?x=%',
        '//',
        '/%',
      ),
      fc.stringMatching(/^\/[!-~]{0,20}$/),
    ),
    headers: fc.dictionary(
      fc.constantFrom(
        ...[
          'content-type',
          'ce-id',
          'ce-source',
          'ce-type',
          'ce-specversion',
          'ce-time',
          'ce-x_y',
          'idempotency-key',
        ],
        ...['foreshard-token', 'content-encoding', 'traceparent', 'host', 'accept', 'authorization'],
      ),
      fc.oneof(
        headerText,
        fc.constantFrom(
          ONE,
          'application/cloudevents-batch+json',
          'application/x-ndjson',
          'application/json',
          '1.0',
          '"k"',
        ),
      ),
      { maxKeys: 6 },
    ),
    body: fc.oneof(fc.json(), fc.string(), fc.constantFrom('', '[]', '[{}]', '{"specversion":"1.0"}')),
  });

  it('is answered with a problem, results, or a page of the API, and the edge goes on', async () => {
    await fc.assert(
      fc.asyncProperty(sent, async (what) => {
        const { answer, text } = await exchange(what);
        const status = answer.statusCode!;
        expect(status).not.toBe(500);
        if (status < 400 || what.method === 'HEAD') return;
        expect(answer.headers['content-type']).toBe('application/problem+json');
        expect(JSON.parse(text)).toMatchObject({
          status,
          code: expect.any(String),
          detail: expect.any(String),
        });
      }),
      { numRuns: 400 },
    );
    expect((await post(oneEvent(), { 'content-type': ONE })).status).toBe(200);
  });
});
