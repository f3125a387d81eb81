/** For tests of decisions: the topology store in memory with short ways to look at it and to bring it into a state. */
import { FIRST_IDS, type Judgement, judge } from '../deciding.ts';
import { loadFromMap } from '../load-from-map.ts';
import { EMPTY_TOPOLOGY, type Host, type Shardlet, type ShardletState, type Topology } from '../model.ts';
import { TopologyMap } from '../topology-map.ts';
import type { Decision, Refusal } from '../topology-store.ts';
import { addHost } from './hosts.ts';
import { settleOpening } from './opening.ts';
import { createStream, type StreamRequest } from './streams.ts';

export class Trial {
  readonly nowMs = 1_790_000_000_000;
  readonly map = new TopologyMap(EMPTY_TOPOLOGY);
  private nextIds = FIRST_IDS;

  /** REQUIRES that it is accepted. */
  decide<R>(decision: Decision<R>): R {
    const judgement = this.judge(decision);
    if (judgement.kind === 'accept') return judgement.result;
    throw new Error(`${judgement.refusal.reason}: ${judgement.refusal.detail}`);
  }

  /** Undefined when it was accepted. */
  refusal(decision: Decision<unknown>): Refusal['reason'] | undefined {
    const judgement = this.judge(decision);
    return judgement.kind === 'refuse' ? judgement.refusal.reason : undefined;
  }

  topology(): Topology {
    return { ...this.map.toTopology(), garbage: [...this.map.garbage()] };
  }

  shardlet(id: number): Shardlet {
    return this.map.shardlet(id)!;
  }

  host(id: number): Host | undefined {
    return this.map.host(id);
  }

  addHost(name: string, durability: Host['durability'] = 'always'): number {
    const url = `redis://${name}.test:6379`;
    return this.decide(addHost({ name, engine: 'redis', url, incarnation: `${name}-1`, durability })).hostId;
  }

  /** A stream with every shardlet open, in the order of positions. */
  openStream(request: StreamRequest): Shardlet[] {
    const { streamId } = this.decide(createStream(request));
    const made = this.topology().shardlets.filter((s) => s.stream === streamId);
    const open: Shardlet[] = [];
    for (const { id, epoch } of made) open.push(this.decide(settleOpening(id, epoch)));
    return open;
  }

  /** Brings a shardlet into a state that other decisions lead to; `raised`: with a new epoch. */
  force(id: number, state: ShardletState, raised: 'raised' | 'kept' = 'kept'): Shardlet {
    return this.decide({
      name: 'force',
      needs: { shardlets: [id] },
      rule(view) {
        const before = view.shardlet(id)!;
        const after = { ...before, state, epoch: raised === 'raised' ? view.version : before.epoch };
        return { kind: 'accept', puts: { shardlets: [after] }, result: after };
      },
    });
  }

  /** A migration is prepared: the destination may hold a shadow with the version of this decision. */
  startMove(id: number, dest: number): Shardlet {
    return this.decide({
      name: 'startMove',
      needs: { shardlets: [id] },
      rule(view) {
        const after: Shardlet = {
          ...view.shardlet(id)!,
          state: { kind: 'moving', dest, nextEpoch: view.version },
        };
        return { kind: 'accept', puts: { shardlets: [after] }, result: after };
      },
    });
  }

  private judge<R>(decision: Decision<R>): Judgement<R> {
    const loaded = loadFromMap(this.map, decision.needs, this.nowMs, this.nextIds);
    const judgement = judge(decision, loaded, 'trial');
    if (judgement.kind === 'refuse') return judgement;
    this.map.apply(judgement.change);
    this.nextIds = judgement.nextIds;
    return judgement;
  }
}
