/** The order of a pass, and what becomes of hosts that hang, restart or answer late: on hosts in memory. */
import { HostPool } from '@foreshard/core/adapters/event-hosts';
import { MemoryHost, MemoryTopologyStore } from '@foreshard/core/adapters/memory';
import { type EventHost, type HostProof, HostUnreachable } from '@foreshard/core/hosts';
import { ManualClock, MICROS_PER_MS } from '@foreshard/core/kernel';
import type { LockService } from '@foreshard/core/locking';
import { GARBAGE_GRACE_MS } from '@foreshard/core/retention';
import {
  abortMigration,
  acceptLoss,
  addHost,
  beginReadmission,
  createStream,
  type Decision,
  type Host,
  type MapFollower,
  prepareMigration,
  restructure,
} from '@foreshard/core/topology';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { followedMap } from '../map/follower.ts';
import { createMetrics } from '../process/metrics.ts';
import { UNPROVEN } from '../testing/unproven.ts';
import { Reconciler } from './reconcile.ts';

const T0_MICROS = 1_767_225_600_000_000;
/** more than a run waits for a host */
const LONG_MS = 10_000;
const never = new AbortController().signal;

type Call = (host: number, name: string) => Promise<void> | void;

/** Two hosts that the topology store trusts in `run-1`; every call of a handle passes `onCall` first. */
class World {
  readonly clock = new ManualClock(T0_MICROS);
  readonly topology = new MemoryTopologyStore(this.clock);
  readonly hosts = new Map<number, MemoryHost>();
  readonly runs = new Map<number, string>();
  readonly proofs = new Map<number, HostProof>();
  readonly metrics = createMetrics();
  readonly locked: string[] = [];
  readonly stoodStill: string[] = [];
  readonly forgotten: number[] = [];
  prove = async (_: number) => {};
  proveRun = async () => {};
  onCall: Call = () => {};
  /** the topology store answers questions, and hears no decision */
  isDeaf = false;
  /** connections that were opened past the pool, and of these the ones that were closed */
  readonly opened: number[] = [];
  readonly closed: number[] = [];
  follower!: MapFollower;
  pool!: HostPool;
  reconciler!: Reconciler;

  async start(): Promise<void> {
    const notifier = { subscribe: async () => async () => {} };
    const nowMs = () => this.clock.nowMicros() / MICROS_PER_MS;
    const reloaded = (reason: string) => expect.unreachable(reason);
    this.follower = await followedMap({ store: this.topology, notifier, nowMs }, reloaded);
    for (const name of ['one', 'two']) await this.join(name);
    this.pool = new HostPool(this.follower.map, async (host) => this.connect(host, host.incarnation));
    const lock: LockService = {
      during: (what, work) => {
        this.locked.push(what);
        return work();
      },
    };
    this.reconciler = new Reconciler({
      follower: this.follower,
      topology: {
        decide: (decision, actor) => {
          if (this.isDeaf) throw new Error('the topology store is away');
          return this.topology.decide(decision, actor);
        },
      },
      doors: { trusted: (id) => this.pool.get(id), open: this.open, watch: () => undefined },
      ...UNPROVEN,
      proof: async (id) => this.proofs.get(id),
      prove: (id) => this.prove(id),
      proveRun: () => this.proveRun(),
      forgetMarks: async ({ id }) => void this.forgotten.push(id),
      standStill: async (detail) => void this.stoodStill.push(detail),
      lock,
      alarms: { raise: async () => {}, clear: async () => {} } as never,
      metrics: this.metrics,
      log: pino({ level: 'silent' }),
      nowMs,
      actor: 'test',
    });
  }

  get map() {
    return this.follower.map;
  }

  async decide<R>(decision: Decision<R>): Promise<R> {
    const reply = await this.topology.decide(decision, 'test');
    if (reply.kind === 'refused') throw new Error(`${decision.name}: ${reply.refusal.detail}`);
    await this.follower.upToDate();
    return reply.result;
  }

  /** Begun and aborted: leaves garbage at `dest`. */
  async moveInVain({ id, epoch }: { id: number; epoch: number }, dest: number): Promise<void> {
    const { state } = await this.decide(prepareMigration({ id, epoch, dest }));
    if (state.kind !== 'moving') throw new Error(`shardlet ${id} is ${state.kind}`);
    await this.decide(abortMigration(id, state.nextEpoch));
  }

  /** As the worker's prover does. */
  async mark(host: number): Promise<void> {
    const before = this.proofs.get(host);
    const n = (before === undefined ? 0 : Number(before.held.split('.')[0])) + 1;
    const held = `${n}.w-${n}`;
    const reply = await this.hosts.get(host)!.mark(before?.held ?? '', held, 0, 0);
    if (reply.kind !== 'marked') throw new HostUnreachable('connection', 'it holds another mark');
    const { generation, count } = reply.progress;
    const promise = reply.hostLast;
    this.proofs.set(host, {
      host,
      held,
      next: held,
      writers: ['w'],
      generation,
      count,
      promise,
      earlier: [],
    });
  }

  run(): Promise<object | undefined> {
    return this.reconciler.run(never);
  }

  states(host: number): string[] {
    return [...this.map.shardlets()].filter((s) => s.owner === host).map((s) => s.state.kind);
  }

  connect({ id }: Host, run: string | undefined): EventHost {
    const memory = this.hosts.get(id)!;
    const answer = async (name: string, args: unknown[]) => {
      await this.onCall(id, name);
      const incarnation = this.runs.get(id)!;
      if (run !== undefined && run !== incarnation)
        throw new HostUnreachable('incarnation', `host ${id} is in another run`);
      const reply = await (Reflect.get(memory, name) as (...args: unknown[]) => unknown).apply(memory, args);
      return name === 'identify' ? { ...(reply as object), incarnation } : reply;
    };
    return new Proxy(memory, {
      get: (_, name) => {
        if (name === 'then') return undefined;
        if (name === 'close') return async () => this.closed.push(id);
        return (...args: unknown[]) => answer(String(name), args);
      },
    });
  }

  private open = async (host: Host, run: string | undefined) => {
    this.opened.push(host.id);
    return this.connect(host, run);
  };

  private async join(name: string): Promise<void> {
    const request = { name, engine: 'redis', url: `redis://${name}`, durability: 'always' } as const;
    const { hostId } = await this.decide(addHost({ ...request, incarnation: 'run-1' }));
    const host = new MemoryHost(this.clock);
    await host.adopt(hostId);
    this.hosts.set(hostId, host);
    this.runs.set(hostId, 'run-1');
  }
}

let world: World;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  world = new World();
  await world.start();
});
afterEach(async () => {
  await world.follower.stop();
  vi.useRealTimers();
});

/** Open everywhere, four shardlets. */
async function started(): Promise<void> {
  await world.decide(createStream({ name: 'main', shardCount: 4 }));
  await world.run();
  await world.follower.upToDate();
  for (const host of [1, 2]) expect(world.states(host)).toEqual(['open', 'open']);
}

/** One run, for as long as it waits. */
async function runPastPatience(): Promise<void> {
  const run = world.run();
  await vi.advanceTimersByTimeAsync(LONG_MS);
  await run;
  await world.follower.upToDate();
}

test('what clients wait for is finished before anything is dropped, on whichever host', async () => {
  await started();
  for (const { id, epoch, owner } of [...world.map.shardlets()]) {
    await world.moveInVain({ id, epoch }, owner === 1 ? 2 : 1);
  }
  await world.run();
  world.clock.advance(GARBAGE_GRACE_MS * MICROS_PER_MS);
  await world.follower.upToDate();
  expect(new Set([...world.map.garbage()].map((g) => g.host))).toEqual(new Set([1, 2]));
  for (const { id, epoch, range } of [...world.map.shardlets()])
    await world.decide(restructure({ parents: [{ id, epoch }], children: [range] }));
  let isDead = false;
  world.onCall = (_, name) => {
    isDead ||= name === 'drop';
    // a worker that dies at its first drop does nothing more
    if (isDead) throw new HostUnreachable('connection', 'dead');
  };
  await world.run();
  await world.follower.upToDate();
  expect(isDead).toBe(true);
  for (const host of [1, 2]) expect(world.states(host)).toEqual(['closed', 'closed', 'open', 'open']);
  world.onCall = () => {};
  await world.run();
  await world.follower.upToDate();
  expect(world.map.garbage()).toEqual([]);
});

describe('a host that hangs', () => {
  let answers: () => void;

  beforeEach(() => {
    const answered = new Promise<void>((resolve) => {
      answers = resolve;
    });
    world.onCall = (host) => (host === 2 ? answered : undefined);
  });

  test('does not hold up the others, and has one pass at a time', async () => {
    await world.decide(createStream({ name: 'main', shardCount: 4 }));
    await runPastPatience();
    expect(world.states(1)).toEqual(['open', 'open']);
    expect(world.states(2)).toEqual(['opening', 'opening']);
    await runPastPatience();
    expect(world.locked.filter((what) => what === 'host:2')).toHaveLength(1);
    expect(world.locked.filter((what) => what === 'host:1')).toHaveLength(2);
    answers();
    await runPastPatience();
    expect(world.states(2)).toEqual(['open', 'open']);
  });

  test('holds up no opening with a drop that takes long', async () => {
    world.onCall = () => {};
    await started();
    const { id, epoch } = [...world.map.shardlets()].find((s) => s.owner === 1)!;
    await world.moveInVain({ id, epoch }, 2);
    world.clock.advance(GARBAGE_GRACE_MS * MICROS_PER_MS);
    const dropped = new Promise<void>((resolve) => {
      answers = resolve;
    });
    world.onCall = (_, name) => (name === 'drop' ? dropped : undefined);
    await runPastPatience();
    const other = [...world.map.shardlets()].find((s) => s.owner === 2)!;
    const parents = [{ id: other.id, epoch: other.epoch }];
    const { children } = await world.decide(restructure({ parents, children: [other.range] }));
    await runPastPatience();
    expect(world.map.shardlet(children[0]!.id)!.state.kind).toBe('open');
    expect(world.locked.filter((what) => what === 'garbage:2')).toHaveLength(2);
    answers();
    await runPastPatience();
    expect(world.map.garbage()).toEqual([]);
  });
});

test('a host that does not answer in time is not asked again in the same pass', async () => {
  await started();
  world.onCall = (host) => {
    if (host === 2) throw new HostUnreachable('timeout', 'no answer');
  };
  await world.run();
  expect(world.opened).toEqual([]);
});

test('what is left and how attempts have ended is measured', async () => {
  await world.decide(createStream({ name: 'main', shardCount: 4 }));
  world.onCall = (host, name) => {
    if (host === 2 && name === 'createOpen') throw new HostUnreachable('connection', 'cut off');
  };
  await world.run();
  const { unsettled, garbage, outcomes } = world.metrics;
  expect((await unsettled.get()).values).toMatchObject([{ value: 4 }]);
  expect((await outcomes.get()).values).toMatchObject([
    { value: 1, labels: { outcome: 'unreachable' } },
    { value: 1, labels: { outcome: 'finished' } },
  ]);
  world.onCall = () => {};
  await world.run();
  const { id, epoch } = [...world.map.shardlets()].find((s) => s.owner === 1)!;
  await world.moveInVain({ id, epoch }, 2);
  await world.run();
  expect((await unsettled.get()).values).toMatchObject([{ value: 1 }]);
  expect((await garbage.get()).values).toMatchObject([{ value: 1 }]);
});

describe('a host that has restarted', () => {
  beforeEach(async () => {
    await started();
    world.runs.set(2, 'run-2');
  });

  const readmissions = async () => (await world.metrics.readmissions.get()).values;

  test('is readmitted, counted, and leaves no connection behind', async () => {
    await world.run();
    await world.follower.upToDate();
    expect(world.map.host(2)).toMatchObject({ state: 'active', incarnation: 'run-2' });
    expect(await readmissions()).toMatchObject([{ value: 1, labels: { host: 2, durability: 'always' } }]);
    // one looked who is there, one readmitted; the pool has closed its own
    expect(world.opened).toEqual([2, 2]);
    await vi.waitFor(() => expect(world.closed).toEqual([2, 2, 2]));
  });

  test('leaves no connection behind when its readmission breaks off, and is not counted', async () => {
    world.onCall = (_, name) => {
      if (name === 'list') throw new HostUnreachable('connection', 'gone again');
    };
    await world.run();
    await world.follower.upToDate();
    expect(world.map.host(2)).toMatchObject({ state: 'readmitting', incarnation: 'run-1' });
    expect(await readmissions()).toEqual([]);
    expect(world.opened).toEqual([2, 2]);
    await vi.waitFor(() => expect(world.closed).toEqual([2, 2, 2]));
  });

  test('is not used before its readmission is over, also when it looks as before', async () => {
    await world.decide(beginReadmission(2, 'run-2'));
    const before = [...world.map.shardlets()].filter((s) => s.owner === 2);
    // as a disk that was put back would look
    world.runs.set(2, 'run-1');
    await expect(world.pool.get(2)).rejects.toThrow('is being readmitted');
    await world.run();
    await world.follower.upToDate();
    expect(world.map.host(2)!.state).toBe('active');
    for (const { id, epoch } of before) expect(world.map.shardlet(id)!.epoch).toBeGreaterThan(epoch);
  });
});

describe('a run that is readmitted', () => {
  beforeEach(started);

  test('is trusted only when it has been marked', async () => {
    world.runs.set(2, 'run-2');
    // what is opened is proven as well, before this
    world.proveRun = async () => {
      await world.follower.upToDate();
      if (world.states(2).every((state) => state === 'open'))
        throw new HostUnreachable('timeout', 'no answer to the mark');
    };
    await world.run();
    await world.follower.upToDate();
    expect(world.map.host(2)).toMatchObject({ state: 'readmitting', incarnation: 'run-1' });
    world.proveRun = async () => {};
    await world.run();
    await world.follower.upToDate();
    expect(world.map.host(2)).toMatchObject({ state: 'active', incarnation: 'run-2' });
    expect(world.forgotten).toEqual([]);
  });

  test('is asked about everything again when its marks show that it went back since its loss was accepted', async () => {
    const loss = { detail: 'older', byMarks: true, certainTs: 0, promise: 0 };
    await world.decide(beginReadmission(2, 'run-1', loss));
    const { readmission } = await world.decide(acceptLoss(2, 'run-1'));
    const generation = readmission!.regressed!.accepted!;
    await world.hosts.get(2)!.admit(generation, 0);
    const confirmed = { held: '2.a-2', next: '2.a-2', writers: ['a'], promise: 0, earlier: [] };
    world.proofs.set(2, { host: 2, generation, count: 0, ...confirmed });
    await world.run();
    await world.follower.upToDate();
    expect(world.forgotten).toEqual([2]);
    expect(world.map.host(2)).toMatchObject({ state: 'active', generation });
    const own = [...world.map.shardlets()].filter((s) => s.owner === 2);
    expect(own.every((s) => s.lost.at(-1)!.epoch > generation + 1)).toBe(true);
  });
});

describe('a host that is used', () => {
  beforeEach(started);

  test('is suspended when it lacks what the topology store has open there', async () => {
    const { id, epoch } = [...world.map.shardlets()].find((s) => s.owner === 2)!;
    await world.hosts.get(2)!.drop(id, epoch);
    world.clock.advance(29_000_000);
    await world.run();
    await world.follower.upToDate();
    expect(world.map.host(2)!.state).toBe('active');
    world.clock.advance(1_000_000);
    await world.run();
    await world.follower.upToDate();
    expect(world.map.host(2)).toMatchObject({
      state: 'readmitting',
      readmission: {
        regressed: { byMarks: false, detail: `host 2 lacks what it has confirmed of shardlets ${id}` },
      },
    });
    expect(world.map.host(1)!.state).toBe('active');
  });

  test('that a comparison suspended is readmitted by itself when all of it was put back', async () => {
    const memory = world.hosts.get(2)!;
    const { id, epoch } = [...world.map.shardlets()].find((s) => s.owner === 2)!;
    const whole = structuredClone(Reflect.get(memory, 'state'));
    world.prove = () => world.mark(2);
    const pass = async () => {
      world.clock.advance(30_000_000);
      await world.run();
      await world.follower.upToDate();
      return world.map.host(2)!;
    };
    await memory.drop(id, epoch);
    await memory.createFloor(2);
    expect(await pass()).toMatchObject({
      state: 'readmitting',
      readmission: { regressed: { byMarks: false } },
    });
    // nothing was put back
    world.runs.set(2, 'run-2');
    expect(await pass()).toMatchObject({ state: 'readmitting', readmission: { incarnation: 'run-2' } });
    // what was missing is put back where the rest is
    world.runs.set(2, 'run-3');
    Reflect.get(memory, 'state').replicas.set(id, whole.replicas.get(id));
    expect(await pass()).toMatchObject({ state: 'active', incarnation: 'run-3', generation: 0 });
    const { state, lost } = world.map.shardlet(id)!;
    expect([state.kind, lost]).toEqual(['open', []]);
  });

  test('that a comparison suspended waits for a person when another state is put in its place', async () => {
    const memory = world.hosts.get(2)!;
    const { id, epoch } = [...world.map.shardlets()].find((s) => s.owner === 2)!;
    const whole = structuredClone(Reflect.get(memory, 'state'));
    world.prove = () => world.mark(2);
    const pass = async () => {
      world.clock.advance(30_000_000);
      await world.run();
      await world.follower.upToDate();
      return world.map.host(2)!;
    };
    await memory.drop(id, epoch);
    await memory.createFloor(2);
    await pass();
    const compared = structuredClone(Reflect.get(memory, 'state'));
    // whole but for what was acknowledged after the loss; later changes make up for the count
    Reflect.set(memory, 'state', structuredClone(whole));
    for (let floor = 3; floor <= 99; floor++) await memory.createFloor(floor);
    for (const run of ['run-1', 'run-3', 'run-3']) {
      world.runs.set(2, run);
      expect(await pass()).toMatchObject({ state: 'readmitting', readmission: { incarnation: run } });
    }
    compared.replicas.set(id, whole.replicas.get(id));
    Reflect.set(memory, 'state', compared);
    expect(await pass()).toMatchObject({ state: 'readmitting' });
  });

  test('that a comparison suspended waits for a person when it could not be marked after that', async () => {
    const { id, epoch } = [...world.map.shardlets()].find((s) => s.owner === 2)!;
    world.prove = async () => {
      throw new HostUnreachable('timeout', 'no answer to the mark');
    };
    await world.hosts.get(2)!.drop(id, epoch);
    world.clock.advance(30_000_000);
    await world.run();
    await world.follower.upToDate();
    const { regressed } = world.map.host(2)!.readmission!;
    expect(regressed).toMatchObject({ byMarks: false });
    expect(regressed).not.toHaveProperty('comparedAt');
  });

  test('that is found in an older state waits for a person, also when a newer one is put back', async () => {
    const memory = world.hosts.get(2)!;
    await world.mark(2);
    const older = structuredClone(Reflect.get(memory, 'state'));
    await world.mark(2);
    const newer = structuredClone(Reflect.get(memory, 'state'));
    Reflect.set(memory, 'state', older);
    await world.run();
    await world.follower.upToDate();
    const suspended = world.map.host(2)!.readmission!.regressed;
    expect(suspended).toMatchObject({ byMarks: true, detail: expect.stringContaining('again, after') });
    for (const run of ['run-1', 'run-2']) {
      Reflect.set(memory, 'state', structuredClone(newer));
      world.runs.set(2, run);
      await world.run();
      await world.follower.upToDate();
      expect(world.map.host(2)).toMatchObject({
        state: 'readmitting',
        readmission: { regressed: suspended },
      });
    }
  });

  describe('that was found in an older state while the topology store did not hear it', () => {
    let older: unknown;
    let newer: unknown;
    const state = (to: unknown) => Reflect.set(world.hosts.get(2)!, 'state', structuredClone(to));

    beforeEach(async () => {
      await world.mark(2);
      older = structuredClone(Reflect.get(world.hosts.get(2)!, 'state'));
      await world.mark(2);
      newer = structuredClone(Reflect.get(world.hosts.get(2)!, 'state'));
      state(older);
      world.isDeaf = true;
      await expect(world.run()).rejects.toThrow('away');
      world.isDeaf = false;
    });

    test.each(['run-1', 'run-2'])(
      'is suspended for it, though a newer one was put back in %s',
      async (run) => {
        state(newer);
        world.runs.set(2, run);
        for (let i = 0; i < 3; i++) await world.run();
        await world.follower.upToDate();
        expect(world.map.host(2)).toMatchObject({
          state: 'readmitting',
          readmission: { regressed: { byMarks: true, detail: expect.stringContaining('again, after') } },
        });
      },
    );

    test('is not suspended for it again once its loss was accepted', async () => {
      const loss = { detail: 'older', byMarks: true, certainTs: 0, promise: 0 };
      await world.decide(beginReadmission(2, 'run-1', loss));
      await world.decide(acceptLoss(2, 'run-1'));
      for (let i = 0; i < 3; i++) await world.run();
      await world.follower.upToDate();
      expect(world.map.host(2)).toMatchObject({ state: 'active' });
    });
  });

  test('that refused a mark in an older state is suspended for it, whatever it holds by then', async () => {
    await world.mark(2);
    const seen = { mark: '', certainTs: 7, detail: 'it held mark none again' };
    world.reconciler.noteOlder(world.map.host(2)!, seen);
    await world.run();
    await world.follower.upToDate();
    expect(world.map.host(2)!.readmission!.regressed).toMatchObject({ certainTs: 0, detail: seen.detail });
  });

  test('that came back empty is judged by what is put in its place', async () => {
    const older = world.hosts.get(2)!;
    await older.mark('', '1.a-1', 600, 0);
    const confirmed = { held: '2.a-2', next: '2.a-2', writers: ['a'], promise: 900, earlier: [600] };
    world.proofs.set(2, { host: 2, generation: 0, count: 0, ...confirmed });
    const suspended = async (run: string, memory: MemoryHost) => {
      world.hosts.set(2, memory);
      world.runs.set(2, run);
      await world.run();
      await world.follower.upToDate();
      return world.map.host(2)!.readmission!;
    };
    const empty = await suspended('run-2', new MemoryHost(world.clock));
    expect(empty).toMatchObject({
      incarnation: 'run-2',
      regressed: { detail: expect.stringContaining('empty') },
    });
    const putBack = await suspended('run-3', older);
    expect(putBack).toMatchObject({ incarnation: 'run-3', regressed: { certainTs: 600, promise: 900 } });
  });

  test('that something else suspended stays so, whatever a comparison says', async () => {
    const loss = { detail: 'edge-1 was answered less', byMarks: false, certainTs: 0, promise: 0 };
    await world.decide(beginReadmission(2, 'run-1', loss));
    for (const run of ['run-1', 'run-2', 'run-2']) {
      world.runs.set(2, run);
      world.clock.advance(30_000_000);
      await world.run();
      await world.follower.upToDate();
      expect(world.map.host(2)).toMatchObject({ state: 'readmitting', readmission: { regressed: loss } });
    }
  });

  test('and is in a generation that the topology store does not know makes this topology store stand still', async () => {
    await world.hosts.get(2)!.admit(99, 0);
    await world.run();
    expect(world.stoodStill).toEqual(['host 2: it is in generation 99, the topology store says 0']);
  });

  test('is judged by its marks in its next run, when its accepted loss was readmitted while it was looked at', async () => {
    const loss = { detail: 'older', byMarks: true, certainTs: 0, promise: 0 };
    await world.decide(beginReadmission(2, 'run-1', loss));
    const { readmission } = await world.decide(acceptLoss(2, 'run-1'));
    const generation = readmission!.regressed!.accepted!;
    await world.run();
    await world.follower.upToDate();
    expect(world.map.host(2)).toMatchObject({ state: 'active', generation });
    // this worker's pass has begun with the map of before
    const behind = { ...world.map.host(2)!, state: 'readmitting', readmission } as Host;
    world.runs.set(2, 'run-2');
    const identity = { ...(await world.hosts.get(2)!.identify()), incarnation: 'run-2' };
    const readmit = Reflect.get(world.reconciler, 'readmit') as (...args: unknown[]) => Promise<object[]>;
    const outcomes = await readmit.call(world.reconciler, behind, identity, never);
    expect(outcomes).toMatchObject([{ kind: 'stale' }]);
    expect(world.forgotten).toEqual([]);
    await world.run();
    await world.follower.upToDate();
    expect(world.map.host(2)).toMatchObject({ state: 'active', incarnation: 'run-2', generation });
  });

  test('may begin the generation of a loss that was accepted while it was looked at', async () => {
    world.onCall = async (host, name) => {
      if (host !== 2 || name !== 'identify') return;
      world.onCall = () => {};
      const loss = { detail: 'older', byMarks: true, certainTs: 0, promise: 0 };
      await world.decide(beginReadmission(2, 'run-1', loss));
      await world.decide(acceptLoss(2, 'run-1'));
      await world.hosts.get(2)!.admit(world.map.version, 0);
    };
    await world.run();
    expect(world.stoodStill).toEqual([]);
    await world.run();
    await world.follower.upToDate();
    expect(world.map.host(2)).toMatchObject({ state: 'active' });
  });
});
