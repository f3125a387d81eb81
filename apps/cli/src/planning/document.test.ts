import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { readAs } from './document.ts';

const folder = mkdtempSync(join(tmpdir(), 'foreshard-document-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hosts = z.strictObject({ hosts: z.array(z.strictObject({ id: z.string() })) });

function read(text: string) {
  const file = join(folder, 'state.json');
  writeFileSync(file, text);
  return readAs(file, hosts);
}

it('passes over a byte order mark, which some editors write', () => {
  expect(read('\uFEFF{"hosts":[]}')).toEqual({ hosts: [] });
});

it('names the place of what does not fit', () => {
  expect(() => read('{"hosts":[{"id":"a"},{"id":7}]}')).toThrow(/hosts\[1\]\.id: .*expected string/);
  expect(() => read('{"hosts":')).toThrow('is no JSON');
});
