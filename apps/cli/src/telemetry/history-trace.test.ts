import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HistoryFormat, type HistoryRow, openHistory } from './history-trace.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foreshard-history-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function read(name: string, content: string | Buffer, format?: HistoryFormat) {
  const trace = join(dir, name);
  await writeFile(trace, content);
  const opened = await openHistory({ trace, format, overMs: 4_000, nowMs: 10_000 });
  const bad: string[] = [];
  const rows: HistoryRow[] = [];
  for await (const chunk of opened.rows((line, reason) => bad.push(`${line}: ${reason}`)))
    rows.push(...chunk);
  return { name: opened.name, rows, bad };
}

const access = { kind: 'access', timeMs: 1_700_000_000_000, isRead: false, bytes: 0 };

test('reads load: a time and a value', async () => {
  const { name, rows, bad } = await read(
    'my load.csv',
    'timestamp,value\n2024-01-01T00:00:00Z,12.5\n2024-01-01 01:00:00,x\n2024-01-01T02:00:00Z,-1\nsoon,1\n',
  );
  expect(name).toBe('my-load');
  expect(rows).toEqual([{ kind: 'load', timeMs: Date.UTC(2024, 0, 1), value: 12.5 }]);
  expect(bad).toEqual(['3: "x" is no number', '4: -1 is below 0', '5: "soon" is no time']);
});

test('reads load of a table that calls its times a period', async () => {
  const { rows } = await read('wc98.csv', 'period,count\n1998-04-30 21:30:00,2\n');
  expect(rows).toEqual([{ kind: 'load', timeMs: Date.UTC(1998, 3, 30, 21, 30), value: 2 }]);
});

test('reads accesses: a time and a key, with what was done and how large it was', async () => {
  const { rows, bad } = await read(
    'a.csv',
    '1700000000,a,GET,10\n1700000000,b,SET,20\n1700000000,c\n1700000000,d,SET,big\n',
  );
  expect(rows).toEqual([
    { ...access, key: 'a', isRead: true, bytes: 10 },
    { ...access, key: 'b', bytes: 20 },
    { ...access, key: 'c' },
  ]);
  expect(bad).toEqual(['4: "big" is no number of bytes']);
});

test('takes numbers for values, unless it is told that they are keys', async () => {
  expect((await read('n.csv', '1700000000,17\n')).rows).toEqual([
    { kind: 'load', timeMs: access.timeMs, value: 17 },
  ]);
  expect((await read('n.csv', '1700000000,17\n', 'accesses')).rows).toEqual([{ ...access, key: '17' }]);
  expect((await read('k.csv', 'key,timestamp\n17,1700000000\n')).rows).toEqual([{ ...access, key: '17' }]);
});

test('spreads keys without times evenly up to now', async () => {
  const bytes = Buffer.alloc(16);
  for (const [i, key] of [1, -2, 3, 4].entries()) bytes.writeInt32BE(key, i * 4);
  const { rows } = await read('keys.i32be.gz', gzipSync(bytes));
  expect(rows.map((r) => [r.timeMs, r.kind === 'access' && r.key])).toEqual([
    [6_000, '1'],
    [7_000, '-2'],
    [8_000, '3'],
    [9_000, '4'],
  ]);
  await expect(read('odd.i32be.gz', gzipSync(Buffer.alloc(7)))).rejects.toThrow('no multiple of 4 bytes');
  await expect(read('no.i32be.gz', 'plain')).rejects.toThrow('no.i32be.gz');
});

test.each([
  ['', 'is empty'],
  ['a,b\n1,2\n', 'names no time column'],
  ['timestamp;value\n1700000000;1\n', 'commas part the columns'],
  ['timestamp,key,value\n1700000000,a,5\n', 'the values would be lost'],
  ['timestamp\n1700000000\n', 'a second column is missing'],
])('says what is wrong with %j', async (content, message) => {
  await expect(read('bad.csv', content)).rejects.toMatchObject({
    message: expect.stringContaining(message),
    exitCode: 2,
  });
});
