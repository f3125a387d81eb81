import { describe, expect, it } from 'vitest';
import type { CsvReply } from './csv-rows.ts';
import { readHostsCsv } from './hosts-csv.ts';
import { readLoadCsv } from './load-csv.ts';

const file = (...lines: string[]) => lines.join('\n');

const HEAD = 'time,partition,host,events_per_second';
function faultsOf(reply: CsvReply<unknown>): string[] {
  if (reply.kind === 'read') return [];
  return reply.faults.map(({ line, detail }) => (line === null ? detail : `line ${line}: ${detail}`));
}

describe('a CSV of load', () => {
  it('is read with columns in any order, times with and without zones, and what is optional', () => {
    const content = file(
      '\uFEFFhost,Time,partition,events_per_second,bytes,bytes_per_second',
      'b1,2026-11-21T04:00:00Z,p-0,12.5,1000,',
      'b1,2026-11-21 05:00,p-0,0,,300',
      'b2,1795230000,"p,1",3,,',
    );
    const rows = [
      ...[row('2026-11-21T04:00:00Z', 'p-0', 'b1', 12.5, { bytes: 1000 })],
      ...[row('2026-11-21T05:00:00Z', 'p-0', 'b1', 0, { bytesPerSecond: 300 })],
      ...[row(new Date(1_795_230_000_000).toISOString(), 'p,1', 'b2', 3)],
    ];
    expect(readLoadCsv(content)).toEqual({ kind: 'read', rows });
    expect(readLoadCsv(Buffer.from(content))).toEqual({ kind: 'read', rows });
  });

  it('with wrong lines is refused, and every line is named', () => {
    const content = file(
      HEAD,
      '2026-11-21T04:00:00Z,p,h,1',
      'soon,p,h,1',
      '2026-11-21T04:00:00Z,p,h,2',
      '2026-11-21T04:01:00Z,,h,many',
      '2026-11-21T04:01:00Z,p',
      '2026-11-21T04:02:00Z,p,h,',
      '2026-11-21T04:03:00Z,p,h,-1',
    );
    const reply = readLoadCsv(content);
    expect(reply).toMatchObject({ kind: 'faulty', lines: 6, more: 0 });
    expect(faultsOf(reply)).toEqual([
      'line 3: time: "soon" is no time such as 2026-11-21T04:00:00Z or seconds since 1970',
      'line 4: partition "p" has this time already in line 2',
      'line 5: events_per_second: "many" is not a number from 0',
      'line 5: partition is empty',
      'line 6: has 2 values, but the header names 4 columns',
      'line 7: events_per_second is empty',
      'line 8: events_per_second: "-1" is not a number from 0',
    ]);
  });

  it('with more than anything could take is refused: sums would lose their digits', () => {
    const content = file(`${HEAD},bytes`, '1795230000,p,h,1e12,1e18', '1795230060,p,h,1e308,1e300');
    expect(faultsOf(readLoadCsv(content))).toEqual([
      'line 3: events_per_second: "1e308" is above 1000000000000',
      'line 3: bytes: "1e300" is above 1000000000000000000',
    ]);
  });

  it('with more wrong lines than anybody reads names the first', () => {
    const reply = readLoadCsv(file(HEAD, ...Array(50).fill('x,p,h,1')));
    expect(reply).toMatchObject({ kind: 'faulty', lines: 50, more: 30 });
    expect(faultsOf(reply)).toHaveLength(20);
  });

  it.each([
    [['time,partition,events_per_second', '1,p,1'], 'it lacks host'],
    [[`${HEAD},colour`, '1,p,h,1,red'], 'it has "colour"'],
    [[`${HEAD},host`, '1,p,h,1,h'], 'it names "host" twice'],
    [[''], 'is empty'],
    [[HEAD], 'no line of load'],
    [[HEAD, '1,"p,h,1'], 'Quote Not Closed'],
  ])('%j is refused', (lines, message) => {
    const reply = readLoadCsv(file(...lines));
    expect(faultsOf(reply)).toEqual([expect.stringContaining(message)]);
    expect(reply).toMatchObject({ faults: [{ line: null }] });
  });
});

describe('a CSV of hosts', () => {
  it('says what they take', () => {
    const content = file('host,events_per_second,zone,memory_bytes', 'b1,5000,a,', 'b2,,,1e9');
    const rows = [
      { name: 'b1', zone: 'a', eventsPerSecond: 5000, bytesPerSecond: null, memoryBytes: null },
      { name: 'b2', zone: 'default', eventsPerSecond: null, bytesPerSecond: null, memoryBytes: 1e9 },
    ];
    expect(readHostsCsv(content)).toEqual({ kind: 'read', rows });
  });

  it('names lines that are wrong', () => {
    expect(faultsOf(readHostsCsv(file('host,events_per_second', 'b1,0', 'b1,5', ',5')))).toEqual([
      'line 2: events_per_second: "0" is not a number above 0',
      'line 3: host "b1" is there twice',
      'line 4: host is empty',
    ]);
  });
});

function row(time: string, partition: string, host: string, eventsPerSecond: number, more: object = {}) {
  const nothing = { bytesPerSecond: null, bytes: null };
  return { timeMs: Date.parse(time), partition, host, eventsPerSecond, ...nothing, ...more };
}
