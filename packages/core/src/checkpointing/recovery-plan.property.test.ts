/**
 * The plan against the simplest model there is: a log of events with their places, lineages made at random by splits (also
 * inside a key), rolls and merges, checkpoints that remember which events are in them, and hosts that lose their last
 * writes. Applying the steps has to give each committed event of the range once.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { contains, END, type Position, type Range, range, START } from '../keyspace/index.ts';
import { finalSeqOf, type Shardlet } from '../topology/index.ts';
import type { KnownCheckpoint } from './records.ts';
import { planRecovery, type RecoveryStep } from './recovery-plan.ts';

interface Event {
  readonly name: string;
  readonly place: Position;
}

/** What a state holds: which events. */
type State = readonly Event[];

interface Log {
  shardlet: Shardlet;
  /** by seq from 1 */
  events: Event[];
  /** events of before it and its own, as they were processed */
  state: State;
  committed: number;
}

class World {
  readonly logs = new Map<number, Log>();
  readonly checkpoints: KnownCheckpoint[] = [];
  readonly contents = new Map<string, State>();
  private readonly next: (below: number) => number;
  private epoch = 1;
  private names = 0;

  constructor(next: (below: number) => number) {
    this.next = next;
    this.add(range(START, END), []);
  }

  open(): Log[] {
    return [...this.logs.values()].filter(({ shardlet }) => shardlet.state.kind === 'open');
  }

  append(log: Log): void {
    const { from, to } = log.shardlet.range;
    const hi = from.hi + this.next(Math.max(1, to.hi - from.hi));
    const event = {
      name: `e${++this.names}`,
      place: { hi, lo: hi === from.hi ? from.lo : this.next(2 ** 31) },
    };
    if (!contains(log.shardlet.range, event.place)) return;
    log.events.push(event);
  }

  /** Processes some of what is not processed. */
  commit(log: Log): void {
    this.commitTo(log, log.committed + this.next(log.events.length - log.committed + 1));
  }

  checkpoint(log: Log): void {
    const id = `c${++this.names}`;
    const base = this.checkpoints
      .filter((one) => one.shardlet === log.shardlet.id && one.epoch === log.shardlet.epoch)
      .at(-1);
    const isDelta = base !== undefined && this.next(3) === 0 && base.base === undefined;
    this.checkpoints.push({
      ...{ id, shardlet: log.shardlet.id, seq: log.committed, epoch: log.shardlet.epoch },
      ...{ handlerVersion: '1', base: isDelta ? base.id : undefined, bytes: 1, keys: 1, digest: '' },
      ...{ reason: 'due', createdAtMs: this.names },
    });
    const before = isDelta ? this.contents.get(base.id)!.length : 0;
    this.contents.set(id, log.state.slice(before));
  }

  /** The host forgets its last events, and those that were processed are not certain any more. */
  lose(log: Log): void {
    const seq = this.next(log.events.length + 1);
    this.epoch++;
    const lost = [...log.shardlet.lost, { epoch: this.epoch, seq }];
    log.shardlet = { ...log.shardlet, epoch: this.epoch, lost };
    log.events = log.events.slice(0, seq);
    const gone = log.committed - seq;
    if (gone <= 0) return;
    log.state = log.state.slice(0, log.state.length - gone);
    log.committed = seq;
  }

  split(log: Log): void {
    const { from, to } = log.shardlet.range;
    if (to.hi - from.hi < 4) return;
    const isInsideKey = this.next(3) === 0;
    const middle = { hi: from.hi + 1 + this.next(to.hi - from.hi - 2), lo: isInsideKey ? 2 ** 30 : 0 };
    this.close([log]);
    this.add(range(from, middle), [log]);
    this.add(range(middle, to), [log]);
  }

  roll(log: Log): void {
    this.close([log]);
    this.add(log.shardlet.range, [log]);
  }

  merge(): void {
    const open = this.open().sort((a, b) => a.shardlet.range.from.hi - b.shardlet.range.from.hi);
    if (open.length < 2) return;
    const at = this.next(open.length - 1);
    const [left, right] = [open[at]!, open[at + 1]!];
    this.close([left, right]);
    this.add(range(left.shardlet.range.from, right.shardlet.range.to), [left, right]);
  }

  /** Without a last checkpoint, as if each member died. */
  private close(logs: readonly Log[]): void {
    for (const log of logs) {
      this.commitTo(log, log.events.length);
      const finalSeq = log.events.length;
      log.shardlet = { ...log.shardlet, state: { kind: 'closed', successors: [], finalSeq, finalTs: 0 } };
      if (this.next(2) === 0) this.checkpoint(log);
    }
  }

  private commitTo(log: Log, seq: number): void {
    const done = log.events.slice(log.committed, seq);
    log.state = [...log.state, ...done];
    log.committed = seq;
  }

  private add(part: Range, parents: readonly Log[]): void {
    const id = this.logs.size + 1;
    const state = parents.flatMap((parent) =>
      parent.state.filter((event) => contains(part, homeIn(parent, event))),
    );
    const shardlet: Shardlet = {
      ...{ id, stream: 1, shard: 0, range: part, owner: 1, epoch: this.epoch, state: { kind: 'open' } },
      ...{ parents: parents.map((one) => one.shardlet.id), lost: [] },
    };
    this.logs.set(id, { shardlet, events: [], state, committed: 0 });
  }
}

/** Where the state of the key is in this shardlet: at the first place that both have. */
function homeIn({ shardlet: { range: own } }: Log, { place: { hi } }: Event): Position {
  const key = { hi, lo: 0 };
  return contains(own, key) ? key : own.from;
}

/** As a member does it. */
function apply(world: World, steps: readonly RecoveryStep[]): string[] {
  return steps.flatMap((step) => {
    const events =
      step.kind === 'restore'
        ? world.contents.get(step.checkpoint.id)!
        : world.logs.get(step.shardlet)!.events.slice(step.after, step.through);
    return events.filter(({ place: { hi } }) => contains(step.range, { hi, lo: 0 })).map(({ name }) => name);
  });
}

function run(choices: readonly number[]): World {
  let at = 0;
  const next = (below: number) => choices[at++ % choices.length]! % Math.max(1, below);
  const world = new World(next);
  for (let turn = 0; turn < 60; turn++) {
    const open = world.open();
    const log = open[next(open.length)]!;
    const act = next(14);
    if (act < 5) for (let i = 0; i < 4; i++) world.append(log);
    else if (act < 8) world.commit(log);
    else if (act < 10) world.checkpoint(log);
    else if (act === 10) world.lose(log);
    else if (act === 11) world.split(log);
    else if (act === 12) world.roll(log);
    else world.merge();
  }
  return world;
}

const choices = fc.array(fc.nat(2 ** 31), { minLength: 20, maxLength: 250 });

it('gives each committed event of the range once, whatever was split, merged, lost and checkpointed', () => {
  let restores = 0;
  let deep = 0;
  fc.assert(
    fc.property(choices, fc.boolean(), (given, fromLog) => {
      const world = run(given);
      const sources = {
        shardlet: (id: number) => world.logs.get(id)?.shardlet,
        checkpoints: (id: number) => world.checkpoints.filter((one) => one.shardlet === id),
      };
      for (const { shardlet, committed, state } of world.open()) {
        const steps = planRecovery(sources, shardlet, { seq: committed, fromLog });
        restores += steps.filter(({ kind }) => kind === 'restore').length;
        deep += new Set(steps.map((one) => (one.kind === 'replay' ? one.shardlet : one.checkpoint.shardlet)))
          .size;
        expect(apply(world, steps).sort()).toEqual(state.map(({ name }) => name).sort());
      }
    }),
    { numRuns: 150, seed: 7 },
  );
  // the property is worth something only if recoveries restore, and reach back
  expect(restores).toBeGreaterThan(300);
  expect(deep).toBeGreaterThan(1_000);
});

it('costs no stack, however often a shardlet was rolled', () => {
  const line = Array.from({ length: 12_000 }, (_, i): Shardlet => {
    const id = i + 1;
    const state: Shardlet['state'] =
      id === 12_000 ? { kind: 'open' } : { kind: 'closed', successors: [id + 1], finalSeq: 1, finalTs: 0 };
    return {
      ...{ id, stream: 1, shard: 0, range: range(START, END), owner: 1, epoch: 1, state, lost: [] },
      parents: id === 1 ? [] : [id - 1],
    };
  });
  const steps = planRecovery({ shardlet: (id) => line[id - 1], checkpoints: () => [] }, line.at(-1)!, {
    seq: 1,
  });
  expect(steps).toHaveLength(12_000);
  expect(finalSeqOf(line[0]!)).toBe(1);
});
