/**
 * How much of what a perfect cache would save the shard cache saves: the hit ratio of its queue on recorded
 * accesses, beside LRU (the yardstick) and Belady's algorithm, which knows the future. Each at 1, 5 and 10 % of the
 * keys there are. The number that counts is the way from LRU (0) to Belady (1).
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { S3Fifo } from '@foreshard/core/caching';
import type { BenchOptions, BenchResult } from './bench.ts';
import { bestHits } from './cache/belady.ts';
import { type Spread, spread } from './measure/interleave.ts';

const SIZES = [0.01, 0.05, 0.1];
/** of a line of the disk trace: version, time, op, size, lbn */
const BLOCK_COLUMN = 4;

interface Trace {
  readonly name: string;
  /** each key as a number from 0 on, in the order of the accesses */
  readonly keys: Int32Array;
  readonly distinct: number;
}

/** Where the traces are beside a checkout. */
const DATA_DEFAULT = '../shared/data';

export async function run({ data = DATA_DEFAULT }: BenchOptions): Promise<BenchResult> {
  if (!existsSync(join(data, 'keys'))) throw new Error(`no traces in ${data}/keys: give --data DIR`);
  const ways: number[] = [];
  const ratios: Record<string, Spread> = {};
  for (const { name, keys, distinct } of traces(data))
    for (const size of SIZES) {
      const capacity = Math.round(distinct * size);
      const hits = {
        own: ownHits(keys, capacity),
        lru: lruHits(keys, capacity),
        best: bestHits(keys, capacity),
      };
      const way = (hits.own - hits.lru) / (hits.best - hits.lru);
      ways.push(way);
      const at = `${name} ${100 * size} %`;
      ratios[`${at}: hits LRU`] = spread([hits.lru / keys.length]);
      ratios[`${at}: hits`] = spread([hits.own / keys.length]);
      ratios[`${at}: hits Belady`] = spread([hits.best / keys.length]);
      ratios[`${at}: from LRU to Belady`] = spread([way]);
    }
  const mean = ways.reduce((sum, way) => sum + way, 0) / ways.length;
  ratios['from LRU to Belady, mean'] = spread([mean]);
  return {
    mode: { sizes: 'of the keys there are', traces: 'orm-busy, web07, cloudPhysics' },
    ratios,
    marks: { 'from LRU to Belady, mean': '>= 0.33' },
  };
}

function traces(data: string): Trace[] {
  const read = (name: string) => gunzipSync(readFileSync(join(data, 'keys', name)));
  return [
    dense('orm-busy', bigEndian(read('orm-busy.i32be.gz'))),
    dense('web07', bigEndian(read('web07.i32be.gz'))),
    dense('cloudPhysics', blocks(read('cloudPhysicsIO.csv.gz').toString())),
  ];
}

function* bigEndian(bytes: Buffer): Generator<number> {
  for (let at = 0; at + 4 <= bytes.length; at += 4) yield bytes.readInt32BE(at);
}

function* blocks(text: string): Generator<number> {
  for (const line of text.trimEnd().split('\n').slice(1)) yield Number(line.split(',')[BLOCK_COLUMN]);
}

function dense(name: string, all: Iterable<number>): Trace {
  const numbers = new Map<number, number>();
  const keys: number[] = [];
  for (const key of all) {
    const known = numbers.get(key) ?? numbers.size;
    numbers.set(key, known);
    keys.push(known);
  }
  return { name, keys: Int32Array.from(keys), distinct: numbers.size };
}

function ownHits(keys: Int32Array, capacity: number): number {
  const queue = new S3Fifo(capacity);
  const held = new Set<string>();
  let hits = 0;
  for (const number of keys) {
    const key = String(number);
    if (held.has(key)) {
      hits++;
      queue.use(key);
      continue;
    }
    held.add(key);
    for (const evicted of queue.put(key, 1)) held.delete(evicted);
  }
  return hits;
}

function lruHits(keys: Int32Array, capacity: number): number {
  const held = new Set<number>();
  let hits = 0;
  for (const key of keys) {
    if (held.delete(key)) hits++;
    held.add(key);
    if (held.size > capacity) held.delete(held.values().next().value!);
  }
  return hits;
}
