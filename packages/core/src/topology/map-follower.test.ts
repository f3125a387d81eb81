import { beforeEach, describe, expect, it } from 'vitest';
import { alterStream, createStream } from './decisions/index.ts';
import { Trial } from './decisions/trial.ts';
import { type FirstTopology, MapFollower } from './map-follower.ts';
import type { Change, Topology } from './model.ts';

/** The store in memory, its change log, and a clock and timers that the test moves. */
class World {
  readonly trial = new Trial();
  readonly log: Change[] = [];
  isAway = false;
  nowMs = 1_000;
  looks = 0;
  readonly reloads: string[] = [];
  readonly failures: unknown[] = [];
  notify: (version: number) => void = () => {};
  isSubscribed = false;
  readonly timers = new Set<() => void>();
  follower!: MapFollower;

  constructor() {
    this.trial.map.onChange((change) => this.log.push(change));
    this.trial.addHost('a');
    this.trial.openStream({ name: 'main', shardCount: 2 });
  }

  follow(first?: FirstTopology): MapFollower {
    this.follower = new MapFollower(
      {
        store: {
          snapshot: async () => this.answer(() => this.trial.topology()),
          changesAfter: async (version, limit) =>
            this.answer(() => {
              this.looks++;
              return this.log.filter((change) => change.version > version).slice(0, limit);
            }),
        },
        notifier: {
          subscribe: async (listener) => {
            this.notify = listener;
            this.isSubscribed = true;
            return async () => {
              this.isSubscribed = false;
            };
          },
        },
        nowMs: () => this.nowMs,
        pollMs: 2_000,
        later: (run) => {
          this.timers.add(run);
          return () => this.timers.delete(run);
        },
        observer: {
          unanswered: (error) => this.failures.push(error),
          reloaded: (reason) => this.reloads.push(reason),
        },
      },
      first,
    );
    return this.follower;
  }

  decide(retentionMs: number): void {
    this.trial.decide(alterStream(1, { retentionMs }));
  }

  async tick(): Promise<void> {
    const due = [...this.timers];
    this.timers.clear();
    for (const run of due) run();
    await settled();
  }

  get isUpToDate(): boolean {
    return this.follower.map.version === this.trial.map.version;
  }

  private answer<T>(reply: () => T): T {
    if (this.isAway) throw new Error('away');
    return reply();
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const sorted = ({ shardlets, ...rest }: Topology) => ({
  ...rest,
  shardlets: [...shardlets].sort((a, b) => a.id - b.id),
});

let world: World;
beforeEach(() => {
  world = new World();
});

describe('MapFollower', () => {
  it('is unproven and without age of an answer until the store has answered', async () => {
    const follower = world.follow();
    world.isAway = true;
    await expect(follower.upToDate()).rejects.toThrow('away');
    expect([follower.isProven, follower.answeredAskedAtMs]).toEqual([false, Number.NEGATIVE_INFINITY]);
    world.isAway = false;
    world.nowMs = 5_000;
    expect((await follower.upToDate()).toTopology()).toEqual(world.trial.topology());
    world.nowMs = 6_000;
    expect([follower.isProven, follower.answeredAskedAtMs, follower.ageMs]).toEqual([true, 5_000, 1_000]);
    expect(world.reloads).toEqual([]);
  });

  it('catches up on a notification, at once', async () => {
    await world.follow().start();
    await world.follower.upToDate();
    world.decide(3_600_000);
    world.notify(world.trial.map.version);
    await settled();
    expect(world.isUpToDate).toBe(true);
  });

  it('asks nothing on a notification of what it knows', async () => {
    await world.follow().start();
    await world.follower.upToDate();
    const { looks } = world;
    world.notify(world.trial.map.version);
    await settled();
    expect(world.looks).toBe(looks);
  });

  it('polls for what nobody notified of, also after a failure, and not after its end', async () => {
    await world.follow().start();
    world.isAway = true;
    await world.tick();
    expect(world.failures).toHaveLength(1);
    world.isAway = false;
    await world.tick();
    expect(world.isUpToDate).toBe(true);
    await world.follower.stop();
    expect([world.timers.size, world.isSubscribed]).toEqual([0, false]);
    await world.tick();
    expect(world.timers.size).toBe(0);
  });

  it('reads a log that is longer than one look', async () => {
    const follower = world.follow({ topology: world.trial.topology(), isProven: true });
    for (let i = 0; i < 2_500; i++) world.decide(3_600_000 + i);
    world.looks = 0;
    await follower.upToDate();
    expect([world.isUpToDate, world.looks]).toEqual([true, 3]);
    expect(world.reloads).toEqual([]);
  });

  it('loads the whole map where the log has a gap, and says so; the map stays the same object', async () => {
    const follower = world.follow();
    const map = await follower.upToDate();
    const before = map.version;
    const versions: number[] = [];
    map.onChange(({ version }) => versions.push(version));
    world.trial.decide(createStream({ name: 'two', shardCount: 3 }));
    world.decide(3_600_000);
    world.decide(7_200_000);
    world.log.splice(0, world.log.length - 1);
    expect(await follower.upToDate()).toBe(map);
    expect(sorted(map.toTopology())).toEqual(sorted(world.trial.topology()));
    expect(world.reloads).toEqual([`the change log goes from version ${before} to ${before + 3}`]);
    expect(versions).toEqual([before + 3]);
    world.decide(3_600_000);
    await follower.upToDate();
    expect([world.isUpToDate, world.reloads.length]).toEqual([true, 1]);
  });

  it('tries again where the store goes away between the gap and the snapshot', async () => {
    const follower = world.follow({ topology: world.trial.topology(), isProven: true });
    world.decide(3_600_000);
    world.decide(7_200_000);
    world.log.splice(0, world.log.length - 1);
    const reads = follower.upToDate();
    world.isAway = true;
    await expect(reads).rejects.toThrow('away');
    expect(world.isUpToDate).toBe(false);
    world.isAway = false;
    await follower.upToDate();
    expect([world.isUpToDate, world.reloads.length]).toEqual([true, 1]);
  });

  it('takes the map of a store that is behind the one on disk, and says so', async () => {
    const kept = world.trial.topology();
    const older = new World();
    for (let i = 0; i < 3; i++) world.decide(3_600_000 + i);
    const follower = older.follow({ topology: { ...kept, version: kept.version + 3 }, isProven: false });
    await follower.upToDate();
    expect(follower.map.version).toBe(kept.version);
    expect(older.reloads).toEqual([`the map had version ${kept.version + 3}, the store has ${kept.version}`]);
  });
});
