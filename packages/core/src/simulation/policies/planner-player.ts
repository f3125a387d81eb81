/**
 * Our own policies: the product's planner, handed the virtual cluster as it is handed a real one. Reactive sees what
 * was measured; predictive sees what is forecast for the next hour as well; the oracle sees what will be.
 */
import {
  type Action,
  type ClusterColumns,
  type Column,
  DEFAULT_POLICY,
  HOST_STATUS,
  IN_FLIGHT,
  NONE,
  type Policy,
  plan,
  policySchema,
  shardletColumns,
} from '../../planning/index.ts';
import type { AnnouncedLoad } from './announced-load.ts';
import type { CostModel } from './cost-model.ts';
import type { Foresight, Outlook } from './foresight.ts';
import { PieceTrust } from './piece-trust.ts';
import type { PolicyPlayer } from './policy-player.ts';
import { recentLoads } from './policy-player.ts';
import { surgeFactor } from './surge.ts';
import { type Order, RATE_MINUTES, type World } from './world.ts';

const MINUTE_MS = 60_000;

/** What is searched for on tuning traces; the rest of the policy is as it ships. */
export interface PlannerChoice {
  readonly fullness: number;
  readonly hysteresis: number;
  readonly standsOut: number;
  /** standard deviations of what chance does to the measured load of a host, by which a hot one stands out at least */
  readonly chance: number;
  readonly moveCost: number;
  /** part of a host above which a shardlet is split */
  readonly shardletShare: number;
  /** steps of ten minutes that are planned ahead */
  readonly steps: number;
  /** of the distance to the 90 % quantile: a host's shardlets are seldom all at their quantile together */
  readonly pooled: number;
  /** distances of the total to its 90 % quantile that all shardlets may grow by together; see surge.ts */
  readonly surge: number;
  /** of the shares of light keys, a minute: they follow what is measured */
  readonly shareMemory: number;
  /** pressure the others may reach when a host is removed */
  readonly scaleIn: number;
  /** of reserves for announced load, 0 to 1 */
  readonly reserve: number;
}

export const SHIPPED: PlannerChoice = {
  // with the copy that relieves it, and noise, a host has to stay below its capacity
  fullness: 0.85,
  hysteresis: 0.12,
  standsOut: 0.06,
  // hosts are looked at thousands of times a day, and each look that is wrong is a move
  chance: 4,
  moveCost: 0.002,
  shardletShare: 0.2,
  steps: 6,
  pooled: 0.15,
  surge: 2,
  shareMemory: 0.98,
  scaleIn: 0.8,
  reserve: 0.8,
};

/** every plan keeps room for them, and there are thousands of plans */
const SPLITS_AT_ONCE = 64;
/** time since the last change of hosts before one is given back */
const SCALE_IN_REST = 60;

export function policyFor(choice: PlannerChoice, { capacity, bytesPerEvent, ...model }: CostModel): Policy {
  const hostHourBytes = 60 * capacity * bytesPerEvent;
  const copyBytes = Math.max(1, (model.copySpeed * capacity * bytesPerEvent) / 60);
  const isScaling = model.hostsMax > model.hosts;
  return policySchema.parse({
    ...DEFAULT_POLICY,
    // moving what a full host takes in within an hour costs ten moves
    rest: {
      ...DEFAULT_POLICY.rest,
      move_cost: choice.moveCost,
      move_cost_per_gb: Math.min(1_000, (10 * choice.moveCost * 1e9) / hostHourBytes),
    },
    host: {
      ...DEFAULT_POLICY.host,
      fullness: choice.fullness,
      hysteresis: choice.hysteresis,
      stands_out: choice.standsOut,
      copy_share: model.copyCpu,
      imbalance_tolerance: 10,
      moves_max: model.movesPerHost,
      capacity_limit: 0.97,
    },
    budget: {
      ...DEFAULT_POLICY.budget,
      splits: SPLITS_AT_ONCE,
      copy_bytes_low: copyBytes,
      copy_bytes_high: copyBytes,
    },
    shardlet: {
      ...DEFAULT_POLICY.shardlet,
      rate_cap: 1e9,
      shardlet_size: 2 ** 40,
      host_share_max: Math.min(1, choice.shardletShare / DEFAULT_POLICY.shardlet.fullness),
      merge_below: 0,
      cooldown: 10,
    },
    scaling: isScaling
      ? {
          ...DEFAULT_POLICY.scaling,
          hosts_max: model.hostsMax,
          scale_in_fullness: choice.scaleIn,
          scale_in_rest: SCALE_IN_REST,
        }
      : { ...DEFAULT_POLICY.scaling, hosts_min: model.hosts, hosts_max: 1 },
  });
}

export class PlannerPlayer implements PolicyPlayer {
  readonly name: string;
  private readonly policy: Policy;
  private readonly choice: PlannerChoice;
  private readonly foresight: Foresight | undefined;
  private readonly stepMinutes: number;
  private readonly shares: Float64Array;
  private outlook: Outlook | undefined;
  /** of the total, by step ahead, over what is measured */
  private growth: readonly number[] = [];
  private readonly trust = new PieceTrust();
  private readonly announced: AnnouncedLoad | undefined;

  constructor(
    name: string,
    choice: PlannerChoice,
    model: CostModel,
    foresight: Foresight | undefined,
    workload: { readonly pastShare: Float64Array; readonly stepMinutes: number },
    announced?: AnnouncedLoad,
  ) {
    this.announced = announced;
    this.name = name;
    this.choice = choice;
    this.policy = policyFor(choice, model);
    this.foresight = foresight;
    this.stepMinutes = workload.stepMinutes;
    this.shares = workload.pastShare.slice();
  }

  decide(world: World, minute: number): readonly Order[] {
    this.follow(world);
    if (this.foresight !== undefined && minute % this.stepMinutes === 0)
      this.look(world, this.foresight, minute);
    this.announced?.learn(world, minute);
    const present = presentHosts(world);
    const { actions } = plan(this.columnsOf(world, present), this.policyNow(world), minute * MINUTE_MS);
    return ordersOf(actions, world, present);
  }

  private look(world: World, foresight: Foresight, minute: number): void {
    this.outlook = foresight.at(minute, this.shares, this.choice.steps);
    if (this.outlook === undefined) return;
    const middle = (piece: number, ahead: number) => this.expected(world.pieces[piece]!, ahead, 0);
    const now = recentLoads(world);
    const sum = now.reduce((total, load) => total + load, 0);
    this.growth = this.outlook.middle.map((keys) =>
      sum > 0 ? keys.reduce((total, load) => total + load, 0) / sum : 1,
    );
    this.trust.learn(minute / this.stepMinutes, now, middle, this.growth);
  }

  /** A few events a minute differ from host to host by chance, and moves after chance never end. */
  private policyNow({ keyRate, fleet }: World): Policy {
    const counted = (keyRate.reduce((sum, rate) => sum + rate, 0) * RATE_MINUTES) / fleet.active.length;
    // room is kept where bursts are announced: what else is uneven is not worth a copy beside them
    const standsOut = this.choice.standsOut * (this.announced?.isOfUse === true ? ANNOUNCED_STANDS_OUT : 1);
    const noise = this.choice.chance / Math.sqrt(Math.max(1, counted));
    return {
      ...this.policy,
      host: { ...this.policy.host, stands_out: Math.max(standsOut, noise) },
    };
  }

  private follow({ keyLast }: World): void {
    const sum = keyLast.reduce((total, events) => total + events, 0);
    if (sum === 0) return;
    const { shareMemory } = this.choice;
    for (let key = 0; key < keyLast.length; key++)
      this.shares[key] = shareMemory * this.shares[key]! + ((1 - shareMemory) * keyLast[key]!) / sum;
  }

  private columnsOf(world: World, present: readonly number[]): ClusterColumns {
    const { pieces, model, fleet } = world;
    const rowOf = new Map(present.map((host, row) => [host, row]));
    const row = (host: number) => rowOf.get(host) ?? NONE;
    const ahead = this.outlook?.middle.length ?? 0;
    const columns: Column[] = Array.from({ length: 1 + ahead }, (_, h) => ({
      resource: 'eventsPerSecond',
      aheadMinutes: h * this.stepMinutes,
    }));
    const shardlets = shardletColumns(pieces.length, columns.length);
    const now = recentLoads(world);
    const reserved = this.announced?.reserved(world, this.choice) ?? NOTHING_RESERVED;
    for (const piece of pieces) {
      const { id } = piece;
      shardlets.ids.push(String(id));
      shardlets.owner[id] = row(piece.host);
      shardlets.demand[id * columns.length] = now[id]!;
      const trust = ahead > 0 ? this.trust.of(id) : 0;
      for (let h = 0; h < ahead; h++)
        shardlets.demand[id * columns.length + 1 + h] =
          trust * this.expected(piece, h, this.choice.pooled) + (1 - trust) * now[id]! * this.growth[h]!;
      shardlets.bytes[id] = world.bytesOf(id);
      shardlets.movedAtMs[id] = piece.movedAt * MINUTE_MS;
      shardlets.reshapedAtMs[id] = piece.reshapedAt * MINUTE_MS;
      shardlets.cameFrom[id] = row(piece.cameFrom);
      shardlets.recentMoves[id] = Math.min(255, piece.moves);
      // one key cannot be split between keys
      shardlets.topKeyShare[id] = piece.keys.length < 2 ? 1 : this.topShare(world, piece.keys);
      const extra = reserved.get(id);
      if (extra === undefined) continue;
      if (piece.keys.length > 1)
        shardlets.topKeyShare[id] = Math.max(
          1 / piece.keys.length,
          (shardlets.topKeyShare[id]! * now[id]!) / (now[id]! + extra.waits),
        );
    }
    for (let h = 0; h < ahead; h++) {
      this.surge(world, shardlets.demand, columns.length, h);
      for (const [id, { waits, runs }] of reserved) {
        const at = id * columns.length + 1 + h;
        shardlets.demand[at] = Math.max(shardlets.demand[at]! + waits, runs);
      }
    }
    const moves = new Int32Array(present.length);
    for (const copy of world.copies) {
      shardlets.flags[copy.piece]! |= IN_FLIGHT;
      shardlets.owner[copy.piece] = row(copy.to);
      moves[row(copy.from)]!++;
      moves[row(copy.to)]!++;
    }
    return {
      columns,
      hosts: {
        ids: present.map(String),
        zones: ['only'],
        zone: new Int32Array(present.length),
        status: Uint8Array.from(present, (host) => PLANNED_AS[fleet.status[host]!]),
        capacity: new Float64Array(present.length * columns.length).fill(model.capacity),
        health: new Float64Array(present.length).fill(100),
        moves,
      },
      shardlets,
      shardletCount: pieces.length,
      pins: [],
      areas: [],
      hostsChangedAtMs: fleet.changedAt * MINUTE_MS,
      topologyVersion: NONE + 1,
    };
  }

  private surge({ pieces, model, fleet }: World, demand: Float64Array, width: number, h: number): void {
    const { fullness, hysteresis, surge: distances } = this.choice;
    // where hosts come and go it would only keep more of them, and what it is for is room that is there
    if (model.hostsMax > model.hosts) return;
    // most of the total's doubt are bursts, and what announces them says where they come
    if (this.announced?.isOfUse === true) return;
    let total = 0;
    for (const { id } of pieces) total += demand[id * width + 1 + h]!;
    // the mark that hot hosts are relieved to
    const room = (fullness - hysteresis) * model.capacity * fleet.active.length;
    const factor = surgeFactor(total, { commonDoubt: this.outlook!.commonDoubt[h]!, distances, room });
    for (const { id } of pieces) demand[id * width + 1 + h]! *= factor;
  }

  /** Doubts of a piece's keys add up as independent ones do. */
  private expected({ keys, share }: World['pieces'][number], h: number, pooled: number): number {
    const { middle, doubt } = this.outlook!;
    let sum = 0;
    let squares = 0;
    for (const key of keys) {
      sum += share * middle[h]![key]!;
      squares += (share * doubt[h]![key]!) ** 2;
    }
    return sum + pooled * Math.sqrt(squares);
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

/** so many times as far a host has to stand out where something announces bursts */
const ANNOUNCED_STANDS_OUT = 2;
const NOTHING_RESERVED: ReturnType<AnnouncedLoad['reserved']> = new Map();

const PLANNED_AS = {
  active: HOST_STATUS.active,
  draining: HOST_STATUS.draining,
  dead: HOST_STATUS.dead,
  starting: HOST_STATUS.dead,
  none: HOST_STATUS.dead,
} as const;

/** Hosts the planner is shown: those that have shardlets or may get some. */
function presentHosts({ fleet }: World): number[] {
  return [...fleet.status.keys()].filter((host) => !['starting', 'none'].includes(fleet.status[host]!));
}

function ordersOf(actions: readonly Action[], world: World, present: readonly number[]): Order[] {
  const orders: Order[] = [];
  const taken = new Set<number>();
  for (const action of actions) {
    if (action.kind === 'split') {
      taken.add(action.shardlet);
      orders.push({ kind: 'split', piece: action.shardlet, parts: action.children.length + 1 });
    }
    // parts that are only planned cannot be moved yet
    if (action.kind === 'move' && action.shardlet < world.pieces.length && !taken.has(action.shardlet))
      orders.push({ kind: 'move', piece: action.shardlet, to: present[action.to]! });
    // those that start already were ordered for the same need
    if (action.kind === 'add-hosts')
      orders.push({
        kind: 'add-hosts',
        count: Math.max(0, action.count - world.fleet.with('starting').length),
      });
    if (action.kind === 'remove-host') orders.push({ kind: 'remove-host', host: present[action.host]! });
  }
  return orders;
}
