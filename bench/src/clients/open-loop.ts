/**
 * Open-loop load of single requests, in a process of its own: a request is due every 1/rate seconds whether or not
 * earlier ones were answered, and its latency counts from when this process woke for it, whether or not a connection
 * was free, so a stall of the server is not hidden (Gil Tene's "coordinated omission"). How late the process woke
 * (0.1 ms at p50) is left out: with it, both sides of a ratio would look more alike than they are. Prints one JSON line
 * with p50 and p99 in milliseconds.
 *
 *   node open-loop.ts http|xadd URL TOKEN RATE SECONDS
 */
import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { eventLine, zipfSampler } from '../measure/random-events.ts';
import type { Pace } from './pacer.ts';
import {
  connectWire,
  httpPost,
  httpReplyLength,
  respCommand,
  respReplyLength,
  type WireClient,
} from './wire.ts';

const [protocol, url = '', token = '', rateText = '5000', secondsText = '5'] = process.argv.slice(2);
const target = new URL(url);
const rate = Number(rateText);
const total = rate * Number(secondsText);
const WARM_UP_SHARE = 0.2;
const CONNECTIONS = 64;

const nextKey = zipfSampler(100_000, 0.99);
const idBase = Date.now() * 1_000;

function request(i: number): Buffer {
  if (protocol === 'xadd') return respCommand('XADD', 'bench', '*', 'f', randomBytes(300));
  const line = eventLine(`key-${nextKey()}`)
    .trimEnd()
    .replace('0'.repeat(16), String(idBase + i).padStart(16, '0'));
  return httpPost('/v1/events', token, 'application/cloudevents+json', Buffer.from(line));
}

const replyLength = protocol === 'xadd' ? respReplyLength : httpReplyLength;
const idle: WireClient[] = await Promise.all(
  Array.from({ length: CONNECTIONS }, () => connectWire(target.hostname, Number(target.port), replyLength)),
);
const requests = Array.from({ length: total }, (_, i) => request(i));
const latenciesMs: number[] = [];
const queue: number[] = [];
const sentMs: number[] = [];
let answered = 0;
const { promise: everythingAnswered, resolve: finish } = Promise.withResolvers<void>();

/** when the thread that tells the time runs */
const startMs = performance.now() + 100;
const dueMs = (i: number) => startMs + (i * 1_000) / rate;

function dispatch(): void {
  while (queue.length > 0 && idle.length > 0) void exchange(queue.shift()!, idle.pop()!);
}

async function exchange(i: number, client: WireClient): Promise<void> {
  const reply = await client.send(requests[i]!);
  if (protocol === 'http' && reply.toString('latin1', 9, 12) !== '200')
    throw new Error(reply.toString('latin1', 0, 400));
  if (i >= total * WARM_UP_SHARE) latenciesMs.push(performance.now() - sentMs[i]!);
  if (++answered === total) finish();
  idle.push(client);
  dispatch();
}

let next = 0;
const pace: Pace = { startMs: performance.timeOrigin + startMs, perSecond: rate, total };
new Worker(new URL('./pacer.ts', import.meta.url), { workerData: pace }).on('message', () => {
  const now = performance.now();
  while (next < total && dueMs(next) <= now) {
    sentMs[next] = now;
    queue.push(next++);
  }
  dispatch();
});
await everythingAnswered;
for (const client of idle) client.close();

latenciesMs.sort((a, b) => a - b);
const at = (share: number) => latenciesMs[Math.floor(latenciesMs.length * share)]!;
process.stdout.write(`${JSON.stringify({ p50: at(0.5), p99: at(0.99), requests: latenciesMs.length })}\n`);
