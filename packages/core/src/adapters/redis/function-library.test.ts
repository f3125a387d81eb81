import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compose, functionLibrary } from './function-library.ts';

const files = readdirSync(new URL('./lua/', import.meta.url));

function source(file: string): string {
  return readFileSync(new URL(`./lua/${file}`, import.meta.url), 'utf8');
}

test('every file of lua/ is in the library and says at its top what it guarantees', () => {
  for (const file of files) {
    expect(functionLibrary().code).toContain(source(file));
    expect(source(file)).toMatch(/^-- \S/);
  }
});

test('other code has another name, so it never replaces what a running process calls', () => {
  const [one, other] = [compose(['local a = 1']), compose(['local a = 2'])];
  expect(one.name).toMatch(/^foreshard_v1_[0-9a-f]{8}$/);
  expect(other.name).not.toBe(one.name);
  expect(one.code.startsWith(`#!lua name=${one.name}\n`)).toBe(true);
});

test('only what stores events, ids or shadows may be refused for want of memory', () => {
  const registrations = files.flatMap((file) => [
    ...source(file).matchAll(/^register\('(\w+)', \w+(?:, '([\w-]+)')?\)$/gm),
  ]);
  expect(registrations.length).toBeGreaterThan(20);
  const refusable = registrations.filter(([, , flag]) => flag === undefined).map(([, name]) => name);
  expect(refusable.sort()).toEqual(['append', 'create_shadow', 'ingest', 'ingest_ids']);
});

test('no function is registered as one that only reads: a replica would answer it', () => {
  for (const file of files) expect(source(file)).not.toMatch(/^register\(.*no-writes/m);
});
