/**
 * Single events at a steady rate, open loop, in a process of its own. The id of an event begins with the time when it
 * was due, so that whoever gets it knows how long that took. Prints one JSON line.
 *
 *   node timed-posts.ts URL TOKEN RATE SECONDS
 */
import { Worker } from 'node:worker_threads';
import { eventLine } from '../measure/random-events.ts';
import type { Pace } from './pacer.ts';
import { connectWire, httpPost, httpReplyLength, type WireClient } from './wire.ts';

export interface TimedPosts {
  readonly sent: number;
  /** of the posts, from when they were due, ms */
  readonly p50: number;
  readonly p99: number;
  /** how late this process sent what was due, ms: a run in which it fell behind tells nothing */
  readonly lateP99: number;
  readonly processorMicros: number;
}

/** more than are ever on their way: waiting for one would be the fault of the generator */
const CONNECTIONS = 512;
const KEYS = 1_000_000;
/** before the first event is due: connections are open by then */
const LEAD_MS = 200;

const [url = '', token = '', rateText = '1000', secondsText = '5'] = process.argv.slice(2);
const target = new URL(url);
const rate = Number(rateText);
const total = Math.round(rate * Number(secondsText));

const idle: WireClient[] = await Promise.all(
  Array.from({ length: CONNECTIONS }, () =>
    connectWire(target.hostname, Number(target.port), httpReplyLength),
  ),
);
const startMs = performance.timeOrigin + performance.now() + LEAD_MS;
const dueMs = (i: number) => startMs + (i * 1_000) / rate;
const nowMs = () => performance.timeOrigin + performance.now();

const latencies: number[] = [];
const delays: number[] = [];
const queue: number[] = [];
const { promise: allAnswered, resolve: finish } = Promise.withResolvers<void>();

function request(i: number): Buffer {
  const key = `key-${Math.floor(Math.random() * KEYS)}`;
  const id = String(Math.round(dueMs(i) * 1_000)).padStart(16, '0');
  const body = eventLine(key).trimEnd().replace('0'.repeat(16), `${id}-${i}`);
  return httpPost('/v1/events', token, 'application/cloudevents+json', Buffer.from(body));
}

function dispatch(): void {
  while (queue.length > 0 && idle.length > 0) void post(queue.shift()!, idle.pop()!);
}

async function post(i: number, client: WireClient): Promise<void> {
  delays.push(nowMs() - dueMs(i));
  const reply = await client.send(request(i));
  if (reply.toString('latin1', 9, 12) !== '200') throw new Error(reply.toString('latin1', 0, 400));
  latencies.push(nowMs() - dueMs(i));
  if (latencies.length === total) finish();
  idle.push(client);
  dispatch();
}

let next = 0;
const pace: Pace = { startMs, perSecond: rate, total };
new Worker(new URL('./pacer.ts', import.meta.url), { workerData: pace }).on('message', () => {
  while (next < total && dueMs(next) <= nowMs()) queue.push(next++);
  dispatch();
});
await allAnswered;
for (const client of idle) client.close();

const at = (values: number[], share: number) =>
  values.sort((a, b) => a - b)[Math.floor(values.length * share)]!;
const { user, system } = process.cpuUsage();
const result: TimedPosts = {
  sent: total,
  p50: at(latencies, 0.5),
  p99: at(latencies, 0.99),
  lateP99: at(delays, 0.99),
  processorMicros: user + system,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
