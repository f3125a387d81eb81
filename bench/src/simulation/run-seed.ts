/**
 * One run: a cluster under load and faults, then calm; everything that was begun has to end; then what
 * clients were told is compared with what the log holds and what readers were given.
 */
import { type EventHost, framePosition } from '@foreshard/core/hosts';
import { contains, hashKey } from '@foreshard/core/keyspace';
import {
  type Acknowledgement,
  type Coverage,
  checkEmissionOrder,
  checkEmissions,
  checkNothingLost,
  checkNothingTwice,
  checkOrder,
  type FinalLog,
  type LogRecord,
  type LogShardlet,
  placeOfEvent,
  type Violation,
  violation,
} from '@foreshard/core/simulation';
import type { Garbage, Shardlet } from '@foreshard/core/topology';
import { Cluster } from './cluster.ts';
import { eventOf } from './event-of.ts';
import type { Plan } from './plan.ts';

const SECOND = 1_000_000;
/** long enough for every retry and grace in the code under test, with all the faults of one run behind it */
const LOAD_MICROS_MAX = 400 * SECOND;
const LONG_PAUSE_MICROS = 330 * SECOND;
/** the slowest message of the operator has arrived */
const LATE_MICROS = 5 * SECOND;
const SETTLE_MICROS_MAX = 60 * SECOND;
const GARBAGE_MICROS_MAX = 120 * SECOND;
const READ_MICROS_MAX = 90 * SECOND;
const CLIENT_PAUSE_MS = 80;

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly defects: readonly string[];
  readonly requests: number;
  readonly acknowledged: number;
  readonly history: (about?: ReadonlySet<number | string>) => string[];
  readonly virtualSeconds: number;
  readonly events: number;
}

export async function runPlan(plan: Plan, coverage: Coverage, keepsHistory: boolean): Promise<RunResult> {
  const cluster = new Cluster(plan, coverage, keepsHistory);
  const startedMicros = cluster.schedule.nowMicros();
  await cluster.start();
  await underLoad(cluster);
  await cluster.heal();
  await toTheEnd(cluster);
  return {
    seed: plan.seed,
    violations: cluster.violations,
    defects: cluster.defects.map(
      ({ who, error }) =>
        `${who}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    ),
    requests: cluster.clients.reduce((sum, client) => sum + client.requests, 0),
    acknowledged: cluster.clients.reduce((sum, client) => sum + client.journal.length, 0),
    history: (about) => cluster.history.text(about),
    virtualSeconds: (cluster.schedule.nowMicros() - startedMicros) / SECOND,
    events: cluster.schedule.events,
  };
}

async function underLoad(cluster: Cluster): Promise<void> {
  const { plan } = cluster;
  const half = Math.ceil(plan.requestsPerClient / 2);
  await requests(cluster, half);
  if (plan.hasLongPause) {
    for (const party of [...cluster.readers, cluster.operator]) party.rest();
    await cluster.pass(LONG_PAUSE_MICROS);
    for (const party of [...cluster.readers, cluster.operator]) party.start();
  }
  await requests(cluster, plan.requestsPerClient - half);
}

async function requests(cluster: Cluster, count: number): Promise<void> {
  let left = cluster.clients.length;
  for (const client of cluster.clients) void client.run(count, CLIENT_PAUSE_MS).then(() => left--);
  await cluster.pass(LOAD_MICROS_MAX, () => left === 0);
  if (left > 0 && !cluster.hasFailed)
    cluster.violations.push(
      violation('I5', `${left} clients have no answer after ${LOAD_MICROS_MAX / SECOND} s`),
    );
}

async function toTheEnd(cluster: Cluster): Promise<void> {
  if (cluster.hasFailed) return;
  cluster.operator.rest();
  await cluster.pass(LATE_MICROS);
  await cluster.pass(
    SETTLE_MICROS_MAX,
    afterDecisions(cluster, () => unsettled(cluster).length === 0),
  );
  if (cluster.hasFailed) return;
  for (const what of unsettled(cluster))
    cluster.violations.push(violation('I5', `${what} ${SETTLE_MICROS_MAX / SECOND} s after the last fault`));
  cluster.violations.push(...cluster.setBacks.check());
  if (cluster.plan.hasLongPause) await garbageGoes(cluster);
  if (!cluster.hasFailed) await everyLeafTakesAppends(cluster);
  if (!cluster.hasFailed) await checkLog(cluster);
}

/** Asks again only when the topology store has decided something since. */
function afterDecisions({ truth }: Cluster, isSo: () => boolean): () => boolean {
  let seen = -1;
  return () => {
    if (truth.version === seen) return false;
    seen = truth.version;
    return isSo();
  };
}

function unsettled({ truth }: Cluster): string[] {
  const left: string[] = [];
  for (const { id, state } of truth.shardlets())
    if (!['open', 'closed', 'gone'].includes(state.kind)) left.push(`shardlet ${id} is still ${state.kind}`);
  for (const host of truth.hosts())
    if (host.state === 'readmitting') left.push(`host ${host.id} is still being readmitted`);
  return left;
}

/**
 * What was garbage when the faults were over: retention makes some all the time, so there need not be a moment
 * without.
 */
async function garbageGoes(cluster: Cluster): Promise<void> {
  const nameOf = ({ host, shardlet, epoch }: Garbage) => `${host}/${shardlet}/${epoch}`;
  const old = new Set(cluster.truth.garbage().map(nameOf));
  const left = () => cluster.truth.garbage().filter((one) => old.has(nameOf(one))).length;
  await cluster.pass(
    GARBAGE_MICROS_MAX,
    afterDecisions(cluster, () => left() === 0),
  );
  if (left() > 0 && !cluster.hasFailed)
    cluster.violations.push(violation('I5', `${left()} replicas are still garbage`));
}

async function everyLeafTakesAppends(cluster: Cluster): Promise<void> {
  // a token of a host whose clock is ahead would make it wait for the clock, which is not what is asked here
  const prober = cluster.client('probe', false);
  const stream = cluster.truth.streams()[0]!.id;
  for (const leaf of cluster.truth.leaves(stream)) {
    const key = keyIn(leaf);
    if (key === undefined) continue;
    let isTaken: boolean | undefined;
    void prober.probe(key).then((taken) => {
      isTaken = taken;
    });
    await cluster.pass(SETTLE_MICROS_MAX, () => isTaken !== undefined);
    if (isTaken !== true && !cluster.hasFailed)
      cluster.violations.push(
        violation('I5', `shardlet ${leaf.id} takes no appends after all faults`, { shardlets: [leaf.id] }),
      );
  }
}

/** Undefined for a shardlet that holds a part of one key only. */
function keyIn({ range }: Shardlet): string | undefined {
  for (let i = 0; i < 20_000; i++) {
    const key = `probe-${i}`;
    const hi = hashKey(key);
    if (contains(range, { hi, lo: 0 }) && contains(range, { hi, lo: 0xffff_ffff })) return key;
  }
  return undefined;
}

async function checkLog(cluster: Cluster): Promise<void> {
  const log = await finalLog(cluster);
  const acknowledged = inOrderOfTime(cluster.clients.flatMap((client) => client.journal));
  const { violations, plan } = cluster;
  violations.push(...checkNothingLost(log, acknowledged), ...checkNothingTwice(log));
  violations.push(...checkOrder(log, acknowledged, !plan.splitKeys));
  cluster.setBacks.count(excusedIn(log, acknowledged));
  const isDurable = plan.durabilities.every((each) => each === 'always');
  if (violations.length > 0) return;
  const isRead = () =>
    cluster.readers.every(({ name, emitted, reading }) => {
      const read = readBy(log, reading);
      return emitted.length >= read.records.length && checkEmissions(name, emitted, read, false).length === 0;
    });
  let lookAt = 0;
  await cluster.pass(READ_MICROS_MAX, () => {
    if (cluster.schedule.nowMicros() < lookAt) return false;
    lookAt = cluster.schedule.nowMicros() + SECOND;
    return isRead();
  });
  for (const { name, emitted, reading } of cluster.readers) {
    const read = readBy(log, reading);
    violations.push(...checkEmissionOrder(name, emitted), ...checkEmissions(name, emitted, read, isDurable));
  }
  violations.push(...cluster.cacheWatch.check(log));
}

/** What a reader of all, or of a key, has to be given. */
function readBy(log: FinalLog, { key }: { readonly key?: string }): FinalLog {
  if (key === undefined) return log;
  const isOfKey = ({ content }: LogRecord) =>
    (JSON.parse(content) as { partitionkey: string }).partitionkey === key;
  return { ...log, records: log.records.filter(isOfKey) };
}

/** Events that are missing and that nobody could miss. */
function excusedIn({ records, unnoticed }: FinalLog, acknowledged: readonly Acknowledgement[]): number {
  const held = new Set(records.map(placeOfEvent));
  const places = new Set(acknowledged.map(placeOfEvent));
  return [...places].filter((place) => unnoticed.has(place) && !held.has(place)).length;
}

function inOrderOfTime(acknowledged: readonly Acknowledgement[]): Acknowledgement[] {
  return [...acknowledged].sort((a, b) => a.atMicros - b.atMicros);
}

/**
 * What a reader finds that follows the topology store: read from the hosts themselves, past everything that is under
 * test.
 */
async function finalLog({ truth, hosts, violations, witness, setBacks }: Cluster): Promise<FinalLog> {
  const shardlets = new Map<number, LogShardlet>();
  const records: LogRecord[] = [];
  for (const shardlet of truth.shardlets()) {
    const { id, parents, owner, state } = shardlet;
    const host = hosts.get(owner)!;
    const isGone = state.kind === 'gone';
    const details = await host.memory.describe(id);
    const firstSeq = 'range' in details ? details.firstSeq : 1;
    shardlets.set(id, {
      id,
      parents,
      firstSeq,
      isGone,
      lost: witness.lossesOf(id),
      forgets: witness.forgets(id),
      revivedAbove: witness.revivedAbove(id),
      beganAnewAt: witness.beganAnewAt(id),
    });
    if (isGone) continue;
    if (!('range' in details)) {
      violations.push(
        violation(
          'I1',
          `The topology store has shardlet ${id} ${state.kind} on host ${owner}, which has ${details.mode}`,
          {
            shardlets: [id],
          },
        ),
      );
      continue;
    }
    for (const record of await recordsOf(host.memory, shardlet, firstSeq))
      records.push({ ...record, epoch: witness.epochOf(record.event, id, record.seq) });
    if ('finalSeq' in state && details.lastSeq !== state.finalSeq)
      violations.push(
        violation(
          'I1',
          `The topology store closed shardlet ${id} at ${state.finalSeq}, the host holds it up to ${details.lastSeq}`,
          { shardlets: [id] },
        ),
      );
  }
  return { shardlets, records, unnoticed: setBacks.unnoticed() };
}

async function recordsOf(host: EventHost, { id, range }: Shardlet, firstSeq: number): Promise<LogRecord[]> {
  const reply = await host.read(id, firstSeq, 0, { maxRecords: 1_000_000, maxBytes: 1e12 });
  if (reply.kind !== 'records') return [];
  return reply.records.map(({ seq, ts, frame }) => {
    const { id: event, content } = eventOf(frame);
    const isInside = contains(range, framePosition(frame));
    return { event, content: isInside ? content : 'outside of the range', shardlet: id, seq, ts };
  });
}
