import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHostsCsv } from './hosts-csv.ts';
import { readLoadCsv } from './load-csv.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foreshard-csv-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function file(...lines: string[]): Promise<string> {
  const path = join(dir, 'some.csv');
  await writeFile(path, lines.join('\n'));
  return path;
}

const HEAD = 'time,partition,host,events_per_second';
const told = (reading: Promise<unknown>) =>
  reading.then(
    () => 'nothing',
    (error: Error) => error.message,
  );

describe('a CSV of load', () => {
  it('is read with columns in any order, times with and without zones, and what is optional', async () => {
    const path = await file(
      '\uFEFFhost,Time,partition,events_per_second,bytes,bytes_per_second',
      'b1,2026-11-21T04:00:00Z,p-0,12.5,1000,',
      'b1,2026-11-21 05:00,p-0,0,,300',
      'b2,1795230000,"p,1",3,,',
    );
    expect(await readLoadCsv(path)).toEqual([
      ...[row('2026-11-21T04:00:00Z', 'p-0', 'b1', 12.5, { bytes: 1000 })],
      ...[row('2026-11-21T05:00:00Z', 'p-0', 'b1', 0, { bytesPerSecond: 300 })],
      ...[row(new Date(1_795_230_000_000).toISOString(), 'p,1', 'b2', 3)],
    ]);
  });

  it('with wrong lines is refused, and every line is named', async () => {
    const path = await file(
      HEAD,
      '2026-11-21T04:00:00Z,p,h,1',
      'soon,p,h,1',
      '2026-11-21T04:00:00Z,p,h,2',
      '2026-11-21T04:01:00Z,,h,many',
      '2026-11-21T04:01:00Z,p',
      '2026-11-21T04:02:00Z,p,h,',
      '2026-11-21T04:03:00Z,p,h,-1',
    );
    const message = await told(readLoadCsv(path));
    expect(message.split('\n')).toEqual([
      `6 lines of ${path} cannot be understood; nothing was taken`,
      '  line 3: time: "soon" is no time such as 2026-11-21T04:00:00Z or seconds since 1970',
      '  line 4: partition "p" has this time already in line 2',
      '  line 5: events_per_second: "many" is not a number from 0',
      '  line 5: partition is empty',
      '  line 6: has 2 values, but the header names 4 columns',
      '  line 7: events_per_second is empty',
      '  line 8: events_per_second: "-1" is not a number from 0',
    ]);
  });

  it('with more wrong lines than anybody reads names the first', async () => {
    const message = await told(readLoadCsv(await file(HEAD, ...Array(50).fill('x,p,h,1'))));
    expect(message).toContain('50 lines');
    expect(message.split('\n')).toHaveLength(22);
    expect(message).toContain('and 30 more');
  });

  it.each([
    [['time,partition,events_per_second', '1,p,1'], 'it lacks host'],
    [[`${HEAD},colour`, '1,p,h,1,red'], 'it has "colour"'],
    [[`${HEAD},host`, '1,p,h,1,h'], 'it names "host" twice'],
    [[''], 'is empty'],
    [[HEAD], 'no line of load'],
  ])('%j is refused', async (lines, message) => {
    expect(await told(readLoadCsv(await file(...lines)))).toContain(message);
  });

  it('that is not there is told', async () => {
    expect(await told(readLoadCsv(join(dir, 'none.csv')))).toContain('there is no file');
  });
});

describe('a CSV of hosts', () => {
  it('says what they take', async () => {
    const path = await file('host,events_per_second,zone,memory_bytes', 'b1,5000,a,', 'b2,,,1e9');
    expect(await readHostsCsv(path)).toEqual([
      { name: 'b1', zone: 'a', eventsPerSecond: 5000, bytesPerSecond: null, memoryBytes: null },
      { name: 'b2', zone: 'default', eventsPerSecond: null, bytesPerSecond: null, memoryBytes: 1e9 },
    ]);
  });

  it('names lines that are wrong', async () => {
    const message = await told(readHostsCsv(await file('host,events_per_second', 'b1,0', 'b1,5', ',5')));
    expect(message).toContain('line 2: events_per_second: "0" is not a number above 0');
    expect(message).toContain('line 3: host "b1" is there twice');
    expect(message).toContain('line 4: host is empty');
  });
});

function row(time: string, partition: string, host: string, eventsPerSecond: number, more: object = {}) {
  const nothing = { bytesPerSecond: null, bytes: null };
  return { timeMs: Date.parse(time), partition, host, eventsPerSecond, ...nothing, ...more };
}
