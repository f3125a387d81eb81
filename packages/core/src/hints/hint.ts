/**
 * What people know of the future and no model can: "from T1 to T2 expect N times as much (or N a second) on these
 * keys, types or shards, because ...". One schema for the edge, the console and the command.
 */
import { z } from 'zod';

const LIST_MAX = 1_000;
const DAY_MS = 86_400_000;
/** Longer than a year is no event but a trend, which the models see by themselves. */
const LENGTH_MS_MAX = 366 * DAY_MS;
const FACTOR_MAX = 1_000;

const time = z.iso.datetime({
  offset: true,
  error: 'expected a time with a zone, such as 2026-12-24T18:00:00+01:00',
});
const names = (what: string) =>
  z
    .array(z.string().min(1).max(256))
    .min(1)
    .max(LIST_MAX)
    .optional()
    .describe(`only events of these ${what}`);

const hintRepeatSchema = z.strictObject({
  every: z.enum(['day', 'week', 'month']).describe('month: on the same date; months without it are left out'),
  zone: z
    .string()
    .max(64)
    .refine(isZone, { error: 'expected a time zone such as Europe/Berlin or UTC' })
    .describe('the clock on the wall that it follows: IANA name'),
  until: time.optional().describe('no occurrence begins after it'),
});
export type HintRepeat = z.infer<typeof hintRepeatSchema>;

const hintScopeSchema = z.strictObject({
  keys: names('keys'),
  types: names('event types'),
  shards: z.array(z.int().min(0).max(4_095)).min(1).max(LIST_MAX).optional().describe('only these shards'),
});
export type HintScope = z.infer<typeof hintScopeSchema>;

export const hintRequestSchema = z
  .strictObject({
    stream: z.string().min(1).max(63).default('main'),
    from: time.describe('when it begins; of a repeated hint the first time'),
    to: time.describe('when it ends'),
    factor: z
      .number()
      .min(0)
      .max(FACTOR_MAX)
      .optional()
      .describe('so many times the load that is forecast; either this or "perSecond"'),
    perSecond: z.number().min(0).max(1e9).optional().describe('so many events a second in the whole scope'),
    scope: hintScopeSchema.default({}).describe('empty: the whole stream; what is given must all hold'),
    repeat: hintRepeatSchema.optional(),
    because: z.string().trim().min(1, 'say why: others will read it').max(500).describe('why it is expected'),
  })
  .refine((hint) => (hint.factor === undefined) !== (hint.perSecond === undefined), {
    path: ['factor'],
    error: 'either "factor" or "perSecond" is expected',
  })
  .refine((hint) => !(Date.parse(hint.to) <= Date.parse(hint.from)), {
    path: ['to'],
    error: 'it must end after it begins',
  })
  .refine((hint) => !(Date.parse(hint.to) - Date.parse(hint.from) > LENGTH_MS_MAX), {
    path: ['to'],
    error: 'one occurrence lasts 366 days at most',
  })
  .refine(({ from, repeat }) => !(Date.parse(repeat?.until ?? from) < Date.parse(from)), {
    path: ['repeat', 'until'],
    error: 'it would end before it begins for the first time',
  })
  .refine((hint) => !(hint.repeat !== undefined && tooLong(hint.repeat.every, hint)), {
    path: ['repeat'],
    error: 'it would begin again before it has ended',
  })
  .meta({ id: 'HintRequest' });
/** As it is sent. */
export type HintInput = z.input<typeof hintRequestSchema>;
export type HintRequest = z.output<typeof hintRequestSchema>;

export interface Hint {
  readonly id: string;
  readonly stream: string;
  /** of the first occurrence */
  readonly fromMs: number;
  readonly toMs: number;
  readonly factor: number | null;
  readonly perSecond: number | null;
  readonly scope: HintScope;
  readonly repeat: HintRepeat | null;
  readonly because: string;
  readonly createdMs: number;
  readonly createdBy: string;
  /** removed hints are kept: they explain forecasts of the past, and can be put back */
  readonly removedMs: number | null;
  readonly removedBy: string | null;
}

export interface HintQuery {
  readonly stream?: string;
  readonly withRemoved?: boolean;
}

export interface HintStore {
  add(hint: Omit<Hint, 'removedMs' | 'removedBy'>): Promise<void>;
  /** In the order of their begin. */
  list(query?: HintQuery): Promise<Hint[]>;
  /** `false` when there is none, or it is removed already. */
  remove(id: string, actor: string, atMs: number): Promise<boolean>;
  /** `false` when there is no removed one. */
  restore(id: string): Promise<boolean>;
}

export function hintOf(
  request: HintRequest,
  made: { readonly id: string; readonly atMs: number; readonly actor: string },
): Omit<Hint, 'removedMs' | 'removedBy'> {
  return {
    id: made.id,
    stream: request.stream,
    fromMs: Date.parse(request.from),
    toMs: Date.parse(request.to),
    factor: request.factor ?? null,
    perSecond: request.perSecond ?? null,
    scope: request.scope,
    repeat: request.repeat ?? null,
    because: request.because,
    createdMs: made.atMs,
    createdBy: made.actor,
  };
}

/** What is wrong with a hint for shards that its stream, of so many, has not; undefined: it has them all. */
export function absentShard(
  { stream, scope: { shards = [] } }: HintRequest,
  shardCount: number,
): { readonly place: number; readonly detail: string } | undefined {
  const place = shards.findIndex((shard) => shard >= shardCount);
  return place < 0 ? undefined : { place, detail: `"${stream}" has shards 0 to ${shardCount - 1} only` };
}

const SHORTEST_MS = { day: DAY_MS, week: 7 * DAY_MS, month: 28 * DAY_MS };

function tooLong(every: HintRepeat['every'], { from, to }: { from: string; to: string }): boolean {
  return Date.parse(to) - Date.parse(from) > SHORTEST_MS[every];
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
