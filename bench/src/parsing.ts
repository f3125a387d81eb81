/**
 * What it costs to judge events: bodies of 1,000 events of 300 bytes go through the edge's whole reading
 * (grammar, every rule of CloudEvents, key hash and identity), against JSON.parse of the same lines, which
 * only knows the grammar, in turn in one process.
 */
import type { Stream } from '@foreshard/core/topology';
import type { BodyFormat } from '../../apps/edge/src/http/media-type.ts';
import { readEvents } from '../../apps/edge/src/ingest/read-events.ts';
import type { BenchOptions, BenchResult } from './bench.ts';
import { interleave, ratio } from './measure/interleave.ts';
import { batchOf, EVENT_BYTES } from './measure/random-events.ts';

const EVENTS = 1_000;
const MILLISECONDS = 400;
const STREAM: Stream = {
  id: 1,
  name: 'main',
  shardCount: 4,
  splitKeys: false,
  retentionMs: null,
  retentionBytes: null,
  dedupWindowMs: 900_000,
};
const ACCEPTED = { stream: STREAM, tokenTs: 0, nowMicros: 1, eventBytesMax: 1_048_576 };

/** Nanoseconds an event, of as many bodies as fit into the time. */
function nanoseconds(readBody: () => void): Promise<number> {
  const startedMs = performance.now();
  let bodies = 0;
  for (; performance.now() - startedMs < MILLISECONDS; bodies++) readBody();
  return Promise.resolve(((performance.now() - startedMs) * 1e6) / (bodies * EVENTS));
}

function flightLine(i: number): string {
  const data = {
    flight: `LH${i}`,
    from: 'FRA',
    to: 'JFK',
    delays: [0, 4.5, -1],
    seats: { free: i % 90, sold: 211 },
  };
  return JSON.stringify({
    specversion: '1.0',
    id: `0190163d-8694-739b-aea5-${String(i).padStart(12, '0')}`,
    source: '/flights',
    type: 'com.example.flight.updated',
    subject: `LH${i % 97}`,
    time: '2026-11-21T15:04:05.678Z',
    datacontenttype: 'application/json',
    data,
  });
}

export async function run(options: BenchOptions): Promise<BenchResult> {
  const texts = batchOf(EVENTS, () => Math.floor(Math.random() * 100_000)).body;
  const objects = Buffer.from(Array.from({ length: EVENTS }, (_, i) => flightLine(i)).join('\n'));
  const array = Buffer.from(`[${objects.toString().replaceAll('\n', ',')}]`);
  const read = (format: BodyFormat, body: Buffer) => () => {
    if (readEvents(format, body, ACCEPTED).problems.size > 0) throw new Error('an event was refused');
  };
  const parse = (body: Buffer) => () => {
    for (const line of body.toString('latin1').trim().split('\n')) JSON.parse(line);
  };
  const candidates = [
    { name: 'text data, JSON.parse', measure: () => nanoseconds(parse(texts)) },
    { name: 'text data, read and judged', measure: () => nanoseconds(read('lines', texts)) },
    { name: 'object data, JSON.parse', measure: () => nanoseconds(parse(objects)) },
    { name: 'object data, read and judged', measure: () => nanoseconds(read('lines', objects)) },
    { name: 'object data, in a batch', measure: () => nanoseconds(read('batch', array)) },
  ];
  await interleave(candidates, 1);
  const results = await interleave(candidates, options.rounds);
  const over = (a: string, b: string) => ({ [`${a} / ${b}`]: ratio(results, a, b) });
  return {
    mode: {
      'events a body': EVENTS,
      'bytes an event': EVENT_BYTES,
      'bytes with object data': Math.round(objects.length / EVENTS),
    },
    ratios: {
      ...over('text data, read and judged', 'text data, JSON.parse'),
      ...over('object data, read and judged', 'object data, JSON.parse'),
      ...over('object data, in a batch', 'object data, JSON.parse'),
    },
  };
}
