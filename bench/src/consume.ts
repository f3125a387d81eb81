/**
 * The way out of the log, on one edge and one Redis host:
 *
 *   latency     from when an event was due at its producer to when a member has it
 *   idle        what members cost that wait while nothing happens
 *   throughput  members of a group against XREADGROUP and XACK of a stream with the same payloads, on the same Redis
 *   client      the same by @foreshard/client against bare requests, on the same edge
 *   groups      how often ten groups of the same stream read the host, against one
 *
 * Generator, members, edge and servers share the machine, so the processor time of each is reported beside the figures.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@foreshard/core/kernel';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { BenchOptions, BenchResult } from './bench.ts';
import type { ClientConsumed } from './clients/client-members.ts';
import type { Consumed } from './clients/group-members.ts';
import type { RedisConsumed } from './clients/redis-members.ts';
import type { TimedPosts } from './clients/timed-posts.ts';
import { type Child, run as runClient, start } from './measure/child.ts';
import { type BenchCluster, startCluster } from './measure/cluster.ts';
import { interleave, ratio, type Spread, spread } from './measure/interleave.ts';
import { familyMicros, processorMicros } from './measure/processor-time.ts';
import { EVENT_BYTES, eventLine } from './measure/random-events.ts';

const PARTS = ['latency', 'idle', 'throughput', 'client', 'groups'] as const;
type Part = (typeof PARTS)[number];
/** one size of latency can be asked for as well: latency-2048 */
const LATENCY_OF = /^latency-(\d+)$/;

const clientOf = (name: string) => new URL(`./clients/${name}.ts`, import.meta.url).pathname;
const POSTS = clientOf('timed-posts');
const MEMBERS = clientOf('group-members');
const CLIENT_MEMBERS = clientOf('client-members');
const REDIS_MEMBERS = clientOf('redis-members');
const LOAD = clientOf('ingest-load');

const EVENTS_PER_SECOND = 1_000;
const LATENCY_MEMBERS = 4;
const IDLE_MEMBERS = 10;
const LIMIT = 500;
/** A generator that sends later than this at p99 fell behind: its run is void. */
const LATE_MS_MAX = 25;
/** After the last event was sent, before what did not come is given up. */
const PATIENCE_SECONDS = 30;
const GROUPS = 10;
const LOAD_BATCH = 1_000;
const LOAD_CONNECTIONS = 8;
const LOAD_KEYS = 100_000;
const THROUGHPUT_SHARDLETS = 64;
/** so that servers have done what the preparation left them */
const SETTLE_MS = 2_000;
/** of plain Redis */
const STREAM = 'bench:consume';

/** events of the cluster that runs now */
let stored = 0;
/** shardlets of that cluster: about as many as were asked for */
let exactly = 0;

interface Sizes {
  readonly latency: readonly number[];
  readonly idle: number;
  readonly idleSeconds: number;
  /** events of one round of throughput, about */
  readonly loadSeconds: number;
  readonly rounds: number;
  readonly seconds: number;
  /** also figures of a generator that fell behind */
  readonly takesAll: boolean;
}

function sizesOf({ isQuick, rounds, seconds }: BenchOptions): Sizes {
  return isQuick === true
    ? { latency: [64], idle: 64, idleSeconds: 3, loadSeconds: 1, rounds: 1, seconds: 3, takesAll: true }
    : {
        latency: [64, 2_048, 10_000],
        idle: 10_000,
        idleSeconds: 20,
        loadSeconds: 4,
        rounds,
        seconds,
        takesAll: false,
      };
}

interface Figures {
  readonly mode: Record<string, string | number>;
  readonly ratios: Record<string, Spread>;
  readonly marks: Record<string, string>;
}

export async function run(options: BenchOptions): Promise<BenchResult> {
  const asked = options.only ?? [];
  const ofLatency = asked.flatMap((name) => LATENCY_OF.exec(name)?.[1] ?? []).map(Number);
  const all = sizesOf(options);
  const sizes = ofLatency.length > 0 ? { ...all, latency: ofLatency } : all;
  const named = new Set(asked.map((name) => (LATENCY_OF.test(name) ? 'latency' : name)));
  const wanted = (named.size > 0 ? [...named] : PARTS) as readonly Part[];
  const unknown = wanted.find((part) => !PARTS.includes(part));
  if (unknown !== undefined) throw new Error(`--only takes ${PARTS.join(', ')}, not "${unknown}"`);
  const figures: Figures = {
    mode: {
      ...{
        'event bytes': EVENT_BYTES,
        limit: LIMIT,
        hosts: 1,
        edges: 1,
        'appendfsync (both sides)': 'always',
      },
    },
    ratios: {},
    marks: {},
  };
  for (const shardlets of shardletsOf(wanted, sizes)) {
    const cluster = await startCluster({ ...options, shardlets });
    stored = 0;
    // a stream has whole shards
    exactly = (await cluster.control.topology.snapshot()).shardlets.length;
    try {
      await warmUp(cluster);
      if (wanted.includes('latency') && sizes.latency.includes(shardlets))
        await latency(cluster, shardlets, sizes, figures);
      if (wanted.includes('throughput') && shardlets === THROUGHPUT_SHARDLETS)
        await throughput(cluster, sizes, figures);
      if (wanted.includes('client') && shardlets === THROUGHPUT_SHARDLETS)
        await clientBesideRequests(cluster, sizes, figures);
      if (wanted.includes('groups') && shardlets === THROUGHPUT_SHARDLETS)
        await tenGroups(cluster, sizes, figures);
      if (wanted.includes('idle') && shardlets === sizes.idle) await idle(cluster, shardlets, sizes, figures);
    } finally {
      await cluster.close();
    }
  }
  return figures;
}

/** Ascending; one cluster for all parts that want it. */
function shardletsOf(wanted: readonly Part[], sizes: Sizes): number[] {
  const all = new Set<number>();
  if (wanted.includes('latency')) for (const shardlets of sizes.latency) all.add(shardlets);
  if (wanted.includes('idle')) all.add(sizes.idle);
  if (wanted.some((part) => ['throughput', 'client', 'groups'].includes(part))) all.add(THROUGHPUT_SHARDLETS);
  return [...all].sort((a, b) => a - b);
}

/** A new edge compiles its code first. */
async function warmUp(cluster: BenchCluster): Promise<void> {
  await posts(cluster, 2);
}

async function latency(
  cluster: BenchCluster,
  shardlets: number,
  { rounds, seconds, takesAll }: Sizes,
  { ratios, marks, mode }: Figures,
): Promise<void> {
  const p50s: number[] = [];
  const p99s: number[] = [];
  const postP99s: number[] = [];
  const used: Used[] = [];
  for (let round = 1, tries = 1; round <= rounds; tries++) {
    if (tries > 2 * rounds)
      throw new Error('the generator falls behind: the machine is busy with something else');
    const group = await createGroup(cluster, `latency-${shardlets}-${tries}`, 'now');
    const members = await startMembers(cluster, {
      ...{ group, members: LATENCY_MEMBERS },
      ...{ events: EVENTS_PER_SECOND * seconds, secondsMax: seconds + PATIENCE_SECONDS },
    });
    const time = await meter(cluster);
    const sent = await posts(cluster, seconds);
    const got = await members.result;
    const usedHere = await time.used({ generator: sent.processorMicros, members: got.processorMicros });
    await removeGroup(cluster, group);
    const isVoid = sent.lateP99 > LATE_MS_MAX && !takesAll;
    const verdict = isVoid
      ? `void: sent ${sent.lateP99.toFixed(1)} ms late at p99`
      : `round ${round}/${rounds}`;
    process.stderr.write(
      `  latency at ${shardlets}, ${verdict}: p50 ${got.p50.toFixed(1)} p99 ${got.p99.toFixed(1)} ms, ` +
        `${got.events} of ${sent.sent} events, ${got.again} again, ${got.polls} polls, post p99 ${sent.p99.toFixed(1)} ms` +
        `${lateText(got.late)}\n`,
    );
    if (isVoid) continue;
    if (got.events < sent.sent) throw new Error(`only ${got.events} of ${sent.sent} events came`);
    p50s.push(got.p50);
    p99s.push(got.p99);
    postP99s.push(sent.p99);
    used.push(usedHere);
    round++;
  }
  ratios[`p50 at ${shardlets} shardlets, ms`] = spread(p50s);
  ratios[`p99 at ${shardlets} shardlets, ms`] = spread(p99s);
  // a part of it: until the post is answered
  ratios[`p99 of the posts at ${shardlets} shardlets, ms`] = spread(postP99s);
  if (shardlets > THROUGHPUT_SHARDLETS) {
    marks[`p50 at ${shardlets} shardlets, ms`] = '<= 50';
    marks[`p99 at ${shardlets} shardlets, ms`] = '<= 250';
  }
  mode[`processor shares at ${shardlets} shardlets`] = sharesText(used);
}

async function idle(
  cluster: BenchCluster,
  shardlets: number,
  { idleSeconds }: Sizes,
  { ratios, marks, mode }: Figures,
): Promise<void> {
  const group = await createGroup(cluster, 'idle', 'now');
  await sleep(SETTLE_MS);
  const without = await observedFor(cluster, idleSeconds);
  const members = await startMembers(cluster, {
    ...{ group, members: IDLE_MEMBERS, events: 0, secondsMax: 2 * idleSeconds + 60 },
  });
  await sleep(SETTLE_MS);
  const withMembers = await observedFor(cluster, idleSeconds);
  members.child.process.kill('SIGTERM');
  await members.ended;
  const productOf = ({ used }: Observed) => Object.values(used.micros).reduce((a, b) => a + b, 0);
  const share = (productOf(withMembers) - productOf(without)) / 1e6 / idleSeconds;
  const name = `${IDLE_MEMBERS} idle members at ${shardlets} shardlets`;
  ratios[`${name}, % of a core`] = spread([100 * share]);
  marks[`${name}, % of a core`] = '<= 3';
  const perMember = (withMembers.transactions - without.transactions) / idleSeconds / IDLE_MEMBERS;
  ratios[`${name}, transactions/s of each`] = spread([perMember]);
  const statements = (withMembers.statements - without.statements) / idleSeconds / IDLE_MEMBERS;
  ratios[`${name}, statements/s of each`] = spread([statements]);
  marks[`${name}, statements/s of each`] = '<= 2';
  mode[`${name}: processor shares with`] = sharesText([withMembers.used]);
  mode[`${name}: processor shares without`] = sharesText([without.used]);
}

async function throughput(
  cluster: BenchCluster,
  sizes: Sizes,
  { ratios, marks, mode }: Figures,
): Promise<void> {
  const events = await loaded(cluster, sizes);
  const redis = new Redis(cluster.host.url);
  await fillStream(redis, events);
  await sleep(SETTLE_MS);
  const usedByUs: Used[] = [];
  const usedByRedis: number[] = [];
  const results = await interleave(
    [
      {
        name: 'XREADGROUP',
        async measure(round) {
          await redis.xgroup('CREATE', STREAM, `g-${round}`, '0');
          const args = [cluster.host.url, STREAM, `g-${round}`, LATENCY_MEMBERS, events, LIMIT].map(String);
          const got = await runClient<RedisConsumed>(REDIS_MEMBERS, args);
          await redis.xgroup('DESTROY', STREAM, `g-${round}`);
          usedByRedis.push(got.processorMicros);
          return got.events / got.seconds;
        },
      },
      {
        name: 'foreshard',
        async measure(round) {
          const group = await createGroup(cluster, `throughput-${round}`, 'oldest');
          const members = await startMembers(cluster, {
            ...{ group, members: LATENCY_MEMBERS },
            ...{ events, secondsMax: 120 },
          });
          const time = await meter(cluster);
          const got = await members.result;
          usedByUs.push(await time.used({ members: got.processorMicros }));
          await removeGroup(cluster, group);
          if (got.events < events) throw new Error(`only ${got.events} of ${events} events came`);
          return got.events / got.seconds;
        },
      },
    ],
    sizes.rounds,
  );
  redis.disconnect();
  ratios['members / XREADGROUP + XACK'] = ratio(results, 'foreshard', 'XREADGROUP');
  marks['members / XREADGROUP + XACK'] = '>= 0.30, goal 0.60';
  mode['events a round'] = events;
  mode['microseconds an event, members'] = perEventText(usedByUs, events);
  mode['microseconds an event, XREADGROUP clients'] = spread(
    usedByRedis.map((micros) => micros / events),
  ).median.toFixed(1);
}

function lateText(late: Consumed['late']): string {
  const [longest] = late;
  if (longest === undefined) return '';
  const events = late.reduce((sum, one) => sum + one.events, 0);
  const { ms, worstMs } = longest;
  return `; ${events} late in ${late.length} runs, the longest of ${ms.toFixed(0)} ms up to ${worstMs.toFixed(0)} ms late`;
}

/** Answers how many events there are now. */
async function loaded(cluster: BenchCluster, { loadSeconds }: Sizes): Promise<number> {
  const args = [cluster.edgeUrl, cluster.token, LOAD_BATCH, LOAD_CONNECTIONS, loadSeconds, LOAD_KEYS];
  stored += (await runClient<{ readonly events: number }>(LOAD, args.map(String))).events;
  return stored;
}

async function clientBesideRequests(
  cluster: BenchCluster,
  sizes: Sizes,
  { ratios, mode }: Figures,
): Promise<void> {
  const events = await loaded(cluster, sizes);
  await sleep(SETTLE_MS);
  const used = new Map<string, number[]>();
  const candidate = (name: string, script: string) => ({
    name,
    async measure(round: number) {
      const group = await createGroup(cluster, `${name}-${round}`, 'oldest');
      const wanted = { group, members: LATENCY_MEMBERS, events, secondsMax: 120 };
      const members = await startMembers<ClientConsumed>(cluster, wanted, script);
      const got = await members.result;
      await members.ended;
      await removeGroup(cluster, group);
      if (got.events < events) throw new Error(`only ${got.events} of ${events} events came`);
      used.set(name, [...(used.get(name) ?? []), got.processorMicros / events]);
      return got.events / got.seconds;
    },
  });
  const all = [candidate('requests', MEMBERS), candidate('client', CLIENT_MEMBERS)];
  const results = await interleave(all, sizes.rounds, seededRandom(1));
  ratios['events/s of the client library / of bare requests'] = ratio(results, 'client', 'requests');
  mode['events a round, client'] = events;
  for (const [name, micros] of used)
    mode[`microseconds an event, members by ${name}`] = spread(micros).median.toFixed(1);
}

async function tenGroups(
  cluster: BenchCluster,
  { seconds }: Sizes,
  { ratios, marks }: Figures,
): Promise<void> {
  const readsWith = async (count: number): Promise<number> => {
    const names = Array.from({ length: count }, (_, i) => `of-${count}-${i}`);
    for (const name of names) await createGroup(cluster, name, 'now');
    const members = await Promise.all(
      names.map((group) =>
        startMembers(cluster, {
          ...{ group, members: 1 },
          ...{ events: EVENTS_PER_SECOND * seconds, secondsMax: seconds + PATIENCE_SECONDS },
        }),
      ),
    );
    const before = await readsAt(cluster);
    await posts(cluster, seconds);
    for (const { result } of members) await result;
    const reads = (await readsAt(cluster)) - before;
    for (const name of names) await removeGroup(cluster, name);
    process.stderr.write(`  ${count} groups: ${reads} reads at the host\n`);
    return reads;
  };
  const one = await readsWith(1);
  const ten = await readsWith(GROUPS);
  ratios['reads of ten groups / of one'] = spread([ten / one]);
  marks['reads of ten groups / of one'] = '<= 1.5';
}

/** The look at a stream with which each read of records begins. */
async function readsAt(cluster: BenchCluster): Promise<number> {
  const redis = new Redis(cluster.host.url);
  const info = await redis.info('commandstats');
  redis.disconnect();
  return Number(/cmdstat_xrange:calls=(\d+)/.exec(info)?.[1] ?? 0);
}

async function posts(cluster: BenchCluster, seconds: number): Promise<TimedPosts> {
  const args = [cluster.edgeUrl, cluster.token, EVENTS_PER_SECOND, seconds].map(String);
  const sent = await runClient<TimedPosts>(POSTS, args);
  stored += sent.sent;
  return sent;
}

/** Of the same shape and size as the events of the log. */
async function fillStream(redis: Redis, events: number): Promise<void> {
  for (let done = 0; done < events; ) {
    const some = Math.min(LOAD_BATCH, events - done);
    const pipeline = redis.pipeline();
    for (let i = 0; i < some; i++) {
      const id = String(done + i).padStart(16, '0');
      pipeline.xadd(STREAM, '*', 'e', eventLine(`key-${i}`).trimEnd().replace('0'.repeat(16), id));
    }
    await pipeline.exec();
    done += some;
  }
}

interface MembersWanted {
  readonly group: string;
  readonly members: number;
  readonly events: number;
  readonly secondsMax: number;
}

interface Members<R> {
  readonly child: Child;
  readonly ended: Promise<unknown>;
  readonly result: Promise<R>;
}

/** Resolves when they share the shardlets. */
async function startMembers<R = Consumed>(
  cluster: BenchCluster,
  wanted: MembersWanted,
  script = MEMBERS,
): Promise<Members<R>> {
  const { group, members, events, secondsMax } = wanted;
  const numbers = [members, exactly, events, secondsMax, LIMIT].map(String);
  const child = start(script, [cluster.edgeUrl, cluster.token, group, ...numbers]);
  const ended = once(child.process, 'close');
  const lines = createInterface({ input: child.process.stdout! })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.value !== 'ready') throw new Error(`the members of ${group} did not begin`);
  const result = lines.next().then(({ value }) => {
    if (typeof value !== 'string') throw new Error(`the members of ${group} ended without a result`);
    return JSON.parse(value) as R;
  });
  result.catch(() => {});
  return { child, ended, result };
}

async function createGroup(cluster: BenchCluster, name: string, from: 'oldest' | 'now'): Promise<string> {
  const body = JSON.stringify({ name, stream: 'main', from, sessionMs: 30_000 });
  const headers = { ...authorization(cluster), 'content-type': 'application/json' };
  const reply = await fetch(`${cluster.edgeUrl}/v1/groups`, { method: 'POST', headers, body });
  if (reply.status !== 201) throw new Error(`the group ${name}: ${reply.status} ${await reply.text()}`);
  return name;
}

async function removeGroup(cluster: BenchCluster, name: string): Promise<void> {
  const url = `${cluster.edgeUrl}/v1/groups/${name}`;
  const { status } = await fetch(url, { method: 'DELETE', headers: authorization(cluster) });
  if (status !== 200) throw new Error(`the group ${name} is not removed: ${status}`);
}

function authorization({ token }: BenchCluster) {
  return { authorization: `Bearer ${token}` };
}

/** Microseconds of processor time, by who used it, and how long that was. */
interface Used {
  readonly seconds: number;
  readonly micros: Readonly<Record<string, number>>;
}

/** What the product and its servers use from here on; others say theirs themselves. */
async function meter(cluster: BenchCluster) {
  const startedMs = performance.now();
  const before = await usedBy(cluster);
  return {
    async used(others: Readonly<Record<string, number>> = {}): Promise<Used> {
      const after = await usedBy(cluster);
      const own = Object.entries(after).map(([name, micros]) => [name, micros - before[name]!]);
      const seconds = (performance.now() - startedMs) / 1_000;
      return { seconds, micros: { ...Object.fromEntries(own), ...others } };
    },
  };
}

async function usedBy(cluster: BenchCluster): Promise<Record<string, number>> {
  const { edgePid, host, controlRedis, postgres } = cluster;
  return {
    edge: await processorMicros(edgePid),
    host: await processorMicros(host.pid),
    'control Redis': await processorMicros(controlRedis.pid),
    PostgreSQL: await familyMicros(postgres.pid),
  };
}

/** Of all rounds together, in percent of one core. */
function sharesText(used: readonly Used[]): string {
  const seconds = used.reduce((sum, { seconds }) => sum + seconds, 0);
  return textOf(used, (micros) => `${((100 * micros) / 1e6 / seconds).toFixed(1)} %`);
}

function perEventText(used: readonly Used[], events: number): string {
  return textOf(used, (micros) => (micros / events / used.length).toFixed(1));
}

function textOf(used: readonly Used[], text: (micros: number) => string): string {
  const names = Object.keys(used[0]?.micros ?? {});
  const sumOf = (name: string) => used.reduce((sum, { micros }) => sum + micros[name]!, 0);
  return names.map((name) => `${name} ${text(sumOf(name))}`).join(', ');
}

interface Observed {
  readonly used: Used;
  /** of the database that keeps the groups */
  readonly transactions: number;
  readonly statements: number;
}

async function observedFor(cluster: BenchCluster, seconds: number): Promise<Observed> {
  const log = await StatementLog.open(cluster);
  try {
    const [time, before] = [await meter(cluster), await log.counts()];
    await sleep(seconds * 1_000);
    const [used, after] = [await time.used(), await log.counts()];
    return {
      used,
      transactions: after.transactions - before.transactions,
      statements: after.statements - before.statements,
    };
  } finally {
    await log.close();
  }
}

const LOGGED = /LOG: {2}(?:statement|execute)/g;

/** Lets PostgreSQL write down every statement, to count them. */
class StatementLog {
  private readonly client: Client;
  private readonly file: string;

  private constructor(client: Client, file: string) {
    this.client = client;
    this.file = file;
  }

  static async open({ environment, postgres }: BenchCluster): Promise<StatementLog> {
    const client = new Client({ connectionString: environment.DATABASE_URL });
    await client.connect();
    await client.query("ALTER SYSTEM SET log_statement = 'all'");
    await client.query('SELECT pg_reload_conf()');
    await sleep(SETTLE_MS);
    return new StatementLog(client, postgres.logFile);
  }

  async counts(): Promise<{ readonly transactions: number; readonly statements: number }> {
    const { rows } = await this.client.query(
      'SELECT xact_commit + xact_rollback AS n FROM pg_stat_database WHERE datname = current_database()',
    );
    const text = await readFile(this.file, 'utf8');
    return { transactions: Number(rows[0].n), statements: text.match(LOGGED)?.length ?? 0 };
  }

  async close(): Promise<void> {
    await this.client.query('ALTER SYSTEM RESET log_statement');
    await this.client.query('SELECT pg_reload_conf()');
    await this.client.end();
  }
}
