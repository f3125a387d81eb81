/**
 * What must hold after any operations in any order, checked by a watcher that knows nothing of how the host
 * works: it only remembers what was answered.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Performer } from '../../hosts/contract/performing.ts';
import { randomSteps, SHARDLETS, STEP_WINDOW, type Step } from '../../hosts/contract/steps.ts';
import type { AppendGroup, AppendReply, CreateReply, ReplicaSpec } from '../../hosts/index.ts';
import { frameIdentity, splitFrames } from '../../hosts/index.ts';
import type { Clock } from '../../kernel/index.ts';
import { seededRandom } from '../../kernel/index.ts';
import { memoryFixture } from './memory-host.fixture.ts';
import { MemoryHost, type MemoryHostOptions } from './memory-host.ts';

/** The shortest window that the steps ever name: within it no event is accepted twice. */
const WINDOW_MIN = STEP_WINDOW / 2;

class WatchedHost extends MemoryHost {
  private readonly watchedClock: Clock;
  private promised = 0;
  private readonly epochs = new Map<number, number>();
  /** when each event was accepted, by the shardlet that must know it */
  private readonly accepted = new Map<number, Map<string, number>>();

  constructor(clock: Clock, options: MemoryHostOptions = {}) {
    super(clock, options);
    this.watchedClock = clock;
  }

  override async frontier(upToTs: number, since: number) {
    const reply = await super.frontier(upToTs, since);
    expect(reply.hostLast).toBeGreaterThanOrEqual(this.promised);
    this.promised = reply.hostLast;
    return reply;
  }

  override async append(groups: readonly AppendGroup[]) {
    const before = new Map((await this.list(0, 1_000)).map((each) => [each.shardlet, each]));
    const replies = await super.append(groups);
    for (const [i, group] of groups.entries()) {
      const reply = replies[i]!;
      if (reply.kind !== 'appended') continue;
      expect(before.get(group.shardlet)).toMatchObject({ mode: 'open', epoch: group.epoch });
      expect(reply.firstSeq).toBe(before.get(group.shardlet)!.lastSeq + 1);
      if (reply.stored > 0) await this.checkStored(group, reply);
    }
    return replies;
  }

  private async checkStored(group: AppendGroup, reply: Extract<AppendReply, { kind: 'appended' }>) {
    expect(reply.firstTs).toBeGreaterThan(this.promised);
    expect(reply.firstTs).toBeGreaterThan(group.tokenTs);
    const stored = await this.read(group.shardlet, reply.firstSeq, 0, { maxRecords: 99, maxBytes: 1e9 });
    expect(stored).toMatchObject({ kind: 'records', last: reply.firstTs + reply.stored - 1 });
    const refused = new Set([...reply.duplicates.map((each) => each.index), ...reply.expired]);
    const known = this.accepted.get(group.shardlet) ?? new Map<string, number>();
    for (const frame of splitFrames(group.frames).filter((_, index) => !refused.has(index))) {
      const at = known.get(frameIdentity(frame)) ?? -Infinity;
      expect(this.watchedClock.nowMicros() - at).toBeGreaterThanOrEqual(WINDOW_MIN);
      known.set(frameIdentity(frame), this.watchedClock.nowMicros());
    }
    this.accepted.set(group.shardlet, known);
  }

  override async createOpen(...args: Parameters<MemoryHost['createOpen']>): Promise<CreateReply> {
    const [shardlet, , , parents] = args;
    const wasThere = 'range' in (await this.describe(shardlet));
    const reply = await super.createOpen(...args);
    if (reply.kind === 'created' && !wasThere) {
      const known = parents.flatMap((parent) => [...(this.accepted.get(parent.shardlet) ?? [])]);
      this.accepted.set(shardlet, new Map(known.sort((a, b) => a[1] - b[1])));
    }
    return reply;
  }

  override async createShadow(shardlet: number, epoch: number, spec: ReplicaSpec) {
    const before = await this.describe(shardlet);
    const reply = await super.createShadow(shardlet, epoch, spec);
    if (reply.kind === 'created' && before.epoch !== epoch) this.accepted.delete(shardlet);
    return reply;
  }

  async checkReplicas() {
    for (const { shardlet, epoch, firstSeq, lastSeq } of await this.list(0, 1_000)) {
      expect(epoch).toBeGreaterThanOrEqual(this.epochs.get(shardlet) ?? 0);
      this.epochs.set(shardlet, epoch);
      expect(firstSeq).toBeLessThanOrEqual(lastSeq + 1);
    }
    for (let shardlet = 1; shardlet <= SHARDLETS; shardlet++) {
      const { mode } = await this.describe(shardlet);
      // a purged tombstone takes the memory of its epoch with it
      if (mode === 'absent') this.epochs.delete(shardlet);
      if (mode === 'absent' || mode === 'dropped') this.accepted.delete(shardlet);
    }
  }
}

/** Each step shrinks by being left out. A clock that goes back shortens what a window means. */
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc
    .nat()
    .map((seed) => randomSteps(seededRandom(seed), 1, true)[0]!)
    .filter((step) => step.op !== 'clock' || step.by > 0),
  { minLength: 20, maxLength: 120, size: 'max' },
);

test('no order of operations breaks what a host promises', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const watched = await memoryFixture({ idsPerSetMax: 8 }, WatchedHost);
      const performer = new Performer(watched, await memoryFixture({ idsPerSetMax: 8 }));
      await performer.start();
      for (const step of sequence) {
        const [watchedReply, plainReply] = await performer.perform(step);
        expect(watchedReply).toBe(plainReply);
        await (watched.host as WatchedHost).checkReplicas();
      }
    }),
    { numRuns: 150 },
  );
});
