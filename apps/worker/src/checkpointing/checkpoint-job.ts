/**
 * Looks every ten seconds which checkpoints of state are due, and every minute after what is kept: learns from recoveries,
 * prunes, removes what was left over, and verifies one checkpoint of each group. What it remembers between two looks only
 * makes it more exact: after a restart the arrivals since the last checkpoint count as even.
 */
import {
  type ArrivalForecast,
  type CheckpointRecords,
  type DueRecords,
  type DueVerdict,
  debtFrom,
  FIRST_FORECAST_TRUST,
  FIRST_RECOVERY_MODEL,
  type ForecastTrust,
  isStart,
  learnReplay,
  learnRestore,
  type RecoveryModel,
  type RecoveryRecords,
  type ReplayDebt,
  type StateCheckpoint,
  scheduleCheckpoint,
  seen,
} from '@foreshard/core/checkpointing';
import type { Checkpoint, Group, GroupService, GroupState, GroupStore } from '@foreshard/core/consuming';
import type { CheckpointUpkeep } from '@foreshard/core/group-state';
import type { Logger } from 'pino';
import { eachInTurn } from '../jobs/each-in-turn.ts';

export interface CheckpointJobParts {
  readonly groups: Pick<GroupStore, 'list' | 'find'>;
  readonly service: Pick<GroupService, 'lags'>;
  readonly records: Pick<CheckpointRecords, 'valid'>;
  readonly recoveries: RecoveryRecords & DueRecords;
  readonly upkeep: Pick<CheckpointUpkeep, 'prune' | 'sweep' | 'verify'>;
  /** undefined: nothing was forecast for the shardlet */
  readonly forecast: (shardlet: number) => Promise<ArrivalForecast | undefined>;
  /** how far forecasts of the shardlets of a stream have proven themselves */
  readonly trust: (stream: number) => Promise<ReadonlyMap<number, ForecastTrust>>;
  readonly log: Logger;
  readonly nowMs: () => number;
}

interface Seen {
  readonly last: StateCheckpoint | undefined;
  readonly lag: number;
  readonly trust: ForecastTrust;
}

interface Learned {
  readonly lastId: number;
  readonly model: RecoveryModel;
}

const UPKEEP_EVERY_MS = 60_000;
const RECOVERIES_PER_LOOK = 1_000;
/** A checkpoint that nobody has measured takes about so long. */
const CHECKPOINT_MS = 1_000;
/** Without a forecast the measured rate is all there is. */
const STEP_MS = 300_000;

export class CheckpointJob {
  private readonly parts: CheckpointJobParts;
  private readonly debts = new Map<string, ReplayDebt>();
  private readonly learned = new Map<string, Learned>();
  private keptUpMs = Number.NEGATIVE_INFINITY;

  constructor(parts: CheckpointJobParts) {
    this.parts = parts;
  }

  async run(signal: AbortSignal): Promise<object | undefined> {
    const { groups, nowMs } = this.parts;
    const isUpkeepDue = nowMs() - this.keptUpMs >= UPKEEP_EVERY_MS;
    const all = (await groups.list()).filter(({ checkpointing }) => checkpointing !== undefined);
    if (isUpkeepDue) this.keptUpMs = nowMs();
    let [due, pruned, swept] = [0, 0, { rows: 0, objects: 0 }];
    const ofGroups = all.map(({ name }) => async () => {
      const known = await groups.find(name);
      if (known === undefined) return;
      // what is due does not wait for the store of contents, which may be away
      due += await this.judge(known.group, known.state);
      if (isUpkeepDue) pruned += await this.keepUp(name);
    });
    const sweep = async () => {
      swept = await this.parts.upkeep.sweep();
    };
    await eachInTurn(isUpkeepDue ? [...ofGroups, sweep] : ofGroups, signal, (work) => work());
    return due + pruned + swept.rows + swept.objects === 0 ? undefined : { due, pruned, ...swept };
  }

  private async judge(group: Group, { checkpoints }: GroupState): Promise<number> {
    const { records, recoveries, service } = this.parts;
    const held = [...checkpoints.values()].filter(({ member }) => member !== undefined);
    const [lags, valid, trust] = await Promise.all([
      service.lags(held),
      records.valid(group.name),
      this.parts.trust(group.stream),
    ]);
    const newest = newestOf(valid);
    const verdicts: DueVerdict[] = [];
    for (const [i, c] of held.entries()) {
      const lag = lags[i];
      if (lag !== undefined)
        verdicts.push(
          await this.verdictOf(group, c, {
            last: newest.get(c.shardlet),
            lag: Math.max(0, lag),
            trust: trust.get(c.shardlet) ?? FIRST_FORECAST_TRUST,
          }),
        );
    }
    await recoveries.save(group.name, verdicts);
    return verdicts.filter(({ verdict }) => verdict.isDue).length;
  }

  private async verdictOf(
    group: Group,
    { shardlet, seq }: Checkpoint,
    { last, lag, trust }: Seen,
  ): Promise<DueVerdict> {
    const nowMs = this.parts.nowMs();
    // where there is none, the replay begins at the beginning; how long ago that was is not known
    const from =
      last === undefined ? { seq: 0, atMs: nowMs - STEP_MS } : { seq: last.seq, atMs: last.createdAtMs };
    const key = `${group.name}:${shardlet}`;
    const before = this.debts.get(key);
    const isSame = before?.checkpointSeq === from.seq && before.lastSeq <= seq + lag;
    const fresh = debtFrom(from, from.seq, before?.measuredPerSecond);
    const debt = seen(isSame ? before : fresh, Math.max(from.seq, seq + lag), nowMs);
    this.debts.set(key, debt);
    const { checkpointing: settings } = group;
    const verdict = scheduleCheckpoint({
      settings: settings!,
      ...{ debt, nowMs, trust },
      model: this.learned.get(group.name)?.model ?? (await this.learn(group.name)),
      forecast: (await this.parts.forecast(shardlet)) ?? flat(debt, nowMs),
      bytes: last?.bytes ?? 0,
      checkpointMs: last?.tookMs ?? CHECKPOINT_MS,
    });
    const takenAtMs = last === undefined || isStart(last) ? null : last.createdAtMs;
    return { shardlet, verdict: { ...verdict, takenAtMs } };
  }

  private async keepUp(name: string): Promise<number> {
    const { recoveries, upkeep, records, log } = this.parts;
    await recoveries.saveModel(name, await this.learn(name));
    const { checkpoints } = await upkeep.prune(name, false);
    const sample = leastVerified(await records.valid(name));
    if (sample === undefined) return checkpoints;
    const { error } = await upkeep.verify(name, sample.id);
    if (error !== undefined)
      log.error(
        { group: name, checkpoint: sample.id, shardlet: sample.shardlet, error },
        'a checkpoint cannot be restored',
      );
    return checkpoints;
  }

  /** All that were measured since the last look; a new process begins with the first. */
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

function newestOf(valid: readonly StateCheckpoint[]): Map<number, StateCheckpoint> {
  const newest = new Map<number, StateCheckpoint>();
  for (const one of valid) {
    const known = newest.get(one.shardlet);
    if (
      known === undefined ||
      one.seq > known.seq ||
      (one.seq === known.seq && one.createdAtMs > known.createdAtMs)
    )
      newest.set(one.shardlet, one);
  }
  return newest;
}

/** Each gets its turn. */
function leastVerified(valid: readonly StateCheckpoint[]): StateCheckpoint | undefined {
  const withContent = valid.filter(({ reason }) => reason !== 'start');
  return withContent.sort((a, b) => (a.verifiedAtMs ?? 0) - (b.verifiedAtMs ?? 0))[0];
}

function flat({ measuredPerSecond = 0 }: ReplayDebt, nowMs: number): ArrivalForecast {
  return { fromMs: nowMs, stepMs: STEP_MS, eventsPerStep: [(measuredPerSecond * STEP_MS) / 1_000] };
}
