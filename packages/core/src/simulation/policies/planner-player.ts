/**
 * Our own policies: the product's planner, handed the virtual cluster as it is handed a real one. Reactive sees what
 * was measured; predictive sees what is forecast for the next hour as well; the oracle sees what will be.
 */
import {
  type ClusterColumns,
  type Column,
  DEFAULT_POLICY,
  IN_FLIGHT,
  NONE,
  type Policy,
  plan,
  policySchema,
  shardletColumns,
} from '../../planning/index.ts';
import type { Foresight, Outlook } from './foresight.ts';
import type { PolicyPlayer } from './policy-player.ts';
import { recentLoads } from './policy-player.ts';
import type { Order, World } from './world.ts';

const MINUTE_MS = 60_000;
/** how slowly the shares of light keys follow what is measured: half a day */
const SHARE_MEMORY = 0.999;
/** of the planned quantile's distance: a host's shardlets are seldom all at their quantile together */
const POOLED = 0.6;

export interface PlannerChoice {
  readonly fullness: number;
  readonly hysteresis: number;
  readonly moveCost: number;
}

export const SHIPPED: PlannerChoice = { fullness: 0.8, hysteresis: 0.08, moveCost: 0.002 };

export function policyFor({ fullness, hysteresis, moveCost }: PlannerChoice, hostHourBytes: number): Policy {
  return policySchema.parse({
    ...DEFAULT_POLICY,
    // moving what a full host takes in within an hour costs ten moves
    rest: {
      ...DEFAULT_POLICY.rest,
      move_cost: moveCost,
      move_cost_per_gb: (10 * moveCost * 1e9) / hostHourBytes,
    },
    host: {
      ...DEFAULT_POLICY.host,
      fullness,
      hysteresis,
      imbalance_tolerance: 10,
      moves_max: 2,
      capacity_limit: 0.97,
    },
    shardlet: {
      ...DEFAULT_POLICY.shardlet,
      rate_cap: 1e9,
      shardlet_size: 2 ** 40,
      merge_below: 0,
      cooldown: 10,
    },
    scaling: { ...DEFAULT_POLICY.scaling, hosts_max: 1, scale_in_fullness: 0.05 },
  });
}

export class PlannerPlayer implements PolicyPlayer {
  readonly name: string;
  private readonly policy: Policy;
  private readonly foresight: Foresight | undefined;
  private readonly stepMinutes: number;
  private readonly shares: Float64Array;
  private outlook: Outlook | undefined;

  constructor(
    name: string,
    policy: Policy,
    foresight: Foresight | undefined,
    workload: { readonly pastShare: Float64Array; readonly stepMinutes: number },
  ) {
    this.name = name;
    this.policy = policy;
    this.foresight = foresight;
    this.stepMinutes = workload.stepMinutes;
    this.shares = workload.pastShare.slice();
  }

  decide(world: World, minute: number): readonly Order[] {
    this.follow(world);
    if (this.foresight !== undefined && minute % this.stepMinutes === 0)
      this.outlook = this.foresight.at(minute, this.shares);
    const { actions } = plan(this.columnsOf(world), this.policy, minute * MINUTE_MS);
    const orders: Order[] = [];
    for (const action of actions) {
      if (action.kind === 'split')
        orders.push({ kind: 'split', piece: action.shardlet, parts: action.children.length + 1 });
      // parts that are only planned cannot be moved yet
      if (
        action.kind === 'move' &&
        action.shardlet < world.pieces.length &&
        !orders.some((o) => o.piece === action.shardlet)
      )
        orders.push({ kind: 'move', piece: action.shardlet, to: action.to });
    }
    return orders;
  }

  private follow({ keyLast }: World): void {
    const sum = keyLast.reduce((total, events) => total + events, 0);
    if (sum === 0) return;
    for (let key = 0; key < keyLast.length; key++)
      this.shares[key] = SHARE_MEMORY * this.shares[key]! + ((1 - SHARE_MEMORY) * keyLast[key]!) / sum;
  }

  private columnsOf(world: World): ClusterColumns {
    const { pieces, model } = world;
    const ahead = this.outlook?.middle.length ?? 0;
    const columns: Column[] = Array.from({ length: 1 + ahead }, (_, h) => ({
      resource: 'eventsPerSecond',
      aheadMinutes: h * this.stepMinutes,
    }));
    const shardlets = shardletColumns(pieces.length, columns.length);
    const now = recentLoads(world);
    for (const piece of pieces) {
      const { id } = piece;
      shardlets.ids.push(String(id));
      shardlets.owner[id] = piece.host;
      shardlets.demand[id * columns.length] = now[id]!;
      for (let h = 0; h < ahead; h++) shardlets.demand[id * columns.length + 1 + h] = this.expected(piece, h);
      shardlets.bytes[id] = world.bytesOf(id);
      shardlets.movedAtMs[id] = piece.movedAt * MINUTE_MS;
      shardlets.reshapedAtMs[id] = piece.reshapedAt * MINUTE_MS;
      shardlets.cameFrom[id] = piece.cameFrom;
      shardlets.recentMoves[id] = Math.min(255, piece.moves);
      // one key cannot be split between keys
      shardlets.topKeyShare[id] = piece.keys.length < 2 ? 1 : this.topShare(world, piece.keys);
    }
    const moves = new Int32Array(model.hosts);
    for (const copy of world.copies) {
      shardlets.flags[copy.piece]! |= IN_FLIGHT;
      shardlets.owner[copy.piece] = copy.to;
      moves[copy.from]!++;
      moves[copy.to]!++;
    }
    return {
      columns,
      hosts: {
        ids: Array.from({ length: model.hosts }, (_, host) => String(host)),
        zones: ['only'],
        zone: new Int32Array(model.hosts),
        status: new Uint8Array(model.hosts),
        capacity: new Float64Array(model.hosts * columns.length).fill(model.capacity),
        health: new Float64Array(model.hosts).fill(100),
        moves,
      },
      shardlets,
      shardletCount: pieces.length,
      pins: [],
      hostsChangedAtMs: Number.NEGATIVE_INFINITY,
      topologyVersion: NONE + 1,
    };
  }

  /** Doubts of a piece's keys add up as independent ones do. */
  private expected({ keys, share }: World['pieces'][number], h: number): number {
    const { middle, doubt } = this.outlook!;
    let sum = 0;
    let squares = 0;
    for (const key of keys) {
      sum += share * middle[h]![key]!;
      squares += (share * doubt[h]![key]!) ** 2;
    }
    return sum + POOLED * Math.sqrt(squares);
  }

  private topShare({ keyRate }: World, keys: readonly number[]): number {
    let sum = 0;
    let most = 0;
    for (const key of keys) {
      sum += keyRate[key]!;
      most = Math.max(most, keyRate[key]!);
    }
    return sum > 0 ? most / sum : 0;
  }
}
