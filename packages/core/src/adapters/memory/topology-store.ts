/**
 * The topology store in memory: for tests and the simulator. One JavaScript turn per decision stands for the deciding
 * transaction, so it is linearizable by itself.
 */
import { type Clock, MICROS_PER_MS } from '../../kernel/index.ts';
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

  async decide<R>(decision: Decision<R>, actor: string, auditRow?: string): Promise<DecisionReply<R>> {
    const nowMs = Math.floor(this.clock.nowMicros() / MICROS_PER_MS);
    const loaded = loadFromMap(this.map, decision.needs, nowMs, this.nextIds);
    const judgement = judge(decision, loaded, actor, auditRow);
    if (judgement.kind === 'refuse') return { kind: 'refused', refusal: judgement.refusal };
    this.map.apply(judgement.change);
    this.changes.push(judgement.change);
    this.nextIds = judgement.nextIds;
    return { kind: 'decided', version: judgement.change.version, result: judgement.result };
  }

  async close(): Promise<void> {}
}
