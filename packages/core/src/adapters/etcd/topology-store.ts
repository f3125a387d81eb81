/**
 * The topology store on etcd, that is on Raft: a replicated state machine. The change log is the truth; every process
 * applies it to a map of its own, judges on that map, and commits with one compare-and-set of the clock. Whoever
 * loses the race reads what was decided meanwhile and judges again, so no rule ever sees an old map.
 *
 * Versions come from the clock key and not from etcd's revision: a revision also moves with keys that are no
 * decisions (pieces, bases, locks of others), so followers could not tell a gap from a missing change.
 */
import { randomUUID } from 'node:crypto';
import {
  type Change,
  type Decision,
  type DecisionReply,
  EMPTY_TOPOLOGY,
  FIRST_IDS,
  judge,
  loadFromMap,
  type NextIds,
  type Topology,
  TopologyMap,
  type TopologyStore,
} from '../../topology/index.ts';
import { DatabaseUnreachable } from '../prisma/index.ts';
import { parseEtcdUrl } from './address.ts';
import { EtcdConnection } from './etcd-connection.ts';
import type { LogRecord } from './record-codec.ts';
import { TopologyLog } from './topology-log.ts';

const CATCH_UP_RECORDS = 1_000;
/** A new process reads the base and at most about this many decisions. */
const DECISIONS_PER_BASE = 200;
/** A decider that loses every race for this long gives up; races are a few milliseconds. */
const DECIDE_WITHIN_MS = 20_000;
/** Losers wait a random part of this, so that they do not meet again at once. */
const PAUSE_AFTER_RACE_MS = 10;

export class EtcdTopologyStore implements TopologyStore {
  private readonly connection: EtcdConnection;
  private readonly log: TopologyLog;
  private map: TopologyMap | undefined;
  private nextIds: NextIds = FIRST_IDS;
  private baseVersion = 0;
  /** one user of the map at a time */
  private turn: Promise<unknown> = Promise.resolve();

  /** Owns the connection. */
  constructor(connection: EtcdConnection, prefix: string) {
    this.connection = connection;
    this.log = new TopologyLog(connection, prefix);
  }

  /** The key whose every change is a decision. */
  get clockKey(): string {
    return this.log.clockKey;
  }

  snapshot(): Promise<Topology> {
    return this.inTurn(async () => {
      const map = await this.caughtUp();
      return { ...map.toTopology(), garbage: [...map.garbage()] };
    });
  }

  async changesAfter(version: number, limit: number): Promise<readonly Change[]> {
    return (await this.log.recordsAfter(version, limit)).map((record) => record.change);
  }

  decide<R>(decision: Decision<R>, actor: string, auditRow?: string): Promise<DecisionReply<R>> {
    return this.inTurn(async () => {
      const deadline = Date.now() + DECIDE_WITHIN_MS;
      for (;;) {
        const reply = await this.tryToDecide(decision, actor, auditRow);
        if (reply !== 'lost the race') return reply;
        if (Date.now() > deadline)
          throw new DatabaseUnreachable('too many decisions at once on etcd: try again');
        await pauseAfterRace();
      }
    });
  }

  async close(): Promise<void> {
    await this.turn.catch(() => {});
    this.connection.close();
  }

  private async tryToDecide<R>(
    decision: Decision<R>,
    actor: string,
    auditRow: string | undefined,
  ): Promise<DecisionReply<R> | 'lost the race'> {
    const map = await this.caughtUp();
    const loaded = loadFromMap(map, decision.needs, Date.now(), this.nextIds);
    const judgement = judge(decision, loaded, actor, auditRow);
    if (judgement.kind === 'refuse') return { kind: 'refused', refusal: judgement.refusal };
    const { change, nextIds, result } = judgement;
    const record = { by: randomUUID(), change, nextIds };
    if (!(await this.log.commit(record))) return 'lost the race';
    this.apply(map, record);
    await this.renewBase(map);
    return { kind: 'decided', version: change.version, result };
  }

  private async caughtUp(): Promise<TopologyMap> {
    const map = this.map ?? (await this.start());
    for (let full = true; full; ) {
      const records = await this.log.recordsAfter(map.version, CATCH_UP_RECORDS);
      for (const record of records) this.apply(map, record);
      full = records.length === CATCH_UP_RECORDS;
    }
    return map;
  }

  private async start(): Promise<TopologyMap> {
    const base = await this.log.base();
    this.map = new TopologyMap(base ?? EMPTY_TOPOLOGY);
    this.nextIds = base?.nextIds ?? FIRST_IDS;
    this.baseVersion = base?.version ?? 0;
    return this.map;
  }

  private apply(map: TopologyMap, { change, nextIds }: LogRecord): void {
    map.apply(change);
    this.nextIds = nextIds;
  }

  /** The decision stands whether or not this succeeds: a base only saves new processes time. */
  private async renewBase(map: TopologyMap): Promise<void> {
    if (map.version - this.baseVersion < DECISIONS_PER_BASE) return;
    this.baseVersion = map.version;
    const { streams, hosts, shardlets, garbage, version } = map.toTopology();
    const base = {
      ...{ version, nextIds: this.nextIds },
      ...{ streams: [...streams], hosts: [...hosts], shardlets: [...shardlets], garbage: [...garbage] },
    };
    await this.log.putBase(base, randomUUID()).catch(() => {});
  }

  private inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(act, act);
    this.turn = mine.catch(() => {});
    return mine;
  }
}

/** @throws when the address is wrong; connects at the first call */
export function openEtcdTopology(
  url: string,
  callMs?: number,
): { store: EtcdTopologyStore; connection: EtcdConnection } {
  const address = parseEtcdUrl(url);
  const connection = new EtcdConnection(address, callMs);
  return { store: new EtcdTopologyStore(connection, address.prefix), connection };
}

function pauseAfterRace(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_AFTER_RACE_MS));
}
