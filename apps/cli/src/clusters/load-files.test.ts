import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFiles } from './load-files.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foreshard-csv-'));
});
afterAll(() => rm(dir, { recursive: true }));

const HEAD = 'time,partition,host,events_per_second';

async function refusalOf(...lines: string[]): Promise<string> {
  const csv = join(dir, 'some.csv');
  await writeFile(csv, lines.join('\n'));
  return readFiles({ csv }).then(
    () => 'nothing',
    (error: Error) => error.message.replace(csv, 'FILE'),
  );
}

test('wrong lines are named, and as many as anybody reads', async () => {
  expect(await refusalOf(HEAD, '1795230000,p,h,1', 'soon,p,h,1')).toBe(
    [
      'one line of FILE cannot be understood; nothing was taken',
      '  line 3: time: "soon" is no time such as 2026-11-21T04:00:00Z or seconds since 1970',
    ].join('\n'),
  );
  const many = (await refusalOf(HEAD, ...Array(50).fill('x,p,h,1'))).split('\n');
  expect([many.length, many[0], many.at(-1)]).toEqual([
    22,
    expect.stringContaining('50 lines of FILE'),
    '  and 30 more',
  ]);
});

test('a file that is wrong as a whole, or is not there, is told in one line', async () => {
  expect(await refusalOf('time,partition,events_per_second', '1,p,1')).toMatch(/^FILE: .*it lacks host$/);
  await expect(readFiles({ csv: join(dir, 'none.csv') })).rejects.toThrow('there is no file');
});

test('a file that is not UTF-8 is refused, since names would be read as others', async () => {
  const csv = join(dir, 'latin.csv');
  const text = `${HEAD}\n1795230000,m\u00fcll,h,1\n`;
  await writeFile(csv, text, 'latin1');
  await expect(readFiles({ csv })).rejects.toThrow('is not UTF-8');
  await writeFile(csv, Buffer.of(0xff));
  await expect(readFiles({ csv })).rejects.toThrow('is not UTF-8');
  await writeFile(csv, `\ufeff${text}`, 'utf16le');
  expect((await readFiles({ csv })).rows).toMatchObject([{ partition: 'm\u00fcll' }]);
});
