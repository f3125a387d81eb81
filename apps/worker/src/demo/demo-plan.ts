/**
 * What the planner of this product makes of a second of the demo: the same phases, objective and thresholds as for every
 * cluster, with the policy's defaults and the demo's limit as capacity. Splits and hosts are left out: moves are what
 * people can watch. Without the forecast nothing differs but that the shardlets have none.
 */
import { headlineOf } from '@foreshard/core/advising';
import { type DemoStatus, STEP_MINUTES } from '@foreshard/core/demo';
import {
  type ClusterState,
  compileState,
  DEFAULT_POLICY,
  documentOf,
  PHASE_ORDER,
  plan,
  type Recommendation,
} from '@foreshard/core/planning';
import type { Host } from '@foreshard/core/topology';
import type { Quantiles } from './foresight.ts';

export interface DemoMoment {
  /** of the run, so far measured */
  readonly second: number;
  readonly clock: DemoStatus['clock'];
  readonly hosts: readonly Pick<Host, 'id' | 'name' | 'zone'>[];
  readonly hostPerSecond: number;
  readonly shardlets: readonly DemoShardlet[];
}

export interface DemoShardlet {
  readonly id: number;
  readonly shard: number;
  readonly host: number;
  readonly movingTo?: number | undefined;
  readonly askedPerSecond: number;
  readonly forecast?: Quantiles | undefined;
  readonly movedAtSecond?: number | undefined;
  readonly cameFrom?: number | undefined;
}

export interface DemoPlan {
  readonly headline: string;
  readonly moves: readonly { readonly shardlet: number; readonly from: number; readonly to: number }[];
}

const MINUTE_MS = 60_000;
const PHASES = PHASE_ORDER.filter(({ name }) => name === 'rebalance');
const POLICY = { ...DEFAULT_POLICY, name: 'demo' };

/** Undefined: there is nothing to do. */
export function planDemo(moment: DemoMoment): DemoPlan | undefined {
  const nowMs = instantOf(moment, moment.second);
  const made = plan(compileState(stateOf(moment), POLICY), POLICY, nowMs, PHASES);
  const moves = documentOf(made, POLICY).recommendations.filter(({ action }) => action === 'move');
  if (moves.length === 0) return undefined;
  return {
    headline: headline(moves, moment),
    moves: moves.map(({ shardlets, source, destination }) => ({
      shardlet: Number(shardlets[0]),
      from: Number(source),
      to: Number(destination),
    })),
  };
}

function headline(moves: readonly Recommendation[], moment: DemoMoment): string {
  const ofSource = moves.filter(({ source }) => source === moves[0]!.source);
  const focus = {
    host: moves[0]!.source!,
    before: ofSource[0]!.effect!.sourceBefore,
    after: ofSource.at(-1)!.effect!.sourceAfter,
  };
  const overloadAt = moves.flatMap((one) => one.overloadAt ?? []).sort()[0] ?? null;
  return headlineOf(
    moves,
    { focus, overloadAt },
    {
      nameOf: (id) => moment.hosts.find((host) => String(host.id) === id)?.name ?? id,
      timeOf: (atMs) => new Date(atMs).toISOString().slice(11, 16),
      nowMs: instantOf(moment, moment.second),
    },
  );
}

function stateOf(moment: DemoMoment): ClusterState {
  const { hosts, shardlets, hostPerSecond, second } = moment;
  return {
    version: 1,
    now: timeOf(moment, second),
    topologyVersion: 0,
    hosts: hosts.map(({ id, zone }) => ({
      ...{ id: String(id), zone, state: 'active' as const, health: 100, labels: {} },
      capacity: { eventsPerSecond: hostPerSecond },
    })),
    shardlets: shardlets.map((one) => shardletState(one, moment)),
    moves: shardlets.flatMap(({ id, host, movingTo }) =>
      movingTo === undefined ? [] : [{ shardlet: String(id), from: String(host), to: String(movingTo) }],
    ),
    together: [],
  };
}

function shardletState(one: DemoShardlet, moment: DemoMoment): ClusterState['shardlets'][number] {
  const { movedAtSecond, cameFrom } = one;
  return {
    ...{ id: String(one.id), host: String(one.host), stream: 'demo', shard: one.shard, bytes: 0 },
    ...{
      topKeyShare: 0,
      keyMaySplit: false,
      frozen: false,
      movesLastDay: movedAtSecond === undefined ? 0 : 1,
    },
    load: { eventsPerSecond: one.askedPerSecond },
    forecast: one.forecast === undefined ? [] : stepsOf(one.forecast),
    ...(movedAtSecond === undefined ? {} : { lastMovedAt: timeOf(moment, movedAtSecond) }),
    ...(cameFrom === undefined ? {} : { cameFrom: String(cameFrom) }),
  };
}

function stepsOf(forecast: Quantiles): ClusterState['shardlets'][number]['forecast'] {
  return Array.from(forecast[0.5], (middle, step) => ({
    aheadMinutes: (step + 1) * STEP_MINUTES,
    quantiles: { '0.5': middle, '0.9': Math.max(middle, forecast[0.9][step]!) },
  }));
}

/** Of the made-up day, on a date that nobody sees. */
function instantOf({ clock }: Pick<DemoMoment, 'clock'>, second: number): number {
  return (clock.startMinute + second * clock.minutesPerSecond) * MINUTE_MS;
}

function timeOf(moment: DemoMoment, second: number): string {
  return new Date(instantOf(moment, second)).toISOString();
}
