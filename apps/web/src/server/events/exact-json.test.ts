import { expect, it } from 'vitest';
import { parseExact } from './exact-json.ts';

it.each([
  '{"id":9007199254740993,"n":18446744073709551615}',
  '{"price":1.10,"tiny":1e-400,"big":12345678901234567890.123456789}',
  '[-0,0.0,1E5,null,true,"1.10"]',
])('%s comes out as it went in', (text) => {
  expect(JSON.stringify(parseExact(text))).toBe(text);
});
