/** What a handler reads: the histories of keys, in order. Times are recorded, or there are none. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { seededRandom } from '@foreshard/core/kernel';
import { openFlights } from '../../../apps/cli/src/replay/flights-trace.ts';
import { recordedLogs } from '../correlate/logs.ts';

export interface Access {
  readonly id: string;
  /** whose reads follow each other */
  readonly reader: string;
  /** 0: as soon as the one before is done */
  readonly timeMs: number;
}

export interface AccessTrace {
  readonly name: string;
  readonly accesses: readonly Access[];
}

/** of a line of the disk trace: version, time, op, size, lbn */
const BLOCK_COLUMN = 4;
const ORM_ACCESSES = 400_000;
const FLIGHTS = 100_000;
const UNRELATED = 250_000;
const UNRELATED_KEYS = 5_000;
/** between two accesses of the made trace */
const UNRELATED_MS = 20;

export async function accessTraces(data: string): Promise<AccessTrace[]> {
  const keys = join(data, 'keys');
  const read = (name: string) => gunzipSync(readFileSync(join(keys, name)));
  const recorded = existsSync(keys)
    ? [
        untimed('orm-busy, the first 400,000', bigEndian(read('orm-busy.i32be.gz'), ORM_ACCESSES)),
        untimed('web07', bigEndian(read('web07.i32be.gz'), Number.POSITIVE_INFINITY)),
        untimed('cloudPhysics', blocks(read('cloudPhysicsIO.csv.gz').toString())),
      ]
    : [];
  const logs = existsSync(join(data, 'events')) ? recordedLogs(data, () => {}) : [];
  const paths = logs
    .filter(({ name }) => name.startsWith('Apache'))
    .map(({ name, events }) => ({
      name,
      accesses: events.map(({ type: id, key: reader, timeMs }) => ({ id, reader, timeMs })),
    }));
  return [...recorded, ...paths, await flightsByRoute(), unrelated()];
}

function untimed(name: string, ids: Iterable<string>): AccessTrace {
  return { name, accesses: Array.from(ids, (id) => ({ id, reader: '', timeMs: 0 })) };
}

function* bigEndian(bytes: Buffer, most: number): Generator<string> {
  for (let at = 0; at + 4 <= bytes.length && at < 4 * most; at += 4) yield String(bytes.readInt32BE(at));
}

function* blocks(text: string): Generator<string> {
  for (const line of text.trimEnd().split('\n').slice(1)) yield line.split(',')[BLOCK_COLUMN]!;
}

async function flightsByRoute(): Promise<AccessTrace> {
  const accesses: Access[] = [];
  const trace = await openFlights();
  for await (const rows of trace.rows(1)) {
    for (const { key, timeMs, event } of rows.slice(0, FLIGHTS - accesses.length)) {
      const { destination } = event.data as { destination: string };
      accesses.push({ id: `${key}-${destination}`, reader: '', timeMs });
    }
    if (accesses.length >= FLIGHTS) break;
  }
  return { name: 'flights by route', accesses };
}

/** Skewed, and no access says anything about another. */
function unrelated(): AccessTrace {
  const random = seededRandom(7);
  const accesses = Array.from({ length: UNRELATED }, (_, i) => ({
    id: String(Math.floor(UNRELATED_KEYS * random.next() ** 2)),
    ...{ reader: '', timeMs: i * UNRELATED_MS },
  }));
  return { name: 'unrelated (made)', accesses };
}
