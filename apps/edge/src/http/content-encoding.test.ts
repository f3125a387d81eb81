import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ByteBudget } from './byte-budget.ts';
import { isGzipped } from './content-encoding.ts';
import { readBody } from './read-body.ts';

const MIB = 1_048_576;

/** A request whose body is these bytes. */
function read(body: Buffer, bytesMax = 8 * MIB) {
  const budget = new ByteBudget(16 * MIB);
  const request = new PassThrough() as unknown as IncomingMessage & PassThrough;
  Object.assign(request, { headers: { 'content-encoding': 'gzip' }, complete: true });
  const received = readBody(request, bytesMax, budget);
  request.end(body);
  return { budget, received };
}

describe('a packed body', () => {
  it('is counted as it unpacks, and given back', async () => {
    const { budget, received } = read(gzipSync(Buffer.from('abc'.repeat(1_000))));
    const body = await received;
    expect(body.bytes.toString()).toBe('abc'.repeat(1_000));
    expect(budget.inUse).toBe(3_000);
    body.release();
    expect(budget.inUse).toBe(0);
  });

  it('may be of several members', async () => {
    const { received } = read(Buffer.concat([gzipSync('one,'), gzipSync('two')]));
    expect((await received).bytes.toString()).toBe('one,two');
  });

  it('is refused when it unpacks to more than two hundred times its length', async () => {
    const { budget, received } = read(gzipSync(Buffer.alloc(4 * MIB)));
    await expect(received).rejects.toMatchObject({
      code: 'body_too_large',
      message: expect.stringContaining('200 times'),
    });
    expect(budget.inUse).toBe(0);
  });

  it('is refused above the limit of a body', async () => {
    const noise = Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * 7_919) % 251));
    const { budget, received } = read(gzipSync(noise), 50_000);
    await expect(received).rejects.toMatchObject({ code: 'body_too_large', message: /50000/ });
    expect(budget.inUse).toBe(0);
  });

  it('is refused when it is cut or no gzip', async () => {
    for (const body of [gzipSync('abcdef').subarray(0, 15), Buffer.from('{}'), Buffer.alloc(0)])
      await expect(read(body).received).rejects.toMatchObject({ code: 'malformed_body' });
  });
});

describe('isGzipped', () => {
  it('knows gzip by its names', () => {
    expect(['gzip', 'X-GZIP', ' gzip '].map((e) => isGzipped({ 'content-encoding': e }))).toEqual([
      true,
      true,
      true,
    ]);
    expect([undefined, 'identity', ''].some((e) => isGzipped({ 'content-encoding': e }))).toBe(false);
  });

  it.each(['br', 'deflate', 'gzip, gzip', 'identity, gzip'])('refuses %s', (encoding) => {
    expect(() => isGzipped({ 'content-encoding': encoding })).toThrow(/not supported/);
  });
});
