/**
 * What a migration costs those who use the shardlet meanwhile, and how fast it copies. The write pause is the
 * longest answer that a client of the moving shardlet, sending one event after another, waits for at its cutover; ingest is
 * an open loop over all shardlets, during moves against without; the copy is held against DUMP and RESTORE of
 * as many bytes between two Redis servers with the same settings.
 */
import { join } from 'node:path';
import { connectAnyHost } from '@foreshard/core/adapters/event-hosts';
import { contains, hashKey } from '@foreshard/core/keyspace';
import { type Operator, requestMoves } from '@foreshard/core/moves';
import { addHost, restructure, type Shardlet } from '@foreshard/core/topology';
import { freePort, startRedis } from '@foreshard/local';
import { Redis } from 'ioredis';
import type { BenchOptions, BenchResult } from './bench.ts';
import { run as runClient, start, waitUntil } from './measure/child.ts';
import { type BenchCluster, startCluster } from './measure/cluster.ts';
import { ratio, spread } from './measure/interleave.ts';
import { eventLine } from './measure/random-events.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const CLIENT = new URL('./clients/open-loop.ts', import.meta.url).pathname;
const SHARDLETS = 8;
const PER_SECOND = 1_000;
const MOVES_PER_ROUND = 4;
const COPIED_EVENTS = 60_000;
const BATCH = 1_000;
const ANCESTORS = 100;
const EVENTS_OF_KEY_EACH = 5;
const ENDED_WITHIN_MS = 60_000;
/** The journal is written behind, and its clock is the database's. */
const JOURNAL_SLACK_MS = 25;

export async function run(options: BenchOptions): Promise<BenchResult> {
  const cluster = await startCluster({ ...options, shardlets: SHARDLETS, ids: 0 });
  const second = await startRedis({
    dir: join(cluster.dir, 'second'),
    config: { 'auto-aof-rewrite-percentage': '0' },
  });
  const worker = start(join(ROOT, 'apps/worker/src/main.ts'), [], {
    ...cluster.environment,
    WORKER_PORT: String(await freePort()),
    LOG_LEVEL: 'error',
  });
  try {
    await joinSecond(cluster, second.url);
    const moves = new Moves(cluster);
    const results = new Map<string, number[]>();
    const keep = (name: string, value: number) => {
      results.set(name, [...(results.get(name) ?? []), value]);
      process.stderr.write(`  ${name}: ${value.toPrecision(4)}\n`);
    };
    const pauses: number[] = [];
    for (let round = 0; round < options.rounds; round++) {
      keep('p99 without', await ingestP99(cluster, options.seconds));
      const during = ingestP99(cluster, options.seconds);
      const [, p99] = await Promise.all([measurePauses(cluster, moves, pauses), during]);
      keep('p99 during', p99);
    }
    const bytes = await fill(cluster, moves);
    for (let round = 0; round < options.rounds; round++) {
      const cpuBefore = await hostCpuMicros(cluster);
      keep('copy', await moves.copyRate(bytes));
      keep('host CPU of a copied record', ((await hostCpuMicros(cluster)) - cpuBefore) / COPIED_EVENTS);
      keep('dump and restore', await dumpAndRestore(cluster.yardstick.url, second.url));
    }
    for (let round = 0; round < options.rounds; round++)
      keep('key read, one shardlet', await keyRead(cluster, 'single'));
    await moves.rollUnder('many', ANCESTORS, (n) => send(cluster, eventsOf('many', n)));
    for (let round = 0; round < options.rounds; round++)
      keep('key read, 100 ancestors', await keyRead(cluster, 'many'));
    pauses.sort((a, b) => a - b);
    const at = (share: number) => pauses[Math.min(pauses.length - 1, Math.floor(pauses.length * share))]!;
    return {
      mode: {
        shardlets: SHARDLETS,
        hosts: '2 Redis, appendfsync always',
        'requests per second': PER_SECOND,
        moves: pauses.length,
        'events copied': COPIED_EVENTS,
        'copy, MB/s': Math.round(spread(results.get('copy')!).median / 1e6),
        'fsync delay ms': options.fsyncMs,
      },
      ratios: {
        'write pause p50, ms': spread([at(0.5)]),
        'write pause p99, ms': spread([at(0.99)]),
        'ingest p99 during / without': ratio(results, 'p99 during', 'p99 without'),
        'copy / DUMP+RESTORE': ratio(results, 'copy', 'dump and restore'),
        'CPU of both hosts for a copied record, us': spread(results.get('host CPU of a copied record')!),
        'key read over 100 ancestors, ms': spread(results.get('key read, 100 ancestors')!),
        'key read in one shardlet, ms': spread(results.get('key read, one shardlet')!),
      },
      marks: {
        'write pause p50, ms': '<= 100, goal 20',
        'write pause p99, ms': '<= 500, goal 100',
        'ingest p99 during / without': '<= 2, goal 1.2',
        'copy / DUMP+RESTORE': '>= 0.3, goal 0.7',
      },
    };
  } finally {
    await worker.stop();
    await second.stop();
    await cluster.close();
  }
}

async function joinSecond({ control }: BenchCluster, url: string): Promise<void> {
  const host = await connectAnyHost({ engine: 'redis', url });
  const { incarnation } = await host.identify();
  const host2 = { name: 'second', engine: 'redis', url, incarnation, durability: 'always' } as const;
  const reply = await control.topology.decide(addHost(host2), 'bench');
  if (reply.kind === 'refused') throw new Error(reply.refusal.detail);
  await host.adopt(reply.result.hostId);
  await host.close();
}

/** Moves on the real control plane, waited for. */
class Moves {
  private readonly control: BenchCluster['control'];
  private readonly operator: Operator;

  constructor({ control }: BenchCluster) {
    this.control = control;
    const { topology, moves, jobs } = control;
    this.operator = { topology, moves, wake: (job) => jobs.wake(job), nowMs: Date.now, actor: 'bench' };
  }

  async open(): Promise<Shardlet[]> {
    const { shardlets } = await this.control.topology.snapshot();
    return shardlets.filter((s) => s.state.kind === 'open').sort((a, b) => a.id - b.id);
  }

  async ownerOf(key: string): Promise<Shardlet> {
    const position = { hi: hashKey(key), lo: 0 };
    return (await this.open()).find((s) => contains(s.range, position))!;
  }

  /** To the other host; answers the number of the move. */
  async moveAway({ id, owner }: Shardlet): Promise<number> {
    const dest = owner === 1 ? 2 : 1;
    const [answer] = await requestMoves(this.operator, { shardlets: [id], dest, reason: 'bench' });
    if (answer?.kind !== 'move') throw new Error(`shardlet ${id} does not move: ${JSON.stringify(answer)}`);
    await waitUntil(
      'the move to end',
      ENDED_WITHIN_MS,
      async () => (await this.control.moves.find(answer.move))?.result === 'moved',
    );
    return answer.move;
  }

  /** Bytes a second between the creation of the shadow and its last comparison before the seal. */
  async copyRate(bytes: number): Promise<number> {
    const move = await this.moveAway(await this.ownerOf('copied'));
    const journal = await this.control.moves.journal(move);
    const at = (what: string) => journal.find((step) => step.what === what)!.atMs;
    return bytes / ((at('verified') - at('shadow created')) / 1_000);
  }

  /** From the seal to the opening, with some slack on either side. */
  async cutoverOf(move: number): Promise<Answered> {
    await waitUntil('the journal', ENDED_WITHIN_MS, async () =>
      (await this.control.moves.journal(move)).some((step) => step.what === 'opened'),
    );
    const journal = await this.control.moves.journal(move);
    const at = (what: string) => journal.find((step) => step.what === what)!.atMs;
    return { fromMs: at('sealed') - JOURNAL_SLACK_MS, toMs: at('opened') + JOURNAL_SLACK_MS };
  }

  async rollUnder(key: string, times: number, between: (n: number) => Promise<void>): Promise<void> {
    for (let n = 0; n < times; n++) {
      const { id, epoch, range } = await this.ownerOf(key);
      // not as people do it: they would be asked to wait for ids to be forgotten
      const parents = [{ id, epoch }];
      await this.control.topology.decide(restructure({ parents, children: [range] }), 'bench');
      await this.control.jobs.wake('reconcile');
      await waitUntil(
        'the roll',
        ENDED_WITHIN_MS,
        async () => (await this.ownerOf(key))?.id !== id && (await this.ownerOf(key)) !== undefined,
      );
      await between(n);
    }
  }
}

interface Answered {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A closed loop on the shardlet that moves: the longest answer that overlaps its cutover is the pause. */
async function measurePauses(cluster: BenchCluster, moves: Moves, pauses: number[]): Promise<void> {
  for (let n = 0; n < MOVES_PER_ROUND; n++) {
    const key = `paused-${n}`;
    const ending = { now: false };
    const writing = writeUntil(cluster, key, ending);
    const move = await moves.moveAway(await moves.ownerOf(key));
    ending.now = true;
    const cutover = await moves.cutoverOf(move);
    const waits = (await writing).filter((a) => a.toMs > cutover.fromMs && a.fromMs < cutover.toMs);
    if (waits.length > 0) pauses.push(Math.max(...waits.map((a) => a.toMs - a.fromMs)));
  }
}

async function writeUntil(cluster: BenchCluster, key: string, ending: { now: boolean }): Promise<Answered[]> {
  const answers: Answered[] = [];
  while (!ending.now) {
    const fromMs = performance.timeOrigin + performance.now();
    await send(cluster, [eventOf(key)]);
    answers.push({ fromMs, toMs: performance.timeOrigin + performance.now() });
  }
  return answers;
}

async function ingestP99({ edgeUrl, token }: BenchCluster, seconds: number): Promise<number> {
  const { p99 } = await runClient<{ p99: number }>(CLIENT, [
    'http',
    edgeUrl,
    token,
    String(PER_SECOND),
    String(seconds),
  ]);
  return p99;
}

let ids = 0;

function eventOf(key: string): string {
  return eventLine(key).replace('0'.repeat(16), `m${String(ids++).padStart(15, '0')}`);
}

function eventsOf(key: string, _n: number): string[] {
  return Array.from({ length: EVENTS_OF_KEY_EACH }, () => eventOf(key));
}

/** One shardlet gets many events, another one as many of one key as its hundred ancestors will have. */
async function fill(cluster: BenchCluster, moves: Moves): Promise<number> {
  for (let n = 0; n < COPIED_EVENTS; n += BATCH)
    await send(
      cluster,
      Array.from({ length: BATCH }, () => eventOf('copied')),
    );
  await send(
    cluster,
    Array.from({ length: ANCESTORS * EVENTS_OF_KEY_EACH }, () => eventOf('single')),
  );
  const { owner, id } = await moves.ownerOf('copied');
  const host = (await cluster.control.topology.snapshot()).hosts.find((h) => h.id === owner)!;
  const handle = await connectAnyHost(host);
  const details = await handle.describe(id);
  await handle.close();
  if ('kind' in details) throw new Error('the filled shardlet is not there');
  return details.bytes;
}

async function send({ edgeUrl, token }: BenchCluster, lines: readonly string[]): Promise<void> {
  const answer = await fetch(`${edgeUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    body: lines.join(''),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text.slice(0, 300));
}

/** ms until all events of a key are read, page after page. */
async function keyRead({ edgeUrl, token }: BenchCluster, key: string): Promise<number> {
  const startedMs = performance.now();
  let events = 0;
  for (let from: string | null = 'oldest'; from !== null; ) {
    const query = new URLSearchParams({ from, limit: '1000' });
    const answer = await fetch(`${edgeUrl}/v1/streams/main/keys/${key}/events?${query}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const page = (await answer.json()) as { events: unknown[]; next: string | null; atHead?: boolean };
    events += page.events.length;
    from = page.atHead === true || page.events.length === 0 ? null : page.next;
  }
  const ms = performance.now() - startedMs;
  const expected = ANCESTORS * EVENTS_OF_KEY_EACH;
  if (events !== expected) throw new Error(`${events} events of key ${key} were read, not ${expected}`);
  return ms;
}

/** Bytes a second of the engine's own way to copy a stream of as many entries, its disk writes included. */
async function dumpAndRestore(from: string, to: string): Promise<number> {
  const source = new Redis(from);
  const target = new Redis(to);
  try {
    if ((await source.exists('yardstick')) === 0) await fillYardstick(source);
    const startedMs = performance.now();
    const dump = await source.dumpBuffer('yardstick');
    await target.restore('yardstick', 0, dump!, 'REPLACE');
    const seconds = (performance.now() - startedMs) / 1_000;
    await target.del('yardstick');
    return (COPIED_EVENTS * 332) / seconds;
  } finally {
    source.disconnect();
    target.disconnect();
  }
}

/** Of all hosts together: neighbours on this machine change it less than they change what takes time. */
async function hostCpuMicros({ control }: BenchCluster): Promise<number> {
  const { hosts } = await control.topology.snapshot();
  const used = await Promise.all(hosts.map(({ url }) => cpuMicrosOf(url)));
  return used.reduce((sum, micros) => sum + micros, 0);
}

async function cpuMicrosOf(url: string): Promise<number> {
  const redis = new Redis(url);
  try {
    const seconds = [...(await redis.info('cpu')).matchAll(/used_cpu_(?:user|sys):([\d.]+)/g)];
    return seconds.reduce((sum, [, value]) => sum + Number(value) * 1e6, 0);
  } finally {
    redis.disconnect();
  }
}

async function fillYardstick(redis: Redis): Promise<void> {
  for (let n = 0; n < COPIED_EVENTS; n += BATCH) {
    const pipeline = redis.pipeline();
    for (let i = 0; i < BATCH; i++) pipeline.xadd('yardstick', '*', 'f', eventOf('copied').padEnd(332));
    await pipeline.exec();
  }
}
