/**
 * Members of a consumer group in a process of their own: each polls, commits what it got while it polls for more,
 * and so on. Prints "ready" once the members share all shardlets, and one JSON line when as many different events
 * came as were asked for, or the time is over.
 *
 *   node group-members.ts URL TOKEN GROUP MEMBERS SHARDLETS EVENTS SECONDS_MAX [LIMIT]
 *
 * With 0 EVENTS they wait for nothing until the time is over. The latency of an event counts from the time that its
 * id begins with (timed-posts.ts).
 */
import { Agent, request } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface Consumed {
  readonly events: number;
  /** events that came more than once */
  readonly again: number;
  /** from the first event to the last */
  readonly seconds: number;
  /** ms from due to here, of what was due after a fifth of the time */
  readonly p50: number;
  readonly p99: number;
  /** pauses: runs of events, by when they were due, that all came later than LATE_MS */
  readonly late: readonly Late[];
  readonly polls: number;
  readonly commits: number;
  /** from "ready" to the end */
  readonly processorMicros: number;
  readonly bytes: number;
}

export interface Late {
  readonly events: number;
  /** from the first one due to the last one due */
  readonly ms: number;
  readonly worstMs: number;
}

interface Batch {
  readonly shardlet: number;
  readonly assignment: number;
  readonly epoch: number;
  readonly through: number;
  readonly events: readonly { readonly event: { readonly id: string } }[];
}

interface Poll {
  readonly version: number;
  readonly assigned?: readonly { readonly shardlet: number }[];
  readonly batches: readonly Batch[];
}

interface Asked {
  readonly limit: number;
  readonly wait: number;
  readonly after?: object;
  readonly version?: number;
}

const WAIT_MS = 5_000;
const JOIN_PAUSE_MS = 100;
const WARM_UP_SHARE = 0.2;
const LATE_MS = 100;
const BAD_REQUEST = 400;
const UNAVAILABLE = 503;

const [url = '', token = '', group = '', ...numbers] = process.argv.slice(2);
const [members = 4, shardlets = 64, expected = 0, secondsMax = 60, limit = 500] = numbers.map(Number);

const agent = new Agent({ keepAlive: true, maxSockets: 4 * members });
const seen = new Set<string>();
const arrivals: { readonly dueMs: number; readonly latencyMs: number }[] = [];
let [again, polls, commits, bytes] = [0, 0, 0, 0];
let firstMs = 0;
let lastMs = 0;
let over = false;
/** an edge of before says that it does not know the field */
let namesVersion = true;
/** changes of many thousand shardlets, one after the other: some may take longer than an edge waits */
let joining = true;
const held = new Map<number, number>();
const { promise: everythingCame, resolve: finish } = Promise.withResolvers<void>();

const nowMs = () => performance.timeOrigin + performance.now();

function post(path: string, body: object): Promise<{ readonly status: number; readonly body: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const asked = request(
      new URL(`/v1/groups/${group}/${path}`, url),
      { method: 'POST', agent, headers },
      (reply) => {
        buffer(reply).then((bytes) => resolve({ status: reply.statusCode ?? 0, body: bytes }), reject);
      },
    );
    asked.once('error', reject);
    asked.end(JSON.stringify(body));
  });
}

async function poll(member: string, { version, ...asked }: Asked): Promise<Poll> {
  const known = namesVersion && version !== undefined ? { version } : {};
  const reply = await post('poll', { member, ...asked, ...known });
  if (reply.status === BAD_REQUEST && version !== undefined) {
    namesVersion = false;
    return poll(member, asked);
  }
  if (reply.status === UNAVAILABLE && joining) {
    await new Promise((resolve) => setTimeout(resolve, JOIN_PAUSE_MS));
    return poll(member, asked);
  }
  if (reply.status !== 200) throw new Error(`poll: ${reply.status} ${reply.body.toString().slice(0, 400)}`);
  polls++;
  bytes += reply.body.length;
  return JSON.parse(reply.body.toString()) as Poll;
}

async function commit(member: string, batches: readonly Batch[]): Promise<void> {
  const positions = batches.map(({ shardlet, assignment, epoch, through: seq }) => ({
    ...{ shardlet, assignment, epoch, seq },
  }));
  const { status, body } = await post('commit', { member, positions });
  if (status !== 200 && status !== 409) throw new Error(`commit: ${status} ${body.toString().slice(0, 400)}`);
  commits++;
}

function take(batches: readonly Batch[]): void {
  const arrivedMs = nowMs();
  for (const { events } of batches)
    for (const { event } of events) {
      if (seen.has(event.id)) {
        again++;
        continue;
      }
      seen.add(event.id);
      const dueMs = Number(event.id.slice(0, 16)) / 1_000;
      arrivals.push({ dueMs, latencyMs: arrivedMs - dueMs });
    }
  if (batches.length === 0) return;
  if (firstMs === 0) firstMs = arrivedMs;
  lastMs = arrivedMs;
  if (expected > 0 && seen.size >= expected) finish();
}

/** Until the shardlets are shared: what is polled meanwhile is not committed, so it comes again. */
async function join(member: string, number: number): Promise<number> {
  for (;;) {
    const { version, assigned = [] } = await poll(member, { limit: 1, wait: 0 });
    held.set(number, assigned.length);
    const counts = [...held.values()];
    const isShared = counts.length === members && Math.min(...counts) >= Math.floor(shardlets / members);
    if (isShared && counts.reduce((x, y) => x + y, 0) === shardlets) return version;
    await new Promise((resolve) => setTimeout(resolve, JOIN_PAUSE_MS));
  }
}

async function work(member: string, joinedAt: number): Promise<void> {
  let committing: Promise<void> = Promise.resolve();
  let after: Record<string, object> = {};
  for (let version = joinedAt; !over; ) {
    const got = await poll(member, { limit, wait: WAIT_MS, after, version });
    version = got.version;
    take(got.batches);
    await committing;
    after = Object.fromEntries(
      got.batches.map(({ shardlet, through: seq, assignment }) => [shardlet, { seq, assignment }]),
    );
    committing = got.batches.length === 0 ? Promise.resolve() : commit(member, got.batches);
  }
  await committing;
  await post('leave', { member });
}

const names = Array.from({ length: members }, (_, i) => `m-${process.pid}-${i}`);
const versions = await Promise.all(names.map(join));
joining = false;
process.stdout.write('ready\n');
[polls, bytes] = [0, 0];
const before = process.cpuUsage();
const timer = setTimeout(finish, secondsMax * 1_000);
const working = Promise.all(names.map((name, i) => work(name, versions[i]!)));
await Promise.race([everythingCame, working]);
const { user, system } = process.cpuUsage(before);
over = true;
clearTimeout(timer);
await working;
agent.destroy();

const dues = arrivals.map((a) => a.dueMs);
const start = dues.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const end = dues.reduce((a, b) => Math.max(a, b), 0);
const counting = arrivals.filter(({ dueMs }) => dueMs >= start + WARM_UP_SHARE * (end - start));
const counted = counting.map((a) => a.latencyMs).sort((a, b) => a - b);
const at = (share: number) => counted[Math.floor(counted.length * share)] ?? Number.NaN;
const result: Consumed = {
  events: seen.size,
  again,
  seconds: (lastMs - firstMs) / 1_000,
  p50: at(0.5),
  p99: at(0.99),
  late: lateRuns(),
  polls,
  commits,
  processorMicros: user + system,
  bytes,
};
process.stdout.write(`${JSON.stringify(result)}\n`);

/** One pause of a machine, a collection or a disk makes one run, whatever is slow all the time makes many. */
function lateRuns(): Late[] {
  const runs: Late[] = [];
  let run: { events: number; fromMs: number; toMs: number; worstMs: number } | undefined;
  const end = () => {
    if (run !== undefined) runs.push({ events: run.events, ms: run.toMs - run.fromMs, worstMs: run.worstMs });
    run = undefined;
  };
  for (const { dueMs, latencyMs } of counting.toSorted((a, b) => a.dueMs - b.dueMs)) {
    if (latencyMs <= LATE_MS) end();
    else {
      run ??= { events: 0, fromMs: dueMs, toMs: dueMs, worstMs: 0 };
      run.events++;
      [run.toMs, run.worstMs] = [dueMs, Math.max(run.worstMs, latencyMs)];
    }
  }
  end();
  return runs.sort((a, b) => b.events - a.events);
}
