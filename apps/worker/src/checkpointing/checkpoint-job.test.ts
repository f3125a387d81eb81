import { MemoryGroupStore, MemoryStateCheckpoints } from '@foreshard/core/adapters/memory';
import {
  type DueVerdict,
  FIRST_FORECAST_TRUST,
  FIRST_RECOVERY_MODEL,
  groupCheckpointingSchema,
  learnReplay,
  learnRestore,
  type MeasuredRecovery,
  type RecoveryModel,
  type RecoveryRow,
  type StateCheckpoint,
} from '@foreshard/core/checkpointing';
import type { Checkpoint } from '@foreshard/core/consuming';
import { CheckpointUpkeep, PRUNED_AT_ONCE } from '@foreshard/core/group-state';
import { ManualClock } from '@foreshard/core/kernel';
import { WHOLE } from '@foreshard/core/keyspace';
import type { Shardlet, TopologyMap } from '@foreshard/core/topology';
import pino from 'pino';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { JobRegistry, type Processors } from '../jobs/registry.ts';
import { createMetrics } from '../process/metrics.ts';
import { CheckpointJob, type CheckpointJobParts } from './checkpoint-job.ts';
import { UpkeepJob, type UpkeepJobParts } from './upkeep-job.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const MINUTE_MS = 60_000;
const running = new AbortController().signal;

/** Recoveries and verdicts as the database keeps them. */
class Recoveries {
  rows: RecoveryRow[] = [];
  readonly models = new Map<string, RecoveryModel>();
  readonly verdicts = new Map<string, readonly DueVerdict[]>();
  reads = 0;

  async note(_: string, measured: MeasuredRecovery) {
    this.rows.push({ ...measured, id: this.rows.length + 1, atMs: NOW });
  }
  async after(_: string, after: number, limit: number) {
    this.reads++;
    return this.rows.filter(({ id }) => id > after).slice(0, limit);
  }
  async latest(_: string, limit: number) {
    return this.rows.toReversed().slice(0, limit);
  }
  async forget(_: string, kept: number) {
    this.rows = this.rows.slice(-kept);
  }
  async model() {
    return undefined;
  }
  async saveModel(group: string, model: RecoveryModel) {
    this.models.set(group, model);
  }
  async save(group: string, verdicts: readonly DueVerdict[]) {
    this.verdicts.set(group, verdicts);
  }
  async over(): Promise<never> {
    throw new Error('the job does not ask over groups');
  }
  async recent(group: string) {
    return this.verdicts.get(group) ?? [];
  }
}

let clock: ManualClock;
let groups: MemoryGroupStore;
let records: MemoryStateCheckpoints;
let recoveries: Recoveries;
let shardlets: Shardlet[];
let lags: Map<number, number | undefined>;
let contents: Map<string, Uint8Array>;
let parts: CheckpointJobParts;
let job: CheckpointJob;
let keepingParts: UpkeepJobParts;
let keeping: UpkeepJob;
let errors: object[];
let forecastReads: number[];
let ids = 0;

beforeEach(async () => {
  clock = new ManualClock(NOW * 1_000);
  groups = new MemoryGroupStore(clock);
  records = new MemoryStateCheckpoints(clock, groups);
  recoveries = new Recoveries();
  [contents, lags, errors, forecastReads] = [new Map(), new Map(), [], []];
  shardlets = [shardlet(1)];
  const store = {
    ...{ kind: 'folder' as const, bytesMax: 1e9 },
    put: async (name: string, content: Uint8Array) => void contents.set(name, content),
    get: async (name: string) => contents.get(name),
    delete: async (names: readonly string[]) => names.forEach((name) => void contents.delete(name)),
    async *list() {
      yield [] as string[];
    },
  };
  const nowMs = () => clock.nowMicros() / 1_000;
  const map = {
    shardlet: (id: number) => shardlets.find((one) => one.id === id),
    shardlets: () => shardlets,
  } as unknown as TopologyMap;
  const upkeep = new CheckpointUpkeep({
    ...{ groups, records, map, nowMs, digestOf: (content) => `sha-256:${content.length}` },
    stores: { current: store, named: (kind) => (kind === 'folder' ? store : undefined) },
  });
  const stream = pino({ level: 'error' }, { write: (line: string) => errors.push(JSON.parse(line)) });
  parts = {
    ...{ groups, recoveries, upkeep, nowMs },
    service: { lags: async (all) => all.map(({ shardlet: id }) => (lags.has(id) ? lags.get(id) : 0)) },
    forecasts: async (of) => {
      forecastReads.push(of);
      return () => ({ fromMs: nowMs(), stepMs: 300_000, eventsPerStep: [30_000] });
    },
    trust: async () => new Map(),
  };
  job = new CheckpointJob(parts);
  keepingParts = { groups, records, upkeep, nowMs, log: stream };
  keeping = new UpkeepJob(keepingParts);
  await createGroup('g');
});

function shardlet(id: number, more: Partial<Shardlet> = {}): Shardlet {
  return {
    ...{ id, stream: 1, shard: 0, range: WHOLE, owner: 1, epoch: 1, state: { kind: 'open' } },
    ...{ parents: [], lost: [], ...more },
  };
}
const closed = (finalSeq: number): Pick<Shardlet, 'state'> => ({
  state: { kind: 'closed', successors: [], finalSeq, finalTs: 0 },
});

async function createGroup(name: string, more: object = {}): Promise<void> {
  const checkpointing = groupCheckpointingSchema.parse({});
  await groups.create(
    { name, stream: 1, sessionMs: 1_000, checkpointing, ...more },
    { version: 0, members: [], checkpoints: new Map() },
  );
}

const held = (id: number, seq: number, more: Partial<Checkpoint> = {}): Checkpoint => ({
  ...{ shardlet: id, seq, epoch: 9, assignment: 5, member: 'a', revoking: false, skipped: 0 },
  ...more,
});

async function commit(positions: readonly Checkpoint[], group = 'g'): Promise<void> {
  const members = [{ id: 'a', subject: 's', seenAtMs: NOW, commits: 0 }];
  const checkpoints = new Map(positions.map((one) => [one.shardlet, one]));
  await groups.change(group, () => ({ state: { version: 5, members, checkpoints }, result: undefined }));
}

/** REQUIRES that the group has the shardlet, committed so far. */
async function checkpoint(id: number, seq: number, more: Partial<StateCheckpoint> = {}): Promise<string> {
  const row = `checkpoint-${++ids}`;
  const content = Buffer.from(String(ids));
  const facts = { bytes: 1, keys: 1, digest: `sha-256:${content.length}`, object: row, store: 'folder' };
  contents.set(row, content);
  const place = { id: row, group: 'g', shardlet: id, seq, epoch: 1, assignment: 5, member: 'a' };
  const reason = 'due' as const;
  const offer = { ...place, handlerVersion: '1', base: undefined, ...facts, ...more, reason };
  expect(await records.announce(offer, 's')).toEqual({ kind: 'announced' });
  expect((await records.validate(offer.group, row)).kind).toBe('valid');
  return row;
}

async function look(group = 'g'): Promise<Map<number, DueVerdict['verdict']>> {
  await job.run(running);
  return new Map(recoveries.verdicts.get(group)!.map(({ shardlet: id, verdict }) => [id, verdict]));
}
const only = async () => [...(await look()).values()][0]!;

describe('what the job judges', () => {
  it('is restored with all that a delta is based on: 60 MB and 10 kB take 3.2 s', async () => {
    await commit([held(1, 100)]);
    const base = await checkpoint(1, 50, { bytes: 60_000_000 });
    await checkpoint(1, 100, { base, bytes: 10_000 });
    const { recovery, eventsToReplay } = await only();
    expect(Math.round(recovery.restoreMs)).toBe(3_200);
    expect(eventsToReplay).toBe(0);
  });

  it('is due where the newest checkpoint is damaged, and the older one is far behind', async () => {
    await commit([held(1, 500_100)]);
    await checkpoint(1, 100);
    const damaged = await checkpoint(1, 500_100);
    clock.advance(MINUTE_MS * 1_000);
    expect(await only()).toMatchObject({ isDue: false, reason: 'nothing-new' });
    await records.verified(damaged, 'gone');
    // 250 s of replay, in which 100 come a second
    expect(await only()).toMatchObject({ isDue: true, eventsToReplay: 500_000, takenAtMs: NOW });
  });

  it('is due where a host has lost what is in the newest checkpoint', async () => {
    await commit([held(1, 500_000)]);
    await checkpoint(1, 100);
    await checkpoint(1, 500_000);
    clock.advance(MINUTE_MS * 1_000);
    shardlets = [shardlet(1, { lost: [{ epoch: 2, seq: 450_000 }] })];
    await commit([held(1, 450_000)]);
    lags.set(1, 1_000);
    expect(await only()).toMatchObject({ isDue: true, eventsToReplay: 450_900 });
  });

  it('counts what a child needs of its parent', async () => {
    shardlets = [shardlet(1), shardlet(2, { parents: [1] })];
    await commit([held(1, 400_000)]);
    shardlets = [shardlet(1, closed(400_000)), shardlet(2, { parents: [1] })];
    await commit([held(1, 400_000), held(2, 5)]);
    clock.advance(MINUTE_MS * 1_000);
    const child = async () => (await look()).get(2)!;
    expect(await child()).toMatchObject({ isDue: true, eventsToReplay: 400_005, takenAtMs: null });
    await checkpoint(1, 400_000, { bytes: 500_000_000 });
    const restored = await child();
    expect(restored).toMatchObject({ isDue: false, eventsToReplay: 5 });
    expect(restored.recovery.restoreMs).toBeGreaterThan(11_000);
    expect(restored.takenAtMs).toBe(NOW + MINUTE_MS);
  });

  it('counts what is not committed as well, and goes on from look to look', async () => {
    await commit([held(1, 100)]);
    await checkpoint(1, 100);
    lags.set(1, 600);
    clock.advance(MINUTE_MS * 1_000);
    expect(await only()).toMatchObject({ eventsToReplay: 600 });
    clock.advance(MINUTE_MS * 1_000);
    await commit([held(1, 1_000)]);
    lags.set(1, 300);
    expect(await only()).toMatchObject({ eventsToReplay: 1_200 });
    // a seq that a host answers late
    lags.set(1, -50);
    expect(await only()).toMatchObject({ eventsToReplay: 900 });
  });

  it('takes no rate from a moment: a worker that starts just after a checkpoint finds many events that wait', async () => {
    await commit([held(1, 100)]);
    await checkpoint(1, 100);
    lags.set(1, 5_000);
    const soon = await only();
    expect(soon.eventsToReplay).toBe(5_000);
    // 4.5 s of recovery, in which 100 come a second, and a few of what waited
    expect(soon.backlogEvents).toBeLessThan(700);
    job = new CheckpointJob({ ...parts, forecasts: async () => () => undefined });
    expect((await only()).backlogEvents).toBeLessThan(4.6 * 500);
  });

  it('begins anew with each checkpoint', async () => {
    await commit([held(1, 1_000)]);
    await groups.alter('g', groupCheckpointingSchema.parse({ aim: 'cost', failure_interval: 1 }));
    await checkpoint(1, 100);
    clock.advance(60 * MINUTE_MS * 1_000);
    const before = await only();
    expect(before.limitShare).toBeGreaterThan(0);
    await checkpoint(1, 900);
    clock.advance(10_000_000);
    expect((await only()).limitShare).toBeLessThan(before.limitShare / 10);
  });

  it('leaves out what nobody has, what a host does not tell, and what the map does not know', async () => {
    shardlets = [1, 2, 3].map((id) => shardlet(id));
    await commit([held(1, 5), held(2, 5, { member: undefined }), held(3, 5), held(4, 5)]);
    lags.set(3, undefined);
    expect([...(await look()).keys()]).toEqual([1]);
    await groups.remove('g');
    recoveries.verdicts.clear();
    await job.run(running);
    expect(recoveries.verdicts.size).toBe(0);
  });

  it('is one reading of the forecast for all groups of a stream', async () => {
    await createGroup('other');
    await createGroup('elsewhere', { stream: 2 });
    await createGroup('plain', { checkpointing: undefined });
    for (const name of ['g', 'other']) await commit([held(1, 5)], name);
    await job.run(running);
    expect(forecastReads).toEqual([2, 1]);
    expect([...recoveries.verdicts.keys()].sort()).toEqual(['elsewhere', 'g', 'other']);
  });

  it('is as exact as the recoveries that were measured, also for a worker that starts', async () => {
    await commit([held(1, 5_000)]);
    await checkpoint(1, 0, { bytes: 1_000_000 });
    for (let i = 0; i < 30; i++)
      await recoveries.note('g', {
        ...{ shardlet: 1, restoreMs: 400, bytes: 1_000_000, replayedEvents: 10_000, replayMs: 1_000 },
        ...{ fromLog: i % 2 === 0, lostEvents: 0 },
      });
    clock.advance(MINUTE_MS * 1_000);
    const { recovery } = await only();
    expect(recovery).toMatchObject({ restores: 15, replays: 30 });
    expect(recovery.replayMs).toBeLessThan(600);
    expect(recovery.restoreMs).toBeLessThan(700);
    let expected = FIRST_RECOVERY_MODEL;
    for (const { restoreMs, bytes, replayedEvents, replayMs, fromLog } of recoveries.rows) {
      if (!fromLog) expected = learnRestore(expected, { bytes, ms: restoreMs });
      expected = learnReplay(expected, { events: replayedEvents, ms: replayMs });
    }
    expect(recoveries.models.get('g')).toEqual(expected);
    const reads = recoveries.reads;
    await job.run(running);
    expect(recoveries.reads).toBe(reads + 1);
    job = new CheckpointJob(parts);
    expect((await only()).recovery).toEqual(recovery);
  });

  it('draws what is expected as far as forecasts were wrong', async () => {
    await commit([held(1, 5_000)]);
    await checkpoint(1, 0);
    clock.advance(MINUTE_MS * 1_000);
    const { backlogEvents } = await only();
    // forecasts say nothing: the usual rate is a hundred times as much
    const wrong = { steps: 1_000, usualPerSecond: 10_000, forecastVariance: 1, usualVariance: 1 };
    const trust = vi.fn(async () => new Map([[1, { ...FIRST_FORECAST_TRUST, ...wrong }]]));
    job = new CheckpointJob({ ...parts, trust });
    expect((await only()).backlogEvents / backlogEvents).toBeCloseTo(100, 0);
    expect(trust).toHaveBeenCalledWith(1);
  });
});

describe('what is looked after', () => {
  const minutes = (count: number) => clock.advance(count * MINUTE_MS * 1_000);

  it('reads one content a minute, the one that was not read for longest, and says what is damaged', async () => {
    await commit([held(1, 100)]);
    const [first, second] = [await checkpoint(1, 10), await checkpoint(1, 20)];
    contents.set(second, Buffer.from('another'));
    await keeping.run(running);
    minutes(0.9);
    await keeping.run(running);
    expect((await records.find('g', second))!.verifiedAtMs).toBeUndefined();
    minutes(0.1);
    await keeping.run(running);
    const found = async (id: string) => (await records.find('g', id))!;
    expect(await found(first)).toMatchObject({ verifiedAtMs: NOW, verifyError: undefined });
    expect((await found(second)).verifyError).toContain(', not sha-256:');
    expect(errors).toMatchObject([{ group: 'g', checkpoint: second, shardlet: 1 }]);
    // it counts for nothing from the next look on
    expect(await only()).toMatchObject({ eventsToReplay: 90 });
  });

  it('prunes every ten minutes, and goes on at once where there is more', async () => {
    const prune = vi.fn(async () => ({ checkpoints: 3, bytes: 1 }));
    const { upkeep } = keepingParts;
    const bound = {
      verify: upkeep.verify.bind(upkeep),
      sweep: upkeep.sweep.bind(upkeep),
    };
    keeping = new UpkeepJob({ ...keepingParts, upkeep: { ...bound, prune } });
    expect(await keeping.run(running)).toEqual({ pruned: 3, rows: 0, objects: 0 });
    for (let i = 0; i < 9; i++) {
      minutes(1);
      expect(await keeping.run(running)).toBeUndefined();
    }
    expect(prune).toHaveBeenCalledTimes(1);
    prune.mockResolvedValueOnce({ checkpoints: PRUNED_AT_ONCE, bytes: 1 });
    for (let i = 0; i < 2; i++) {
      minutes(1);
      await keeping.run(running);
    }
    expect(prune).toHaveBeenCalledTimes(3);
    expect(prune).toHaveBeenLastCalledWith('g', { dryRun: false, signal: running });
  });

  it('removes what is left over, and recoveries beyond the last thousand', async () => {
    await commit([held(1, 100)]);
    const measured = { shardlet: 1, restoreMs: 1, bytes: 1, replayedEvents: 1, replayMs: 1 };
    for (let i = 0; i < 1_200; i++)
      await recoveries.note('g', { ...measured, fromLog: false, lostEvents: 0 });
    await job.run(running);
    expect(recoveries.rows.map(({ id }) => id)).toEqual(Array.from({ length: 1_000 }, (_, i) => 201 + i));
    expect(recoveries.models.get('g')!.restores).toBe(1_200);
    const left = await checkpoint(1, 10);
    await records.condemn('g', [left]);
    minutes(1);
    expect(await keeping.run(running)).toEqual({ pruned: 0, rows: 1, objects: 0 });
    expect(contents.size).toBe(0);
  });

  it('judges one group while another fails', async () => {
    await createGroup('other');
    for (const name of ['g', 'other']) await commit([held(1, 100)], name);
    const { upkeep } = parts;
    const recoverable = async (name: string) => {
      if (name === 'g') throw new Error('away');
      return upkeep.recoverable(name);
    };
    job = new CheckpointJob({ ...parts, upkeep: { recoverable } });
    await expect(job.run(running)).rejects.toThrow('away');
    expect([...recoveries.verdicts.keys()]).toEqual(['other']);
  });

  it('begins anew with a group that was made anew', async () => {
    const prune = vi.fn(async () => ({ checkpoints: 0, bytes: 0 }));
    const sweep = async () => ({ rows: 0, objects: 0 });
    keeping = new UpkeepJob({ ...keepingParts, upkeep: { prune, sweep, verify: vi.fn() } });
    await keeping.run(running);
    await groups.remove('g');
    minutes(1);
    await keeping.run(running);
    await createGroup('g');
    minutes(1);
    await keeping.run(running);
    expect(prune).toHaveBeenCalledTimes(2);
  });

  it('goes on with what can be done while something else fails', async () => {
    await createGroup('other');
    await createGroup('plain', { checkpointing: undefined });
    for (const name of ['g', 'other']) await commit([held(1, 100)], name);
    await checkpoint(1, 10);
    const prune = vi.fn(async (name: string) => {
      if (name === 'g') throw new Error('away');
      return { checkpoints: 0, bytes: 0 };
    });
    const away = async () => {
      throw new Error('away');
    };
    const sweep = vi.fn(away);
    keeping = new UpkeepJob({ ...keepingParts, upkeep: { prune, verify: away, sweep } });
    await expect(keeping.run(running)).rejects.toThrow('away');
    expect(prune.mock.calls.map(([name]) => name)).toEqual(['g', 'other']);
    expect(sweep).toHaveBeenCalledTimes(1);
    minutes(1);
    await expect(keeping.run(running)).rejects.toThrow('away');
    // the other was pruned a minute ago
    expect(prune.mock.calls.map(([name]) => name)).toEqual(['g', 'other', 'g']);
  });

  it('keeps no verdict waiting, however long it takes', async () => {
    await commit([held(1, 100)]);
    let end: (pruned: { checkpoints: number; bytes: number }) => void = () => {};
    const endless = new Promise<{ checkpoints: number; bytes: number }>((resolve) => {
      end = resolve;
    });
    const prune = vi.fn(() => endless);
    keeping = new UpkeepJob({
      ...keepingParts,
      upkeep: { prune, verify: vi.fn(), sweep: async () => ({ rows: 0, objects: 0 }) },
    });
    const metrics = createMetrics();
    const processors = {
      checkpoint: (_: object, signal: AbortSignal) => job.run(signal),
      keepCheckpoints: (_: object, signal: AbortSignal) => keeping.run(signal),
    } as unknown as Processors;
    const registry = new JobRegistry({ processors, metrics, log: keepingParts.log });
    const kept = registry.run('keepCheckpoints', {});
    await vi.waitFor(() => expect(prune).toHaveBeenCalled());
    for (let i = 0; i < 3; i++) {
      recoveries.verdicts.clear();
      await registry.run('checkpoint', {});
      expect(recoveries.verdicts.get('g')).toHaveLength(1);
    }
    end({ checkpoints: 1, bytes: 1 });
    await kept;
  });

  it('prunes again soon what it was stopped at', async () => {
    const stopped = new AbortController();
    const prune = vi.fn(async () => {
      stopped.abort();
      return { checkpoints: 0, bytes: 0 };
    });
    const upkeep = { ...keepingParts.upkeep, sweep: async () => ({ rows: 0, objects: 0 }), prune };
    keeping = new UpkeepJob({ ...keepingParts, upkeep });
    await keeping.run(stopped.signal);
    minutes(1);
    await keeping.run(running);
    expect(prune).toHaveBeenCalledTimes(2);
  });
});
