/** Checkpoints of state in memory: for tests and the simulator. One JavaScript turn stands for the transaction. */
import {
  type Announced,
  type Announcement,
  type CheckpointOutline,
  type CheckpointQuery,
  type CheckpointRecords,
  type Holder,
  isBase,
  isSound,
  judgeAnnounced,
  judgeHolder,
  newestOfEach,
  removable,
  type StateCheckpoint,
  type Validation,
} from '../../checkpointing/index.ts';
import { type Clock, MICROS_PER_MS } from '../../kernel/index.ts';
import type { MemoryGroupStore } from './group-store.ts';

export class MemoryStateCheckpoints implements CheckpointRecords {
  private readonly clock: Clock;
  private readonly groups: MemoryGroupStore;
  private readonly rows = new Map<string, StateCheckpoint>();

  constructor(clock: Clock, groups: MemoryGroupStore) {
    this.clock = clock;
    this.groups = groups;
  }

  async announce(announced: Announced, subject: string): Promise<Announcement> {
    const { group, shardlet, member, base, id } = announced;
    const known = await this.groups.find(group);
    const owner = known?.state.members.find((m) => m.id === member)?.subject;
    const refusal = judgeAnnounced(known?.state.checkpoints.get(shardlet), announced, { owner, subject });
    if (refusal !== undefined) return refusal;
    if (base !== undefined && !isBase(this.chainOf(group, base), announced)) return { kind: 'base' };
    this.rows.set(id, {
      ...announced,
      ...{ state: 'pending', createdAtMs: this.nowMs, validAtMs: undefined, tookMs: undefined },
      ...{ verifiedAtMs: undefined, verifyError: undefined },
    });
    return { kind: 'announced' };
  }

  async find(group: string, id: string): Promise<StateCheckpoint | undefined> {
    return this.of(group).find((one) => one.id === id);
  }

  async list(
    group: string,
    { shardlet, state, limit }: CheckpointQuery,
  ): Promise<readonly StateCheckpoint[]> {
    return this.of(group)
      .filter((one) => (shardlet ?? one.shardlet) === one.shardlet && (state ?? one.state) === one.state)
      .sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  async valid(group: string, shardlets?: readonly number[]): Promise<readonly StateCheckpoint[]> {
    const all = [...this.of(group), ...this.startsOf(group)];
    const wanted = shardlets && new Set(shardlets);
    return all.filter(
      ({ state, shardlet }) => state === 'valid' && (wanted === undefined || wanted.has(shardlet)),
    );
  }

  async shardlets(group: string): Promise<readonly number[]> {
    return [...new Set((await this.valid(group)).map(({ shardlet }) => shardlet))].sort((a, b) => a - b);
  }

  outlines(group: string, shardlets: readonly number[]): Promise<readonly CheckpointOutline[]> {
    return this.valid(group, shardlets);
  }

  async newest(group: string): Promise<readonly StateCheckpoint[]> {
    return newestOfEach(await this.valid(group));
  }

  async leastVerified(group: string): Promise<StateCheckpoint | undefined> {
    return this.of(group)
      .filter(({ state }) => state === 'valid')
      .sort(
        (a, b) =>
          (a.verifiedAtMs ?? 0) - (b.verifiedAtMs ?? 0) ||
          a.createdAtMs - b.createdAtMs ||
          (a.id < b.id ? -1 : 1),
      )[0];
  }

  async validate(group: string, id: string): Promise<Validation> {
    const known = await this.groups.find(group);
    const row = this.rows.get(id);
    if (row?.group !== group || row.state === 'deleting') return { kind: 'gone' };
    if (row.state === 'valid') return { kind: 'valid', checkpoint: row };
    const holder: Holder | undefined = known?.state.checkpoints.get(row.shardlet);
    const refusal = judgeHolder(holder, row);
    if (refusal !== undefined) return refusal;
    const base = row.base === undefined ? undefined : this.rows.get(row.base);
    if (row.base !== undefined && (base?.state !== 'valid' || !isSound(base))) return { kind: 'gone' };
    const nowMs = this.nowMs;
    const checkpoint: StateCheckpoint = {
      ...row,
      ...{ state: 'valid', validAtMs: nowMs, tookMs: nowMs - row.createdAtMs },
    };
    this.rows.set(id, checkpoint);
    return { kind: 'valid', checkpoint };
  }

  async condemn(group: string, ids: readonly string[]): Promise<readonly StateCheckpoint[]> {
    const all = this.of(group).filter(({ state }) => state !== 'deleting');
    const going = removable(ids, all);
    return all.flatMap((row) => {
      if (!going.has(row.id)) return [];
      const condemned: StateCheckpoint = { ...row, state: 'deleting' };
      this.rows.set(row.id, condemned);
      return [condemned];
    });
  }

  async overdue(beforeMs: number, limit: number): Promise<readonly StateCheckpoint[]> {
    return [...this.rows.values()]
      .filter(
        ({ state, createdAtMs }) => state === 'deleting' || (state === 'pending' && createdAtMs < beforeMs),
      )
      .sort((a, b) => a.createdAtMs - b.createdAtMs)
      .slice(0, limit);
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.rows.delete(id);
  }

  async named(objects: readonly string[]): Promise<ReadonlySet<string>> {
    const there = new Set([...this.rows.values()].map(({ object }) => object));
    return new Set(objects.filter((one) => there.has(one)));
  }

  async damaged(): Promise<readonly StateCheckpoint[]> {
    return [...this.rows.values()].filter(({ state, verifyError }) => state === 'valid' && verifyError);
  }

  async doubt(group: string, ids: readonly string[], error: string): Promise<void> {
    for (const row of this.of(group))
      if (ids.includes(row.id) && row.state === 'valid' && isSound(row))
        this.rows.set(row.id, { ...row, verifiedAtMs: undefined, verifyError: error });
  }

  async verified(id: string, error: string | undefined): Promise<void> {
    const row = this.rows.get(id);
    if (row !== undefined) this.rows.set(id, { ...row, verifiedAtMs: this.nowMs, verifyError: error });
  }

  private of(group: string): StateCheckpoint[] {
    return [...this.rows.values()].filter((one) => one.group === group);
  }

  private startsOf(group: string): StateCheckpoint[] {
    return this.groups.startsOf(group).map(({ shardlet, seq, epoch }) => ({
      ...{ id: `start-${group}-${shardlet}`, group, shardlet, seq, epoch, assignment: 0, member: '' },
      ...{ handlerVersion: '', state: 'valid', bytes: 0, keys: 0, digest: '', object: '', store: '' },
      ...{ reason: 'start', base: undefined, createdAtMs: 0, validAtMs: undefined, tookMs: undefined },
      ...{ verifiedAtMs: undefined, verifyError: undefined },
    }));
  }

  private chainOf(group: string, base: string): StateCheckpoint[] {
    const chain: StateCheckpoint[] = [];
    for (let id: string | undefined = base; id !== undefined; id = chain.at(-1)!.base) {
      const row = this.rows.get(id);
      if (row?.group !== group || row.state !== 'valid') return [];
      chain.push(row);
    }
    return chain;
  }

  private get nowMs(): number {
    return Math.floor(this.clock.nowMicros() / MICROS_PER_MS);
  }
}
