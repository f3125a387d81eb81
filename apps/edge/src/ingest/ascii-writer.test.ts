import { expect, it } from 'vitest';
import { AsciiWriter } from './ascii-writer.ts';

it.each([
  0,
  9,
  10,
  4_294_967_296,
  99_999_999,
  100_000_000,
  100_000_001,
  1_760_000_000_000_001,
  999_999_999_999_999,
  Number.MAX_SAFE_INTEGER,
])('writes %d as JavaScript does', (value) => {
  const writer = new AsciiWriter(0);
  writer.integer(value);
  expect(writer.finish()).toBe(String(value));
});

it('writes only what JSON takes as it is', () => {
  for (let code = 0; code <= 0x110; code++) {
    const writer = new AsciiWriter(8);
    const text = `a${String.fromCharCode(code)}`;
    const isPlain = code < 0x7f && JSON.stringify(text) === `"${text}"`;
    expect(writer.plainText(text)).toBe(isPlain);
    expect(writer.finish()).toBe(isPlain ? `"${text}"` : '');
  }
});

it('grows', () => {
  const writer = new AsciiWriter(1);
  const long = 'x'.repeat(1_000);
  for (let i = 0; i < 5; i++) {
    writer.piece(Buffer.from('<'));
    writer.text(long);
    writer.plainText(long);
    writer.integer(12_345_678_901);
  }
  expect(writer.finish()).toBe(`<${long}"${long}"12345678901`.repeat(5));
});
