/**
 * Looks every ten seconds which checkpoints of state are due, and learns from recoveries. It reads no content and removes
 * nothing: that may take minutes (upkeep-job.ts), and members wait for verdicts. What it remembers between two looks only
 * makes it more exact: after a restart the arrivals since the last checkpoint count as even.
 */
import { setImmediate as othersTurn } from 'node:timers/promises';
import {
  type ArrivalForecast,
  type DueRecords,
  type DueVerdict,
  debtFrom,
  FIRST_FORECAST_TRUST,
  FIRST_RECOVERY_MODEL,
  type ForecastTrust,
  isStart,
  learnReplay,
  learnRestore,
  type PlanSources,
  RECOVERIES_KEPT,
  type RecoveryModel,
  type RecoveryRecords,
  type ReplayDebt,
  recoveryDemand,
  type StateCheckpoint,
  scheduleCheckpoint,
  seen,
  takenAtMs,
} from '@foreshard/core/checkpointing';
import type { Checkpoint, Group, GroupService, GroupStore } from '@foreshard/core/consuming';
import type { CheckpointUpkeep } from '@foreshard/core/group-state';
import type { Shardlet } from '@foreshard/core/topology';
import { eachInTurn } from '../jobs/each-in-turn.ts';

/** Of one shardlet; undefined: nothing was forecast for it. */
export type ForecastOf = (shardlet: number) => ArrivalForecast | undefined;

export interface CheckpointJobParts {
  readonly groups: Pick<GroupStore, 'list'>;
  readonly service: Pick<GroupService, 'lags'>;
  readonly recoveries: RecoveryRecords & DueRecords;
  readonly upkeep: Pick<CheckpointUpkeep, 'recoverable'>;
  /** what is expected of the shardlets of a stream */
  readonly forecasts: (stream: number) => Promise<ForecastOf>;
  /** how far forecasts of the shardlets of a stream have proven themselves */
  readonly trust: (stream: number) => Promise<ReadonlyMap<number, ForecastTrust>>;
  readonly nowMs: () => number;
}

interface Learned {
  readonly lastId: number;
  readonly model: RecoveryModel;
}

/** What all shardlets of a group are judged by. */
interface Look {
  readonly group: Group;
  readonly sources: PlanSources<StateCheckpoint>;
  readonly model: RecoveryModel;
  readonly forecast: ForecastOf;
  readonly trust: ReadonlyMap<number, ForecastTrust>;
  readonly debts: Map<number, ReplayDebt>;
  readonly nowMs: number;
}

/** From one look to the next. */
const LOOK_MS = 10_000;
const SAVED_EVERY_MS = 60_000;
const RECOVERIES_PER_LOOK = 1_000;
/** A checkpoint that nobody has measured takes about so long. */
const CHECKPOINT_MS = 1_000;
/** Without a forecast the measured rate is all there is. */
const STEP_MS = 300_000;
/** Some tens of milliseconds; then other jobs have their turn. */
const JUDGED_IN_A_ROW = 200;

export class CheckpointJob {
  private readonly parts: CheckpointJobParts;
  /** by group and shardlet */
  private readonly debts = new Map<string, Map<number, ReplayDebt>>();
  private readonly learned = new Map<string, Learned>();
  private savedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: CheckpointJobParts) {
    this.parts = parts;
  }

  async run(signal: AbortSignal): Promise<object | undefined> {
    const { groups, nowMs } = this.parts;
    const isSaved = nowMs() - this.savedMs >= SAVED_EVERY_MS;
    const all = (await groups.list()).filter(({ checkpointing }) => checkpointing !== undefined);
    this.forgetAllBut(new Set(all.map(({ name }) => name)));
    if (isSaved) this.savedMs = nowMs();
    const byStream = new Map<number, Promise<ForecastOf>>();
    const forecasts = (stream: number) => {
      if (!byStream.has(stream)) byStream.set(stream, this.parts.forecasts(stream));
      return byStream.get(stream)!;
    };
    let due = 0;
    await eachInTurn(all, signal, async ({ name }) => {
      due += await this.judge(name, forecasts);
      if (isSaved) await this.saveLearned(name);
    });
    return due === 0 ? undefined : { due };
  }

  private async judge(name: string, forecasts: CheckpointJobParts['forecasts']): Promise<number> {
    const { recoveries, service, upkeep, trust, nowMs } = this.parts;
    const found = await upkeep.recoverable(name);
    if (found === undefined) return 0;
    const { group, state } = found.known;
    const held = [...state.checkpoints.values()].filter(({ member }) => member !== undefined);
    const [lags, trusted, forecast, model] = await Promise.all([
      service.lags(held),
      trust(group.stream),
      forecasts(group.stream),
      this.learn(name),
    ]);
    const debts = this.debtsOf(name, state.checkpoints);
    const { sources } = found;
    const look = { group, sources, model, forecast, trust: trusted, debts, nowMs: nowMs() };
    const verdicts: DueVerdict[] = [];
    for (const [i, position] of held.entries()) {
      if (i % JUDGED_IN_A_ROW === JUDGED_IN_A_ROW - 1) await othersTurn();
      const lag = lags[i];
      const shardlet = sources.shardlet(position.shardlet);
      if (lag !== undefined && shardlet !== undefined)
        verdicts.push(verdictOf(look, shardlet, position, Math.max(0, lag)));
    }
    await recoveries.save(name, verdicts);
    return verdicts.filter(({ verdict }) => verdict.isDue).length;
  }

  private debtsOf(name: string, positions: ReadonlyMap<number, Checkpoint>): Map<number, ReplayDebt> {
    const debts = this.debts.get(name) ?? new Map<number, ReplayDebt>();
    this.debts.set(name, debts);
    for (const shardlet of debts.keys()) if (!positions.has(shardlet)) debts.delete(shardlet);
    return debts;
  }

  private forgetAllBut(names: ReadonlySet<string>): void {
    for (const remembered of [this.debts, this.learned])
      for (const name of remembered.keys()) if (!names.has(name)) remembered.delete(name);
  }

  private async saveLearned(name: string): Promise<void> {
    const { recoveries } = this.parts;
    await recoveries.saveModel(name, await this.learn(name));
    await recoveries.forget(name, RECOVERIES_KEPT);
  }

  /** All that were measured since the last look; a new process begins with the first that is kept. */
  private async learn(name: string): Promise<RecoveryModel> {
    let { lastId, model } = this.learned.get(name) ?? { lastId: 0, model: FIRST_RECOVERY_MODEL };
    for (;;) {
      const rows = await this.parts.recoveries.after(name, lastId, RECOVERIES_PER_LOOK);
      for (const { id, restoreMs, bytes, replayedEvents, replayMs, fromLog } of rows) {
        if (!fromLog) model = learnRestore(model, { bytes, ms: restoreMs });
        model = learnReplay(model, { events: replayedEvents, ms: replayMs });
        lastId = id;
      }
      this.learned.set(name, { lastId, model });
      if (rows.length < RECOVERIES_PER_LOOK) return model;
    }
  }
}

function verdictOf(look: Look, shardlet: Shardlet, { seq }: Checkpoint, lag: number): DueVerdict {
  const { group, sources, model, nowMs } = look;
  const demand = recoveryDemand(sources, shardlet, seq);
  const taken = takenAtMs(demand);
  // where there is none, how long ago the replay begins is known of the start of the group alone
  const sinceMs = taken ?? startOf(sources, shardlet)?.createdAtMs ?? nowMs - STEP_MS;
  const debt = debtOf(look, shardlet.id, { seq, lag, events: demand.events, sinceMs });
  const own = demand.restored.find((one) => one.shardlet === shardlet.id);
  const verdict = scheduleCheckpoint({
    settings: group.checkpointing!,
    ...{ debt, nowMs, model, bytes: demand.bytes },
    trust: look.trust.get(shardlet.id) ?? FIRST_FORECAST_TRUST,
    forecast: look.forecast(shardlet.id) ?? flat(debt, nowMs),
    checkpointMs: own?.tookMs ?? CHECKPOINT_MS,
  });
  return { shardlet: shardlet.id, verdict: { ...verdict, takenAtMs: taken ?? null } };
}

interface Owed {
  readonly seq: number;
  readonly lag: number;
  /** committed ones that would be replayed */
  readonly events: number;
  readonly sinceMs: number;
}

/** On the line of the shardlet's own seqs; the events of its ancestors lie below the first. */
function debtOf(
  { debts, forecast, nowMs }: Look,
  shardlet: number,
  { seq, lag, events, sinceMs }: Owed,
): ReplayDebt {
  const from = { seq: seq - events, atMs: sinceMs };
  const before = debts.get(shardlet);
  const isSame = before?.checkpointSeq === from.seq && before.lastSeq <= seq + lag;
  const fresh = debtFrom(from, from.seq, before?.measuredPerSecond ?? rateAt(forecast(shardlet), nowMs));
  // of what came in a moment nobody tells a rate, and the clock of the database may be ahead of this one
  const since = { ...fresh, seenMs: Math.min(sinceMs, nowMs - LOOK_MS) };
  const debt = seen(isSame ? before : since, seq + lag, nowMs);
  debts.set(shardlet, debt);
  return debt;
}

function startOf({ checkpoints }: PlanSources<StateCheckpoint>, { id }: Shardlet) {
  return checkpoints(id).find(isStart);
}

/** Events a second. */
function rateAt(forecast: ArrivalForecast | undefined, nowMs: number): number | undefined {
  if (forecast === undefined) return undefined;
  const { fromMs, stepMs, eventsPerStep } = forecast;
  const step = Math.min(eventsPerStep.length - 1, Math.max(0, Math.floor((nowMs - fromMs) / stepMs)));
  return (eventsPerStep[step]! / stepMs) * 1_000;
}

function flat({ measuredPerSecond = 0 }: ReplayDebt, nowMs: number): ArrivalForecast {
  return { fromMs: nowMs, stepMs: STEP_MS, eventsPerStep: [(measuredPerSecond * STEP_MS) / 1_000] };
}
