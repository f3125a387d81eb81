/**
 * What a demo shows while it runs, as one document: the worker writes it, every surface reads it. Times inside a run are
 * seconds from its start; `clock` says which time of the made-up day that is.
 */
import { z } from 'zod';

export const DEMO_ARMS = ['with', 'without'] as const;
export type DemoArm = (typeof DEMO_ARMS)[number];

const count = z.int().min(0);
const second = z.number();
const rate = z.number().min(0);

const resultSchema = z.strictObject({
  sent: count.describe('events'),
  refused: count.describe('events that were not stored'),
  late: count.describe('stored, but answered later than a second after they were due'),
  p50: rate.describe('ms until an event was answered'),
  p99: rate,
  overloadSeconds: rate.describe('seconds in which more was asked of a host than it takes'),
  moves: count,
});
export type DemoResult = z.infer<typeof resultSchema>;

const moveSchema = z.strictObject({
  shardlet: z.int(),
  from: count.describe('place in `hosts`'),
  to: count,
  second,
  endSecond: second.nullable().describe('null: it is under way'),
});
export type DemoMove = z.infer<typeof moveSchema>;

const forecastSchema = z.strictObject({
  second: second.describe('when it was made; the first value is of the second after it'),
  low: z.array(rate).describe('10 % quantile of the busy host'),
  middle: z.array(rate),
  high: z.array(rate).describe('90 % quantile'),
});

const runSchema = z.strictObject({
  number: z.int().min(1),
  arm: z.enum(DEMO_ARMS).describe('with or without the forecast'),
  state: z.enum(['waiting', 'running', 'ended']),
  samples: z.array(
    z.strictObject({
      second,
      loads: z.array(rate).describe('events asked of each host in this second, as its edge counted them'),
      refused: count,
    }),
  ),
  forecast: forecastSchema.nullable().describe('the newest'),
  foreseen: forecastSchema.nullable().describe('that of the first plan: what would have come without it'),
  plans: z.array(z.strictObject({ second, headline: z.string() })),
  moves: z.array(moveSchema),
  result: resultSchema.nullable(),
});
export type DemoRun = z.infer<typeof runSchema>;

const spreadSchema = z.strictObject({ median: rate, least: rate, most: rate });
export type DemoSpread = z.infer<typeof spreadSchema>;

const armSchema = z.strictObject({
  runs: count,
  refused: spreadSchema,
  late: spreadSchema,
  p99: spreadSchema,
  overloadSeconds: spreadSchema,
});
const summarySchema = z.strictObject({
  with: armSchema,
  without: armSchema,
  verdict: z.enum(['better', 'worse', 'within the spread']),
  headline: z.string(),
});
export type DemoSummary = z.infer<typeof summarySchema>;

const clockSchema = z.strictObject({
  startMinute: count.describe('of the made-up day, at the start of every run'),
  minutesPerSecond: z.int().min(1),
  runSeconds: z.int().min(1),
});

export const demoStatusSchema = z
  .strictObject({
    state: z.enum(['idle', 'requested', 'running', 'cleaning', 'ended']),
    step: z.string().describe('what it does now'),
    outcome: z.enum(['done', 'stopped', 'failed']).nullable(),
    reason: z.string().nullable().describe('why it was stopped or failed'),
    startedAt: z.iso.datetime().nullable(),
    endedAt: z.iso.datetime().nullable(),
    startedBy: z.string().nullable(),
    seed: count.nullable(),
    hosts: z.array(z.string()).describe('names'),
    busyHost: count.describe('place in `hosts` of the one that the peak hits'),
    machinePerSecond: rate.nullable().describe('events a second that this machine was measured to take'),
    hostPerSecond: rate
      .nullable()
      .describe('events a second that each host takes of the demo: a limit of the edge'),
    clock: clockSchema,
    history: z
      .array(rate)
      .describe('of the busy host, the day before the runs, one value a step of 5 minutes'),
    runs: z.array(runSchema),
    summary: summarySchema.nullable(),
  })
  .meta({ id: 'Demo' });
export type DemoStatus = z.infer<typeof demoStatusSchema>;

export const NO_DEMO: DemoStatus = Object.freeze({
  ...({ state: 'idle', step: 'No demo has run', outcome: null, reason: null } as const),
  ...{ startedAt: null, endedAt: null, startedBy: null, seed: null },
  ...{ hosts: [], busyHost: 0, machinePerSecond: null, hostPerSecond: null },
  clock: { startMinute: 420, minutesPerSecond: 5, runSeconds: 19 },
  ...{ history: [], runs: [], summary: null },
});

/** Has a worker, or will a worker have, something to do for it? */
export function isUnderWay({ state }: Pick<DemoStatus, 'state'>): boolean {
  return state !== 'idle' && state !== 'ended';
}

/** "07:55" of the made-up day. */
export function demoTime({ startMinute, minutesPerSecond }: DemoStatus['clock'], second: number): string {
  const minute = Math.floor(startMinute + second * minutesPerSecond) % (24 * 60);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
