/** The description against a running edge: it says what is there, and what is there does what it says. */
import { hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EdgeFixture } from '../reading/edge.fixture.ts';

let edge: EdgeFixture;
// biome-ignore lint/suspicious/noExplicitAny: a document of any shape
let document: any;

beforeAll(async () => {
  edge = await EdgeFixture.start(1);
  await edge.createStream({ name: 'main', shardCount: 4 });
  document = (await edge.get('/v1/openapi.json')).body;
}, 60_000);
afterAll(() => edge?.stop());

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const CE = {
  specversion: '1.0',
  id: 'd1',
  source: '/docs',
  type: 't',
  subject: 'k',
  traced: true,
  data: [1, null],
};

function concrete(path: string): string {
  const values: Record<string, string> = { stream: 'main', key: 'k', id: '1', code: 'invalid_event' };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? 'x');
}

/** The schema of an answer as the document has it, turned into a check. */
function schemaOf(method: string, path: string, status: number, type: string): z.ZodType {
  const response = document.paths[path][method].responses[status];
  const schema = response?.content?.[type]?.schema;
  expect(schema, `${method} ${path} ${status} ${type} is described`).toBeDefined();
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas });
  return z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')));
}

async function expectDescribed(method: string, path: string, url: string, init: RequestInit = {}) {
  const response = await edge.fetch(url, { method, ...init });
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
  const body: unknown = await response.json();
  const result = schemaOf(method.toLowerCase(), path, response.status, type).safeParse(body);
  expect(
    result.error?.issues,
    `${method} ${url} ${response.status} ${JSON.stringify(body).slice(0, 300)}`,
  ).toBe(undefined);
  return response.status;
}

describe('the description', () => {
  it('is OpenAPI 3.1 without a warning of the linter', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] });
    const lint = (source: unknown) =>
      lintFromString({ source: JSON.stringify(source), absoluteRef: 'openapi.json', config });
    const summaryOf = (problems: Awaited<ReturnType<typeof lint>>) =>
      problems.map((p) => `${p.ruleId} ${p.location[0]?.pointer}: ${p.message}`);
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(summaryOf(await lint(document))).toEqual([]);
    // the linter does look
    expect(summaryOf(await lint({ ...document, servers: [] })).length).toBeGreaterThan(0);
  });

  it('describes every operation in full', () => {
    const ids = new Set<string>();
    // biome-ignore lint/suspicious/noExplicitAny: a document of any shape
    for (const operation of Object.values<any>(document.paths).flatMap((p) => Object.values<any>(p))) {
      ids.add(operation.operationId);
      expect(operation.description.length).toBeGreaterThan(10);
      expect(operation.tags.length).toBe(1);
      expect(Object.keys(operation.responses).some((status) => status.startsWith('4'))).toBe(true);
      for (const { name, description } of operation.parameters ?? [])
        expect(description, `${operation.operationId} ${name}`).toBeDefined();
    }
    expect(ids.size).toBe(
      Object.values<object>(document.paths).reduce((n, p) => n + Object.keys(p).length, 0),
    );
  });

  it('names the methods of every path, and no path answers another', async () => {
    for (const [path, operations] of Object.entries<object>(document.paths)) {
      const described = Object.keys(operations).map((m) => m.toUpperCase());
      const allowed = [...described, 'OPTIONS', ...(described.includes('GET') ? ['HEAD'] : [])].sort();
      const options = await edge.fetch(concrete(path), { method: 'OPTIONS' });
      expect([path, options.status, options.headers.get('allow')]).toEqual([path, 204, allowed.join(', ')]);
      for (const method of METHODS) {
        const response = await edge.fetch(concrete(path), { method });
        const text = await response.text();
        const isRefused = response.status === 405;
        expect([path, method, isRefused]).toEqual([path, method, !allowed.includes(method)]);
        if (isRefused) expect(response.headers.get('allow')).toBe(allowed.join(', '));
        else if (response.status === 404)
          expect([path, method, text]).not.toEqual([path, method, expect.stringContaining('"not_found"')]);
      }
    }
  });

  it('has schemas that the answers obey', async () => {
    const batch = { 'content-type': 'application/cloudevents-batch+json' };
    const post = (body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = batch) =>
      expectDescribed('POST', '/v1/events', '/v1/events', { body, headers });
    expect(await post(JSON.stringify([CE]))).toBe(200);
    expect(await post(JSON.stringify([CE]))).toBe(200);
    expect(await post(JSON.stringify([CE, { ...CE, id: 7 }]))).toBe(400);
    expect(await post('[')).toBe(400);
    expect(await post('', { 'content-type': 'text/plain' })).toBe(415);
    const packed = { ...batch, 'content-encoding': 'gzip' };
    expect(await post(gzipSync(JSON.stringify([CE])), packed)).toBe(200);
    expect(await post(gzipSync(JSON.stringify([{ ...CE, id: 7 }])), packed)).toBe(400);
    expect(await post('no gzip', packed)).toBe(400);
    expect(await post('', { ...batch, 'content-encoding': 'br' })).toBe(415);
    expect(await post('[]', { ...batch, 'idempotency-key': '"once"' })).toBe(200);
    expect(await post('[ ]', { ...batch, 'idempotency-key': '"once"' })).toBe(422);
    const get = (path: string, url: string, headers = {}) => expectDescribed('GET', path, url, { headers });
    expect(await get('/v1/log', '/v1/log')).toBe(200);
    expect(await get('/v1/log', '/v1/log?from=x&nope=1')).toBe(400);
    expect(await get('/v1/log', '/v1/log?from=x')).toBe(400);
    expect(await get('/v1/log', '/v1/log', { accept: 'image/png' })).toBe(406);
    expect(await get('/v1/log', '/v1/log', { authorization: 'Bearer wrong' })).toBe(401);
    expect(await get('/v1/streams/{stream}/log', '/v1/streams/nope/log')).toBe(404);
    expect(await get('/v1/keys/{key}/events', '/v1/keys/k/events')).toBe(200);
    expect(await get('/v1/keys/{key}/events', '/v1/keys/%zz/events')).toBe(400);
    expect(await get('/v1/shardlets/{id}/events', '/v1/shardlets/1/events')).toBe(200);
    expect(await get('/v1/shardlets/{id}/events', '/v1/shardlets/x/events')).toBe(400);
    expect(await get('/v1/shardlets/{id}/events', '/v1/shardlets/999/events')).toBe(404);
    expect(await get('/v1/map', '/v1/map')).toBe(200);
    expect(await get('/v1/map', '/v1/map?stream=nope')).toBe(404);
    expect(await get('/readyz', '/readyz')).toBe(200);
    expect(await get('/v1/openapi.json', '/v1/openapi.json')).toBe(200);
    expect(await get('/docs/errors/{code}', '/docs/errors/nope')).toBe(404);
  });
});

describe('problems', () => {
  it('name the place, the kind and the request', async () => {
    const { status, body } = await edge.get('/v1/log?limit=0&Limit=1');
    expect(status).toBe(400);
    expect(body).toMatchObject({
      type: '/docs/errors/invalid_parameter',
      code: 'invalid_parameter',
      pointer: '?limit',
      errors: [{ pointer: '?limit' }, { pointer: '?Limit' }],
    });
    expect(body.instance).toMatch(/^urn:foreshard:request:[\da-f]{32}-[\da-f]{16}$/);
    const page = await edge.fetch(body.type, {});
    expect([page.status, await page.text()]).toEqual([
      200,
      expect.stringContaining('A parameter is not valid'),
    ]);
  });

  it.each([
    ['/v1/streams/nope/log', 404, '{stream}'],
    ['/v1/streams/nope/keys/k/events', 404, '{stream}'],
    ['/v1/shardlets/999/events', 404, '{id}'],
    ['/v1/map?stream=nope', 404, '?stream'],
    ['/v1/log?from=x', 400, '?from'],
    ['/v1/keys/k/events?from=x', 400, '?from'],
    ['/v1/log?skip=99', 400, '?skip'],
  ])('point to the wrong place of %s', async (path, status, pointer) => {
    const { body } = await edge.get(path);
    expect([body.status, body.pointer]).toEqual([status, pointer]);
  });

  it('point to the header that is wrong, and into a batch', async () => {
    const post = async (event: object, headers: Record<string, string> = {}, path = '/v1/events') => {
      const type = { 'content-type': 'application/cloudevents-batch+json' };
      const body = JSON.stringify([CE, event]);
      const answer = await edge.fetch(path, { method: 'POST', body, headers: { ...type, ...headers } });
      return (await answer.json()).pointer;
    };
    expect(await post(CE, { 'foreshard-token': 'x' })).toBe('foreshard-token:');
    expect(await post(CE, { 'idempotency-key': '"' })).toBe('idempotency-key:');
    expect(await post({ ...CE, time: 'soon' })).toBe('/1/time');
    expect(await post(CE, {}, '/v1/streams/nope/events')).toBe('{stream}');
  });

  it('have no body for HEAD', async () => {
    const response = await edge.fetch('/v1/log?limit=0', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([400, '']);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  it('refuse query parameters where events are posted, by name', async () => {
    const response = await edge.fetch('/v1/events?dryrun=1', {
      method: 'POST',
      body: JSON.stringify({ ...CE, id: 'never' }),
      headers: { 'content-type': 'application/cloudevents+json' },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'invalid_parameter', pointer: '?dryrun' });
  });
});

describe('a trace', () => {
  const TRACE = '0af7651916cd43dd8448eb211c80319c';
  const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;

  it('is gone on with by reads, posts and problems, each in a span of its own', async () => {
    const send = (path: string, init: RequestInit = {}) =>
      edge.fetch(path, { ...init, headers: { ...(init.headers as object), traceparent } });
    const read = await send('/v1/log?from=now');
    const post = await send('/v1/events', {
      method: 'POST',
      body: JSON.stringify({ ...CE, id: 'traced' }),
      headers: { 'content-type': 'application/cloudevents+json' },
    });
    const problem = await send('/v1/nowhere');
    const spans = [read, post, problem].map((r) => r.headers.get('traceresponse')?.split('-'));
    for (const span of spans) expect(span?.slice(0, 2)).toEqual(['00', TRACE]);
    expect(new Set(spans.map((span) => span?.[2])).size).toBe(3);
    expect((await problem.json()).instance).toBe(`urn:foreshard:request:${TRACE}-${spans[2]?.[2]}`);
  });

  it('leaves the events as they were sent', async () => {
    const { events } = (await edge.get('/v1/keys/k/events')).body;
    const { event } = events.find((e: { event: { id: string } }) => e.event.id === 'traced');
    expect(event).toEqual({ ...CE, id: 'traced' });
  });
});

describe('the pages for people', () => {
  it('show descriptions as paragraphs, with code as code', async () => {
    const text = await (await edge.fetch('/docs', {})).text();
    expect(text).toContain('are about the stream <code>main</code>. Every error is a problem document');
    expect(text).not.toMatch(/<p>[^<]*`/);
  });

  it.each(['/docs', '/docs/errors', '/docs/errors/overloaded'])(
    'need nothing from elsewhere: %s',
    async (path) => {
      const response = await edge.fetch(path, { headers: { accept: 'text/html' } });
      const text = await response.text();
      expect(response.headers.get('content-type')).toMatch(/^text\/html; charset=utf-8/i);
      expect(text).toContain('color-scheme: light dark');
      expect(text).not.toMatch(/<script|<link|https?:\/\//);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      const policy = response.headers.get('content-security-policy');
      expect(policy).toContain("default-src 'none'");
      const style = /<style>(.*)<\/style>/s.exec(text)![1]!;
      expect(policy).toContain(`style-src 'sha256-${hash('sha256', style, 'base64')}';`);
      expect(text).not.toMatch(/ style=/);
    },
  );
});
