import { describe, expect, it } from 'vitest';
import { fingerprintOf, idempotencyKeyOf, scopeOf } from './idempotency-key.ts';

describe('what tells requests apart', () => {
  it('is who asks, the path and the key for the scope', () => {
    const who = (kind: 'person' | 'token', id: string) => ({ kind, id, name: 'n', grants: [] });
    const scopes = [
      scopeOf(who('token', 'a'), '/p', 'k'),
      scopeOf(who('token', 'b'), '/p', 'k'),
      scopeOf(who('person', 'a'), '/p', 'k'),
      scopeOf(who('token', 'a'), '/q', 'k'),
      scopeOf(who('token', 'a'), '/p', 'l'),
    ];
    expect(new Set(scopes).size).toBe(5);
    expect(scopeOf({ ...who('token', 'a'), name: 'renamed' }, '/p', 'k')).toBe(scopes[0]);
  });

  it('is the body and what says how to read it for the fingerprint', () => {
    const body = Buffer.from('x');
    const plain = fingerprintOf({ 'content-type': 'a' }, body);
    expect(fingerprintOf({ 'content-type': 'a', 'user-agent': 'b' }, Buffer.from('x'))).toBe(plain);
    for (const [headers, bytes] of [
      [{ 'content-type': 'b' }, body],
      [{ 'content-type': 'a', 'ce-id': '1' }, body],
      [{ 'content-type': 'a' }, Buffer.from('y')],
    ] as const)
      expect(fingerprintOf(headers, bytes)).not.toBe(plain);
  });
});

describe('idempotencyKeyOf', () => {
  it('reads a String of structured fields', () => {
    expect(idempotencyKeyOf(undefined)).toBeUndefined();
    expect(idempotencyKeyOf('"8e03978e-40d5"')).toBe('8e03978e-40d5');
    expect(idempotencyKeyOf(' "a \\"b\\"";x=1 ')).toBe('a "b"');
  });

  it('takes a key without quotes as the same text', () => {
    for (const key of ['abc', '8e03978e-40d5-43dd-bc93-6894a57f9324', '1', 'order/7:retry', '*x'])
      expect(idempotencyKeyOf(key)).toBe(key);
  });

  it.each([
    ...['', '"a', 'a"', '""', '?1', ':YQ==:', '"a","b"', 'a, b', 'a b', 'a;x=1', '\u00e9'],
    ...[`"${'x'.repeat(256)}"`, 'x'.repeat(256)],
  ])('refuses %s', (header) => {
    expect(() => idempotencyKeyOf(header)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
  });
});
