/**
 * The load of the demo: a shop with a quiet night and a sale at eight that hits one host. All of it follows from the seed:
 * a week of history for the forecast, and the morning that every run repeats to the event.
 */
import { type Random, seededRandom } from '../kernel/index.ts';

export const STEP_MINUTES = 5;
const STEPS_A_DAY = (24 * 60) / STEP_MINUTES;
/** As long as the forecast service looks back at this grid. */
export const HISTORY_DAYS = 7;
export const SHARDLETS_A_HOST = 4;

/** Of what a host takes, each shardlet of it. */
const BASE_SHARE = 0.05;
/** In the rush, each shardlet of the busy host: four of them ask for 1.36 times what it takes. */
const RUSH_SHARE = 0.29;
const RUSH_FROM_MINUTE = 8 * 60;
const RUSH_TO_MINUTE = 9.5 * 60;
/** A sale that opens at eight: within seven minutes from a tenth to nine tenths. */
const RAMP_MINUTES = 1.5;
const NOISE = 0.08;
const DAYS_DIFFER = 0.04;

export interface DemoWorld {
  /** events a second of each shardlet at each step of the days before, up to the start of a run */
  readonly history: readonly Float64Array[];
  /** whole events of each shardlet in each second of a run */
  readonly morning: readonly (readonly number[])[];
}

export interface WorldOptions {
  readonly seed: number;
  readonly hosts: number;
  /** place of the host that the rush hits */
  readonly busyHost: number;
  readonly hostPerSecond: number;
  readonly startMinute: number;
  readonly runSeconds: number;
}

/** Shardlet `i` begins on host `i % hosts`. A second of a run is a step of the day. */
export function demoWorld(options: WorldOptions): DemoWorld {
  const { hosts, startMinute, runSeconds } = options;
  const random = seededRandom(options.seed);
  const days = Array.from({ length: HISTORY_DAYS + 1 }, () => 1 + DAYS_DIFFER * plusMinus(random));
  const startStep = startMinute / STEP_MINUTES;
  const steps = HISTORY_DAYS * STEPS_A_DAY + startStep;
  const rates = Array.from({ length: hosts * SHARDLETS_A_HOST }, (_, shard) => {
    const isBusy = shard % hosts === options.busyHost;
    return Float64Array.from({ length: steps + runSeconds }, (_, step) => {
      const level = levelAt((step % STEPS_A_DAY) * STEP_MINUTES, isBusy) * options.hostPerSecond;
      return level * days[Math.floor(step / STEPS_A_DAY)]! * (1 + NOISE * plusMinus(random));
    });
  });
  return {
    history: rates.map((ofShard) => ofShard.slice(0, steps)),
    morning: Array.from({ length: runSeconds }, (_, second) =>
      rates.map((ofShard) => Math.round(ofShard[steps + second]!)),
    ),
  };
}

function levelAt(minute: number, isBusy: boolean): number {
  const base = BASE_SHARE * (1 + 0.4 * Math.sin(((minute - 9 * 60) / (24 * 60)) * 2 * Math.PI));
  const rush = rises(minute - RUSH_FROM_MINUTE) * rises(RUSH_TO_MINUTE - minute);
  return isBusy ? base + RUSH_SHARE * rush : base;
}

function rises(minutes: number): number {
  return 1 / (1 + Math.exp(-minutes / RAMP_MINUTES));
}

function plusMinus(random: Random): number {
  return 2 * random.next() - 1;
}
