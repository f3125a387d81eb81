import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCsv } from './csv-trace.ts';
import { openFlights } from './flights-trace.ts';
import type { Trace, TraceRow } from './trace.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'foreshard-trace-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function csv(text: string | Buffer): Trace {
  const path = join(dir, 'my trace.csv');
  writeFileSync(path, text);
  return openCsv(path);
}

async function rowsOf(trace: Trace, firstRow = 1): Promise<TraceRow[]> {
  const rows: TraceRow[] = [];
  for await (const chunk of trace.rows(firstRow)) rows.push(...chunk);
  return rows;
}

describe('a trace as CSV', () => {
  it('finds its columns by name and keeps the others as data', async () => {
    const trace = csv(
      'op,key,timestamp,bytes\nread,k1,2020-01-01T00:00:00Z,12\nwrite,k2,2020-01-01 00:00:01,007\n',
    );
    const rows = await rowsOf(trace);
    expect(rows.map(({ row, key, timeMs }) => [row, key, timeMs])).toEqual([
      [1, 'k1', 1_577_836_800_000],
      [2, 'k2', 1_577_836_801_000],
    ]);
    expect(rows[0]!.event).toEqual({
      type: 'read',
      subject: 'k1',
      time: '2020-01-01T00:00:00.000Z',
      data: { bytes: 12 },
    });
    expect(rows[1]!.event.data).toEqual({ bytes: '007' });
    expect([trace.name, trace.rowCount, trace.badRows]).toEqual(['my-trace', 2, []]);
  });

  it('does without a header', async () => {
    const rows = await rowsOf(csv('1577836800,a,5\n1577836801.5,b,6\n'));
    expect(rows.map(({ key, timeMs }) => [key, timeMs])).toEqual([
      ['a', 1_577_836_800_000],
      ['b', 1_577_836_801_500],
    ]);
  });

  it('takes a load of times and values, which has no key', async () => {
    const [row] = await rowsOf(csv('timestamp,value\n2020-01-01,3.5\n'));
    expect([row!.key, row!.event.data]).toEqual(['my-trace', { value: 3.5 }]);
  });

  it('names bad rows by their line, and keeps the numbers of the others', async () => {
    const trace = csv('timestamp,key\n2020-01-01,a\nsoon,b\n2020-01-02\n\n2020-01-03,\n2020-01-04,c\n');
    expect((await rowsOf(trace)).map(({ row, key }) => [row, key])).toEqual([
      [1, 'a'],
      [5, 'c'],
    ]);
    expect(trace.badRows.map(({ line }) => line)).toEqual([3, 4, 6]);
    expect(trace.badRows.map(({ reason }) => reason).join()).toMatch(
      /"soon" is no time.*2 columns.*key is empty/,
    );
  });

  it.each([
    ['', 'is empty'],
    ['timestamp,key\n', 'has a header and no row'],
    ['timestamp;key\n2020-01-01;a\n', 'between its commas'],
  ])('without a row is refused: %j', async (text, why) => {
    await expect(rowsOf(csv(text))).rejects.toThrow(why);
  });

  it('leaves out rows that are not UTF-8: keys would become one', async () => {
    const trace = csv(Buffer.from('timestamp,key\n2020-01-01,caf\xe9\n2020-01-01,a\n', 'latin1'));
    expect((await rowsOf(trace)).map(({ key }) => key)).toEqual(['a']);
    expect(trace.badRows).toEqual([{ row: 1, line: 2, reason: expect.stringContaining('UTF-8') }]);
  });

  it('begins at a row', async () => {
    const text = Array.from({ length: 5_000 }, (_, i) => `${1_577_836_800 + i},k`).join('\n');
    const rows = await rowsOf(csv(text), 4_321);
    expect([rows[0]!.row, rows.at(-1)!.row, rows.length]).toEqual([4_321, 5_000, 680]);
  });

  it('refuses a file that is no trace', async () => {
    await expect(rowsOf(csv('hello,world\n1,2\n'))).rejects.toThrow(/no time column/);
    expect(() => openCsv(join(dir, 'absent.csv'))).toThrow(/no file/);
  });
});

describe('the flights', () => {
  it('are 3,000,000 departures whose row is their place, wherever reading begins', async () => {
    const trace = await openFlights();
    expect(trace.rowCount).toBe(3_000_000);
    for await (const [first] of trace.rows(2_999_999)) {
      expect(first).toMatchObject({ row: 2_999_999, event: { type: 'com.foreshard.flight.departed' } });
      break;
    }
    for await (const rows of trace.rows(1)) {
      expect(rows[0]).toEqual({
        row: 1,
        timeMs: Date.UTC(2001, 0, 1, 0, 1),
        key: 'LAS',
        event: {
          type: 'com.foreshard.flight.departed',
          subject: 'LAS',
          time: '2001-01-01T00:01:00.000Z',
          data: { destination: 'PHL', delay: 33, distance: 2176 },
        },
      });
      break;
    }
  }, 30_000);
});
