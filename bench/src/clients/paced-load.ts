/**
 * Single events at recorded times, open loop, in a process of its own: latency counts from when an event was due, so a
 * stall is not hidden. What is refused is not sent again: it is counted. Prints one JSON line.
 *
 *   node paced-load.ts URL TOKEN FILE START_MS BUCKET_MS
 *
 * FILE: a line per event, in order: ms after START_MS (Unix time), a space, the key.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { eventLine } from '../measure/random-events.ts';

export interface PacedLoad {
  readonly sent: number;
  /** answers by HTTP status */
  readonly statuses: Readonly<Record<string, number>>;
  /** refusals by the code of their problem */
  readonly problems: Readonly<Record<string, number>>;
  /** of what was stored, ms */
  readonly p50: number;
  readonly p99: number;
  /** the same in each part of the time; `refused`: any other status than 200 */
  readonly buckets: readonly Bucket[];
}

interface Bucket {
  readonly sent: number;
  readonly refused: number;
  readonly p50: number;
  readonly p99: number;
}

const CONNECTIONS = 512;
const TICK_MS = 1;

const [url = '', token = '', file = '', startText = '', bucketText = ''] = process.argv.slice(2);
const events = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const space = line.indexOf(' ');
    return { dueMs: Number(line.slice(0, space)), key: line.slice(space + 1) };
  });
const bucketMs = Number(bucketText);
const offsetMs = Number(startText) - performance.timeOrigin;
const idBase = Number(startText) * 1_000;

// the edge closes connections that rest, so who waits gets one that is open
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/cloudevents+json' };
const statuses: Record<string, number> = {};
const problems: Record<string, number> = {};
const buckets: { latencies: number[]; refused: number }[] = [];
let answered = 0;

async function send(i: number): Promise<void> {
  const { dueMs, key } = events[i]!;
  const body = eventLine(key)
    .trimEnd()
    .replace('0'.repeat(16), String(idBase + i).padStart(16, '0'));
  const status = await post(body).catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
  count(dueMs, status, performance.now() - offsetMs - dueMs);
  answered++;
}

/** Answers the status. A connection that was closed as it was taken is no answer: the same event goes out once more. */
function post(body: string, isRetry = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL('/v1/events', url), { method: 'POST', agent, headers }, (reply) => {
      reply.once('error', reject);
      reply.once('end', () => resolve(String(reply.statusCode)));
      if (reply.statusCode === 200) reply.resume();
      else void text(reply).then(countProblem, () => {});
    });
    sent.once('error', (error) => {
      if (sent.reusedSocket && !isRetry) post(body, true).then(resolve, reject);
      else reject(error);
    });
    sent.end(body);
  });
}

function countProblem(body: string): void {
  const { code } = JSON.parse(body) as { code: string };
  problems[code] = (problems[code] ?? 0) + 1;
}

function count(dueMs: number, status: string, latencyMs: number): void {
  statuses[status] = (statuses[status] ?? 0) + 1;
  const bucket = (buckets[Math.floor(dueMs / bucketMs)] ??= { latencies: [], refused: 0 });
  if (status === '200') bucket.latencies.push(latencyMs);
  else bucket.refused++;
}

for (let next = 0; answered < events.length; ) {
  const nowMs = performance.now() - offsetMs;
  while (next < events.length && events[next]!.dueMs <= nowMs) void send(next++);
  await new Promise((resolve) => setTimeout(resolve, TICK_MS));
}
agent.destroy();

function figures(latencies: readonly number[]) {
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (share: number) => Math.round(10 * (sorted[Math.floor(sorted.length * share)] ?? 0)) / 10;
  return { p50: at(0.5), p99: at(0.99) };
}

const result: PacedLoad = {
  sent: events.length,
  statuses,
  problems,
  ...figures(buckets.flatMap((bucket) => bucket?.latencies ?? [])),
  buckets: Array.from(buckets, (bucket = { latencies: [], refused: 0 }) => ({
    sent: bucket.latencies.length + bucket.refused,
    refused: bucket.refused,
    ...figures(bucket.latencies),
  })),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
