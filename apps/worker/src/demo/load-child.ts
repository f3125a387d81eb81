/**
 * Sends the load of a demo, in a process of its own, so that neither the worker nor the edge is slowed by it. It ends with
 * its order, and when the worker ends: then its input ends. Nothing is sent twice: what is refused is counted.
 */
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  FillOrder,
  LoadAddress,
  LoadOrder,
  LoadReport,
  MeasureOrder,
  MorningOrder,
} from './load-protocol.ts';

const CONNECTIONS = 48;
const TICKS_A_SECOND = 10;
const TICK_MS = 1_000 / TICKS_A_SECOND;
/** of the flat-out measurement: what it takes to keep an edge busy */
const MEASURE_LANES = 4;
const MEASURE_BATCH = 40;
const FILL_BATCH = 100;
const FILL_TRIES = 30;
const FILL_PAUSE_MS = 200;
const ANSWER_WITHIN_MS = 8_000;
const LATE_MS = 1_000;
/** whatever an order says */
const EVENTS_A_SECOND_MAX = 5_000;
const FILLING = 'x'.repeat(100);

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const report = (what: LoadReport) => process.stdout.write(`${JSON.stringify(what)}\n`);

createInterface({ input: process.stdin })
  .once('line', (line) => void carryOut(JSON.parse(line) as LoadOrder))
  .once('close', () => process.exit(1));

async function carryOut(order: LoadOrder): Promise<void> {
  if (order.kind === 'measure') await measure(order);
  else if (order.kind === 'fill') await fill(order);
  else await morning(order);
  process.exit(0);
}

async function measure({ ms, keys, ...to }: MeasureOrder): Promise<void> {
  const endMs = performance.now() + ms;
  let stored = 0;
  let next = 0;
  const lane = async (name: number) => {
    while (performance.now() < endMs) {
      const batch = Array.from({ length: MEASURE_BATCH }, () => keys[next++ % keys.length]!);
      const codes = await post(to, `/demo/measure-${name}`, batch);
      stored += codes.filter((code) => code === undefined).length;
    }
  };
  await Promise.all(Array.from({ length: MEASURE_LANES }, (_, name) => lane(name)));
  report({ kind: 'measured', perSecond: Math.round((1_000 * stored) / ms) });
}

async function fill({ keys, eventsOfShardlet, eventBytes, run, ...to }: FillOrder): Promise<void> {
  const data = 'x'.repeat(eventBytes);
  let refused = 0;
  const ofShardlet = async (own: readonly string[]) => {
    for (let done = 0; done < eventsOfShardlet; done += FILL_BATCH) {
      const count = Math.min(FILL_BATCH, eventsOfShardlet - done);
      const batch = Array.from({ length: count }, (_, i) => own[i % own.length]!);
      refused += await stored(to, eventsOf(`/demo/before-${run}`, batch, data));
    }
  };
  await Promise.all(keys.map(ofShardlet));
  report({ kind: 'filled', refused });
}

/** Until the edge has let go of the limit of the run before. Answers how many are refused all the same. */
async function stored(to: LoadAddress, events: readonly object[]): Promise<number> {
  for (let tries = FILL_TRIES; ; tries--) {
    const refused = (await posted(to, events)).filter((code) => code !== undefined).length;
    if (refused === 0 || tries === 1) return refused;
    await sleep(FILL_PAUSE_MS);
  }
}

interface Answered {
  readonly latencyMs: number;
  readonly events: number;
}

async function morning({ startMs, keys, morning: seconds, run, ...to }: MorningOrder): Promise<void> {
  const answered: Answered[] = [];
  const refused = seconds.map(() => 0);
  const codes: Record<string, number> = {};
  const underWay: Promise<void>[] = [];
  const send = async (second: number, dueMs: number, batch: readonly string[]) => {
    const outcomes = await post(to, `/demo/${run}`, batch);
    let stored = 0;
    for (const code of outcomes) {
      if (code === undefined) stored++;
      else {
        refused[second]!++;
        codes[code] = (codes[code] ?? 0) + 1;
      }
    }
    if (stored > 0) answered.push({ latencyMs: Date.now() - dueMs, events: stored });
  };
  for (const [second, counts] of seconds.entries())
    for (let tick = 0; tick < TICKS_A_SECOND; tick++) {
      const dueMs = startMs + second * 1_000 + tick * TICK_MS;
      await sleep(Math.max(0, dueMs - Date.now()));
      for (const [shardlet, count] of bounded(counts).entries()) {
        const due = partOf(count, tick);
        const of = keys[shardlet]!;
        const batch = Array.from({ length: due }, (_, i) => of[(tick + i) % of.length]!);
        if (due > 0) underWay.push(send(second, dueMs, batch));
      }
      // what the second before had refused is known by now, but for what still waits
      if (tick === 5 && second > 0)
        report({ kind: 'second', second: second - 1, refused: refused[second - 1]! });
    }
  await Promise.all(underWay);
  for (const [second, count] of refused.entries()) report({ kind: 'second', second, refused: count });
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  report({
    ...{ kind: 'sent', sent: seconds.reduce((total, counts) => total + sum(bounded(counts)), 0) },
    ...{ refused: sum(refused), codes, ...figuresOf(answered) },
  });
}

/** The tick's part of a second's events, so that the ticks together have all of them. */
function partOf(count: number, tick: number): number {
  return Math.floor(((tick + 1) * count) / TICKS_A_SECOND) - Math.floor((tick * count) / TICKS_A_SECOND);
}

function bounded(counts: readonly number[]): readonly number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= EVENTS_A_SECOND_MAX) return counts;
  return counts.map((count) => Math.floor((count * EVENTS_A_SECOND_MAX) / total));
}

function figuresOf(answered: readonly Answered[]) {
  const sorted = answered.toSorted((a, b) => a.latencyMs - b.latencyMs);
  const events = sorted.reduce((sum, one) => sum + one.events, 0);
  const at = (share: number) => {
    let seen = 0;
    for (const one of sorted) if ((seen += one.events) >= share * events) return one.latencyMs;
    return 0;
  };
  const late = sorted.reduce((sum, one) => sum + (one.latencyMs > LATE_MS ? one.events : 0), 0);
  return { p50: at(0.5), p99: at(0.99), late };
}

let ids = 0;

/** Answers of each event the code it was refused with; undefined: it is stored. */
function post(to: LoadAddress, source: string, keys: readonly string[]) {
  return posted(to, eventsOf(source, keys, FILLING));
}

function eventsOf(source: string, keys: readonly string[], data: string): object[] {
  return keys.map((key) => ({
    ...{ specversion: '1.0', id: String(ids++), source, type: 'demo.order', subject: key, data },
  }));
}

/** Events that go out again are stored once. */
async function posted(
  { url, token, stream }: LoadAddress,
  events: readonly object[],
): Promise<readonly (string | undefined)[]> {
  try {
    const answer = await sent(`${url}/v1/streams/${stream}/events`, token, JSON.stringify(events));
    return outcomesOf(answer, events.length);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'no answer';
    return events.map(() => code);
  }
}

interface Answer {
  readonly code?: string;
  readonly results?: readonly { readonly status: string; readonly error?: { readonly code: string } }[];
}

function outcomesOf({ code, results }: Answer, count: number): (string | undefined)[] {
  if (results === undefined) return Array.from({ length: count }, () => code ?? 'no answer');
  return results.map(({ status, error }) =>
    status === 'stored' || status === 'duplicate' ? undefined : (error?.code ?? status),
  );
}

function sent(url: string, token: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/cloudevents-batch+json',
      'content-length': Buffer.byteLength(body),
    };
    const options = { method: 'POST', agent, headers, timeout: ANSWER_WITHIN_MS };
    const asked = request(url, options, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (part: string) => (text += part));
      reply.on('error', reject).on('end', () => resolve(JSON.parse(text) as Answer));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject).end(body);
  });
}
