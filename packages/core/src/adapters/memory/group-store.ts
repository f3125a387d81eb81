/** Consumer groups in memory: for tests and the simulator. One JavaScript turn stands for the transaction. */
import {
  type Creation,
  GROUPS_MAX,
  type Group,
  type GroupState,
  type GroupStore,
} from '../../consuming/index.ts';
import { type Clock, MICROS_PER_MS } from '../../kernel/index.ts';

export class MemoryGroupStore implements GroupStore {
  private readonly clock: Clock;
  private readonly groups = new Map<string, { group: Group; state: GroupState }>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async create(group: Group, state: GroupState): Promise<Creation> {
    if (this.groups.has(group.name)) return 'taken';
    if (this.groups.size >= GROUPS_MAX) return 'full';
    this.groups.set(group.name, { group, state });
    return 'created';
  }

  async remove(name: string): Promise<boolean> {
    return this.groups.delete(name);
  }

  async list(): Promise<readonly Group[]> {
    return [...this.groups.values()].map(({ group }) => group).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async find(name: string): Promise<{ group: Group; state: GroupState } | undefined> {
    return this.groups.get(name);
  }

  async change<R>(
    name: string,
    change: (group: Group, state: GroupState, nowMs: number) => { state: GroupState; result: R },
  ): Promise<R | undefined> {
    const known = this.groups.get(name);
    if (known === undefined) return undefined;
    const nowMs = Math.floor(this.clock.nowMicros() / MICROS_PER_MS);
    const { state, result } = change(known.group, known.state, nowMs);
    this.groups.set(name, { group: known.group, state });
    return result;
  }
}
