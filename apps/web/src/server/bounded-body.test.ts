import { expect, it } from 'vitest';
import { boundedBody, withBoundedBody } from './bounded-body.ts';

const URL_OF_CONSOLE = 'http://console.test/api/session';
const post = (body: RequestInit['body'], headers = {}) =>
  new Request(URL_OF_CONSOLE, { method: 'POST', body, headers, duplex: 'half' } as RequestInit);

/** Never ends by itself; counts what is taken of it. */
function endless() {
  const taken = { bytes: 0, isCancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      taken.bytes += 1_000;
      controller.enqueue(new Uint8Array(1_000));
    },
    cancel: () => void (taken.isCancelled = true),
  });
  return { taken, stream };
}

it('is read whole up to the limit', async () => {
  expect(await boundedBody(post('añ'), 3)).toBe('añ');
  expect(await boundedBody(post('añ'), 2)).toBeUndefined();
  expect(await boundedBody(new Request(URL_OF_CONSOLE), 0)).toBe('');
});

it('is not read on beyond the limit, however long it is', async () => {
  const { taken, stream } = endless();
  expect(await boundedBody(post(stream), 10_000)).toBeUndefined();
  expect(taken.isCancelled).toBe(true);
  expect(taken.bytes).toBeLessThan(20_000);
});

it('is not read at all where its length says enough', async () => {
  const { taken, stream } = endless();
  const before = taken.bytes;
  expect(await boundedBody(post(stream, { 'content-length': '10001' }), 10_000)).toBeUndefined();
  expect(taken.bytes - before).toBeLessThan(10_000);
});

it('stays the body of its request', async () => {
  const bounded = await withBoundedBody(post('{"a":1}', { 'content-type': 'application/json' }), 100);
  expect([await bounded!.json(), bounded!.headers.get('content-type')]).toEqual([
    { a: 1 },
    'application/json',
  ]);
  expect(await withBoundedBody(post('x'.repeat(101)), 100)).toBeUndefined();
});
