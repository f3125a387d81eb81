/** What settings of a group would have meant in the last days: the rule, replayed once as it is and once with changes. */
import {
  type CheckpointRecords,
  type CheckpointSettings,
  FIRST_RECOVERY_MODEL,
  isStart,
  type RecoveryModel,
  type RecoveryRecords,
  type RuleEffect,
  type RuleHistory,
  replayRule,
  type ShardletHistory,
  type StateCheckpoint,
} from '../../checkpointing/index.ts';
import type { KnownGroup } from '../../consuming/index.ts';
import type { checkpoints } from '../checkpoints.ts';
import type { InputOf, OutputOf } from '../operation.ts';

/** Of a stream; sizes of checkpoints are those of a group. */
export interface StreamHistory extends Omit<RuleHistory, 'shardlets'> {
  readonly shardlets: readonly Omit<ShardletHistory, 'bytes' | 'checkpointMs'>[];
  /** those that are replayed stand for so many */
  readonly all: number;
}

export interface EffectStores {
  readonly checkpoints: Pick<CheckpointRecords, 'valid'>;
  readonly measuredRecoveries: Pick<RecoveryRecords, 'model'>;
  /** what arrived in a stream and what was forecast; undefined: nothing is known yet */
  readonly ruleHistory: (stream: number) => Promise<StreamHistory | undefined>;
  /** lets other work of the process go on */
  readonly breathe: () => Promise<void>;
  readonly nowMs: () => number;
}

type Changes = Omit<InputOf<typeof checkpoints.effect>, 'group'>;
type Document = OutputOf<typeof checkpoints.effect>;
type EffectDocument = NonNullable<Document['saved']>;

const HOUR_MS = 3_600_000;
/** A checkpoint that nobody has measured takes about so long. */
const CHECKPOINT_MS = 1_000;

export async function effectOf(
  sources: EffectStores,
  { group }: KnownGroup,
  changes: Changes,
): Promise<Document> {
  const { checkpoints: records, measuredRecoveries, ruleHistory, nowMs } = sources;
  const [known, valid, learned] = await Promise.all([
    ruleHistory(group.stream),
    records.valid(group.name),
    measuredRecoveries.model(group.name),
  ]);
  if (known === undefined) return nothingKnown(group.name, nowMs());
  const history = { ...known, shardlets: withCheckpoints(known.shardlets, valid) };
  const model = learned?.model ?? FIRST_RECOVERY_MODEL;
  const settings = group.checkpointing!;
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const saved = await replayed(sources, history, settings, model);
  const isChanged = Object.entries(given).some(([name, value]) => settings[name as 'aim'] !== value);
  const draft = isChanged ? await replayed(sources, history, { ...settings, ...given }, model) : saved;
  return {
    group: group.name,
    toMs: known.fromMs + known.stepMs * Math.max(0, ...known.shardlets.map((one) => one.arrivals.length)),
    fromMs: knownFromMs(history),
    replayed: known.shardlets.length,
    shardlets: known.all,
    forecastShare: forecastShare(history),
    saved: saved === undefined ? null : effectDocument(saved),
    draft: draft === undefined ? null : effectDocument(draft),
    hours: hoursOf(history, saved, draft),
  };
}

function nothingKnown(group: string, toMs: number): Document {
  const nothing = { fromMs: null, replayed: 0, shardlets: 0, forecastShare: 0, saved: null, draft: null };
  return { group, toMs: Math.floor(toMs), ...nothing, hours: [] };
}

async function replayed(
  { breathe }: EffectStores,
  history: RuleHistory,
  settings: CheckpointSettings,
  model: RecoveryModel,
): Promise<RuleEffect | undefined> {
  const replay = replayRule(history, settings, model);
  for (;;) {
    const { done, value } = replay.next();
    if (done) return value;
    await breathe();
  }
}

/** A shardlet without one gets what the others have in the mean. */
function withCheckpoints(
  shardlets: StreamHistory['shardlets'],
  valid: readonly StateCheckpoint[],
): ShardletHistory[] {
  const newest = new Map<number, StateCheckpoint>();
  for (const one of valid)
    if (!isStart(one) && one.createdAtMs >= (newest.get(one.shardlet)?.createdAtMs ?? 0))
      newest.set(one.shardlet, one);
  const all = [...newest.values()];
  const bytes = meanOf(all.map((one) => one.bytes));
  const checkpointMs = meanOf(all.flatMap(({ tookMs }) => tookMs ?? [])) ?? CHECKPOINT_MS;
  return shardlets.map((one) => {
    const own = newest.get(one.shardlet);
    return { ...one, bytes: own?.bytes ?? bytes, checkpointMs: own?.tookMs ?? checkpointMs };
  });
}

function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, one) => sum + one, 0) / values.length;
}

function knownFromMs({ fromMs, stepMs, shardlets }: RuleHistory): number | null {
  const first = shardlets.map(({ arrivals }) => Array.from(arrivals).findIndex((one) => !Number.isNaN(one)));
  const known = first.filter((step) => step >= 0);
  return known.length === 0 ? null : fromMs + Math.min(...known) * stepMs;
}

function forecastShare({ shardlets }: RuleHistory): number {
  let [known, forecast] = [0, 0];
  for (const { arrivals, forecasts } of shardlets)
    for (let step = 0; step < arrivals.length; step++) {
      if (Number.isNaN(arrivals[step])) continue;
      known++;
      if (forecasts[step] !== undefined) forecast++;
    }
  return known === 0 ? 0 : forecast / known;
}

function hoursOf(
  { fromMs }: RuleHistory,
  saved: RuleEffect | undefined,
  draft: RuleEffect | undefined,
): Document['hours'] {
  const at = (effect: RuleEffect | undefined, hour: number): number | null => {
    const backlog = effect?.backlogByHour[hour] ?? Number.NaN;
    return Number.isNaN(backlog) ? null : backlog;
  };
  const hours = Array.from(saved?.backlogByHour ?? [], (_, hour) => ({
    atMs: fromMs + hour * HOUR_MS,
    saved: at(saved, hour),
    draft: at(draft, hour),
  }));
  const first = hours.findIndex((hour) => hour.saved !== null || hour.draft !== null);
  return first < 0 ? [] : hours.slice(first);
}

function effectDocument({ backlogByHour: _, bytesPerDay, ...effect }: RuleEffect): EffectDocument {
  return { ...effect, bytesPerDay: bytesPerDay ?? null };
}
