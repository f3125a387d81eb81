import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { seriesOf } from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'foreshard-options-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  process.exitCode = undefined;
});

function wide(text: string) {
  const input = join(folder, 'wide.csv');
  writeFileSync(input, text);
  return seriesOf({ input, horizon: '2', model: 'auto', wide: true, json: true });
}

it('leaves a series that is too short out, answers the others, and ends as a failure', async () => {
  const series = await wide('id,v1,v2\na,1,2,3\nb,7\nc,5,6,7\n');
  expect(series.map(({ id }) => id)).toEqual(['a', 'c']);
  expect(process.exitCode).toBe(1);
});

it('refuses a file in which no series is long enough', async () => {
  await expect(wide('id,v1\na,1\nb,7\n')).rejects.toThrow('no series');
});
