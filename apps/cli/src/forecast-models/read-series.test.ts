import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readSeries } from './read-series.ts';

const folder = mkdtempSync(join(tmpdir(), 'foreshard-series-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string, wide = false, stepSeconds?: number) {
  const input = join(folder, 'series.csv');
  writeFileSync(input, text);
  return readSeries({ input, wide, stepSeconds });
}

it('reads a ragged wide file, where empty cells inside are missing and at the end are the end', async () => {
  const [a, b] = await read('"id","v1","v2","v3"\n"A",1,,3\n"B",4,5,\n', true);
  expect([a!.id, [...a!.values]]).toEqual(['A', [1, Number.NaN, 3]]);
  expect([b!.id, [...b!.values]]).toEqual(['B', [4, 5]]);
});

it('sorts times, joins equal ones, leaves gaps missing, and says each of it', async () => {
  const [one] = await read(
    'time,n\n2026-01-01 00:00,1\n2026-01-01 02:00,3\n2026-01-01 01:00,2\n2026-01-01 02:00,5\n2026-01-01 04:00,7\n',
  );
  expect([...one!.values]).toEqual([1, 2, 4, Number.NaN, 7]);
  expect(one!.stepSeconds).toBe(3_600);
  expect(one!.notes.join('; ')).toMatch(
    /not in order in 1 places.*1 rows share a step.*1 of 5 steps have no row/,
  );
});

it('honours offsets, so that the hour a clock change repeats is two hours', async () => {
  const [one] = await read(
    'time,n\n2026-10-25 01:00:00+02:00,1\n2026-10-25 02:00:00+02:00,2\n2026-10-25 02:00:00+01:00,3\n2026-10-25 03:00:00+01:00,4\n',
  );
  expect([...one!.values]).toEqual([1, 2, 3, 4]);
});

it.each([
  ['an unknown name', 'When,n\n2026-01-01 00:00,1\n2026-01-01 01:00,2\n'],
  ['semicolons', 'when;n\n2026-01-01 00:00;1\n2026-01-01 01:00;2\n'],
  ['seconds since 1970', 'started,n\n1767225600,1\n1767229200,2\n'],
  ['milliseconds since 1970', 'started\tn\n1767225600000\t1\n1767229200000\t2\n'],
])('finds the times of a column that is told by %s', async (_, text) => {
  const [one] = await read(text);
  expect([one!.id, one!.firstMs, one!.stepSeconds]).toEqual(['n', Date.UTC(2026, 0, 1), 3_600]);
  expect([...one!.values]).toEqual([1, 2]);
});

it.each([
  ['a word', 'v\n1\nabc\n', 'line 3, column v: "abc" is not a number'],
  ['a word below empty lines', '\nv\n\n1\n\nabc\n', 'line 6, column v: "abc" is not a number'],
  ['a day that no month has', 'time,v\n2026-02-30,1\n', 'line 2: "2026-02-30" is no time'],
  ['separators of thousands', 'v\n1\n"1,234"\n', 'without separators of thousands'],
  ['a file without a header line', '2026-01-01 00:00,1\n2026-01-01 01:00,2\n', 'names of the columns'],
  ['what is no text', 'v\n\0\u0001', 'is no text file'],
  ['infinity', 'v\n1\n-Infinity\n', 'infinite values cannot be forecast'],
  ['nothing', '', 'is empty'],
  ['a wrong time', 'time,v\nyesterday,1\n', '"yesterday" is no time'],
  [
    'times far apart',
    'time,v\n2026-01-01 00:00:00,1\n2026-01-01 00:00:01,3\n2027-01-01 01:00:00,2\n',
    'too irregular',
  ],
])('refuses %s and names the place', async (_, text, message) => {
  await expect(read(text)).rejects.toThrow(message);
});
