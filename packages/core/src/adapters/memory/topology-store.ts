/**
 * T in memory: for tests and the simulator. One JavaScript turn per decision stands for the deciding
 * transaction, so it is linearizable by itself.
 */
import { type Clock, MICROS_PER_MS } from '../../kernel/index.ts';
import {
  type Change,
  type Decision,
  type DecisionReply,
  EMPTY_TOPOLOGY,
  FIRST_IDS,
  involves,
  judge,
  type Loaded,
  type Needs,
  type NextIds,
  type Shardlet,
  type Topology,
  TopologyMap,
  type TopologyStore,
} from '../../topology/index.ts';

export class MemoryTopologyStore implements TopologyStore {
  private readonly clock: Clock;
  private readonly map = new TopologyMap(EMPTY_TOPOLOGY);
  /** change `version` stands at index `version - 1` */
  private readonly changes: Change[] = [];
  private nextIds: NextIds = FIRST_IDS;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async snapshot(): Promise<Topology> {
    return { ...this.map.toTopology(), garbage: [...this.map.garbage()] };
  }

  async changesAfter(version: number, limit: number): Promise<readonly Change[]> {
    return this.changes.slice(version, version + limit);
  }

  async decide<R>(decision: Decision<R>, actor: string): Promise<DecisionReply<R>> {
    const judgement = judge(decision, this.load(decision.needs), actor);
    if (judgement.kind === 'refuse') return { kind: 'refused', refusal: judgement.refusal };
    this.map.apply(judgement.change);
    this.changes.push(judgement.change);
    this.nextIds = judgement.nextIds;
    return { kind: 'decided', version: judgement.change.version, result: judgement.result };
  }

  async close(): Promise<void> {}

  private load(needs: Needs): Loaded {
    return {
      version: this.map.version + 1,
      nowMs: Math.floor(this.clock.nowMicros() / MICROS_PER_MS),
      streams: this.map.streams(),
      hosts: this.map.hosts(),
      shardlets: this.needed(needs),
      garbage: needs.garbage ? this.map.garbage() : [],
      nextIds: this.nextIds,
    };
  }

  /** In the order of ids, like the rows of a database. */
  private needed(needs: Needs): Shardlet[] {
    const { shardletsOfStream, shardletsOfHost } = needs;
    const found = new Map<number, Shardlet>();
    const add = (s: Shardlet | undefined) => s !== undefined && found.set(s.id, s);
    for (const id of needs.shardlets ?? []) add(this.map.shardlet(id));
    if (shardletsOfStream !== undefined) for (const s of this.map.shardlets(shardletsOfStream)) add(s);
    if (shardletsOfHost !== undefined)
      for (const s of this.map.shardlets()) if (involves(s, shardletsOfHost)) add(s);
    return [...found.values()].sort((a, b) => a.id - b.id);
  }
}
