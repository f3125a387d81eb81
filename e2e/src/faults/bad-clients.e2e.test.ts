/** Clients that do it wrong: each is told what, and nothing that it sent half is stored. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { until } from './cluster.ts';
import { Reader } from './reading.ts';

const edgeUrl = inject('edgeUrl');
const token = inject('token');
const reader = new Reader({ edgeUrl, token, stream: 'main' });
const SOURCE = '/faults/bad-clients';
const ONE = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const LINES = 'application/x-ndjson';
const BODY_BYTES_MAX = 8 * 1_048_576;
const EVENT_BYTES_MAX = 1_048_576;
/** Bytes that no character of UTF-8 has. */
const NOT_UTF8 = Buffer.from([0xc3, 0x28]);

afterAll(() => reader.close());

interface Sending {
  readonly type?: string;
  readonly path?: string;
  readonly authorization?: string;
}

function post(body: BodyInit, { type = ONE, path = '/v1/events', authorization }: Sending = {}) {
  return fetch(edgeUrl + path, {
    method: 'POST',
    headers: { 'content-type': type, authorization: authorization ?? `Bearer ${token}` },
    body,
  });
}

function event(id: string, data?: string): string {
  return JSON.stringify({
    specversion: '1.0',
    type: 'bad',
    source: SOURCE,
    subject: 'bad-clients',
    id,
    data,
  });
}

/** The bytes of an event whose data are not UTF-8. */
function brokenEvent(id: string): Buffer {
  const [head, tail] = event(id, '?').split('?') as [string, string];
  return Buffer.concat([Buffer.from(head), NOT_UTF8, Buffer.from(tail)]);
}

async function storedIds(): Promise<string[]> {
  const events = await reader.eventsOfKey('bad-clients');
  return events.filter(({ event: { source } }) => source === SOURCE).map(({ event: { id } }) => id);
}

async function problemOf(reply: Response) {
  expect(reply.headers.get('content-type')).toContain('application/problem+json');
  const problem = await reply.json();
  expect(problem).toMatchObject({
    type: `/docs/errors/${problem.code}`,
    status: reply.status,
    detail: expect.stringMatching(/\w/),
    cure: expect.stringMatching(/\w/),
  });
  return problem;
}

/** Sends these bytes of a request and goes away. */
async function hangUpAfter(head: readonly string[], body: string): Promise<void> {
  const { hostname, port } = new URL(edgeUrl);
  const socket = connect(Number(port), hostname);
  await new Promise((resolve) => socket.once('connect', resolve));
  const lines = ['POST /v1/events HTTP/1.1', `host: ${hostname}`, `authorization: Bearer ${token}`, ...head];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  // it has arrived and is being waited for
  await sleep(200);
  socket.resetAndDestroy();
}

async function bytesInFlight(): Promise<number> {
  const text = await (
    await fetch(`${edgeUrl}/metrics`, { headers: { authorization: `Bearer ${token}` } })
  ).text();
  return Number(/^foreshard_edge_bytes_in_flight (\d+)$/m.exec(text)![1]);
}

describe('a client that hangs up', () => {
  it('in the middle of a body leaves no event of it behind, and no bytes', async () => {
    const whole = [event('half-1'), event('half-2')].join('\n');
    await hangUpAfter([`content-type: ${LINES}`, `content-length: ${whole.length + 500}`], whole);
    await until('the bytes to be given back', async () => (await bytesInFlight()) === 0);
    expect(await storedIds()).toEqual([]);
  });

  it('in the middle of a chunked body leaves no event of it behind', async () => {
    const line = `${event('chunk-1')}\n`;
    const chunk = `${line.length.toString(16)}\r\n${line}\r\n`;
    await hangUpAfter([`content-type: ${LINES}`, 'transfer-encoding: chunked'], chunk);
    await until('the bytes to be given back', async () => (await bytesInFlight()) === 0);
    expect(await storedIds()).toEqual([]);
  });

  it('after the whole body may send it again: it is stored once', async () => {
    const body = event('unheard');
    await hangUpAfter([`content-type: ${ONE}`, `content-length: ${body.length}`], body);
    const reply = await post(body);
    expect((await reply.json()).results).toMatchObject([{ id: 'unheard', status: 'duplicate' }]);
    expect((await storedIds()).filter((id) => id === 'unheard')).toHaveLength(1);
  });
});

describe('a body that is too large', () => {
  const large = `[${event('large-1')},${event('large-2', 'x'.repeat(BODY_BYTES_MAX))}]`;

  it('is refused as a whole, also when its length is not told before', async () => {
    for (const body of [large, new Blob([large]).stream()]) {
      const reply = await fetch(`${edgeUrl}/v1/events`, {
        method: 'POST',
        headers: { 'content-type': BATCH, authorization: `Bearer ${token}` },
        body,
        duplex: 'half',
      } as RequestInit);
      expect(await problemOf(reply)).toMatchObject({ status: 413, code: 'body_too_large' });
    }
    expect(await storedIds()).not.toContain('large-1');
  });

  it('in one event only is that event alone', async () => {
    const reply = await post([event('beside'), event('too-large', 'x'.repeat(EVENT_BYTES_MAX))].join('\n'), {
      type: LINES,
    });
    expect(await problemOf(reply)).toMatchObject({
      status: 413,
      code: 'event_too_large',
      results: [
        { id: 'beside', status: 'stored' },
        { id: 'too-large', status: 'error', error: { index: 1, code: 'event_too_large' } },
      ],
    });
    expect(await storedIds()).toContain('beside');
    expect(await storedIds()).not.toContain('too-large');
  });
});

describe('bytes that are not UTF-8', () => {
  it('refuse the event', async () => {
    const reply = await post(brokenEvent('broken') as BodyInit);
    expect(await problemOf(reply)).toMatchObject({ status: 400, code: 'malformed_body' });
    expect(await storedIds()).not.toContain('broken');
  });

  it('in a bulk refuse their event and no other', async () => {
    const lines = [Buffer.from(event('before')), brokenEvent('broken'), Buffer.from(event('behind'))];
    const body = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
    const reply = await post(body as BodyInit, { type: LINES });
    expect(await problemOf(reply)).toMatchObject({
      status: 400,
      results: [{ status: 'stored' }, { error: { index: 1, code: 'malformed_body' } }, { status: 'stored' }],
    });
    const stored = await storedIds();
    expect(stored).toEqual(expect.arrayContaining(['before', 'behind']));
    expect(stored).not.toContain('broken');
  });
});

describe('a request that is wrong in itself', () => {
  it.each<[string, string, Sending, number, string]>([
    ['with a wrong token', event('wrong'), { authorization: 'Bearer fsh_wrong' }, 401, 'unauthorized'],
    ['with no token', event('wrong'), { authorization: '' }, 401, 'unauthorized'],
    ['to an unknown stream', event('wrong'), { path: '/v1/streams/absent/events' }, 404, 'unknown_stream'],
    ['of an unknown kind', event('wrong'), { type: 'text/plain' }, 415, 'unsupported_media_type'],
    ['that is cut short', event('wrong').slice(0, -5), {}, 400, 'malformed_body'],
    ['with an empty body', '', {}, 400, 'malformed_body'],
    ['without an id', event('wrong').replace('"id"', '"no"'), {}, 400, 'invalid_event'],
    ['for a version to come', event('wrong').replace('1.0', '2.0'), {}, 400, 'invalid_event'],
    ['of several under the name of one', `[${event('wrong')}]`, {}, 400, 'invalid_event'],
  ])('%s is refused with its cause', async (_, body, sending, status, code) => {
    expect(await problemOf(await post(body, sending))).toMatchObject({ status, code });
    expect(await storedIds()).not.toContain('wrong');
  });

  it.each([
    ['/v1/log?from=nonsense', 400, 'invalid_cursor'],
    ['/v1/log?limit=0', 400, 'invalid_parameter'],
    ['/v1/streams/absent/log', 404, 'unknown_stream'],
    ['/v1/shardlets/999999/events', 404, 'unknown_shardlet'],
    ['/v1/nonsense', 404, 'not_found'],
    ['/v1/events', 405, 'method_not_allowed'],
  ])('such as GET %s is answered with %s %s', async (path, status, code) => {
    const reply = await fetch(edgeUrl + path, { headers: { authorization: `Bearer ${token}` } });
    expect(await problemOf(reply)).toMatchObject({ status, code });
  });
});
