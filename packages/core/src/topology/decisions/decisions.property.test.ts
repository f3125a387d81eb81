/** Whatever is decided in whatever order, some things always hold. Indices are drawn and mapped to what is there. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { comparePositions, END, type Position, type Range, range, START } from '../../keyspace/index.ts';
import type { Change, Host, Shardlet } from '../model.ts';
import type { Decision } from '../topology-store.ts';
import { dropGarbage, markGone } from './ending.ts';
import { floorOf } from './floor.ts';
import { removeHost } from './hosts.ts';
import {
  abortClosedMove,
  abortMigration,
  commitClosedMove,
  commitMigration,
  prepareMigration,
  setHostState,
} from './migration.ts';
import { settleOpening } from './opening.ts';
import { beginReadmission, publishIncarnation, readmitBatch } from './readmission.ts';
import { restructure, settleRestructure } from './restructure.ts';
import { alterStream, createStream, deleteStream } from './streams.ts';
import { Trial } from './trial.ts';

interface Step {
  readonly what: keyof typeof STEPS;
  readonly pick: number;
  readonly cut: number;
}

/** What may be decided next; undefined when there is nothing to decide it about. */
const STEPS = {
  createStream: (_, { pick, cut }) =>
    createStream({ name: `s${pick % 4}`, shardCount: 1 + (cut % 3), splitKeys: cut % 2 === 0 }),
  alterStream: (trial, { pick }) => alterStream(one(trial.topology().streams, pick)?.id ?? 0, {}),
  deleteStream: (trial, { pick }) => deleteStream(one(trial.topology().streams, pick)?.id ?? 0),
  removeHost: (_, { pick }) => removeHost(1 + (pick % 3)),
  settleOpening: (trial, { pick }) => {
    const s = one(inState(trial, 'opening'), pick);
    return s && settleOpening(s.id, s.epoch, 7);
  },
  split: (trial, { pick, cut }) => {
    const s = one(inState(trial, 'open'), pick);
    return s && restructure({ parents: [s], children: halves(s.range, cut) });
  },
  merge: (trial, { pick }) => {
    const left = one(inState(trial, 'open'), pick);
    const right = left && inState(trial, 'open').find((s) => isNextTo(left, s));
    return (
      left &&
      right &&
      restructure({ parents: [right, left], children: [range(left.range.from, right.range.to)] })
    );
  },
  roll: (trial, { pick }) => {
    const s = one(inState(trial, 'open'), pick);
    return s && restructure({ parents: [s], children: [s.range] });
  },
  settleRestructure: (trial, { pick }) => {
    const parent = one(inState(trial, 'closing'), pick);
    return parent && settleFamily(trial, parent);
  },
  markGone: (trial, { pick }) => markGone(one(inState(trial, 'closed'), pick)?.id ?? 0),
  dropGarbage: (trial, { pick }) => dropGarbage(trial.topology().garbage.slice(0, pick % 3)),
  move: (trial, { pick, cut }) => {
    const s = one([...inState(trial, 'open'), ...inState(trial, 'closed')], pick);
    const dest = one(trial.topology().hosts, cut);
    return s && dest && prepareMigration({ id: s.id, epoch: s.epoch, dest: dest.id });
  },
  commitMove: (trial, { pick }) => endMove(trial, pick, commitMigration, commitClosedMove),
  abortMove: (trial, { pick }) => endMove(trial, pick, abortMigration, abortClosedMove),
  drain: (_, { pick, cut }) => setHostState(1 + (pick % 3), cut % 3 === 0 ? 'draining' : 'active'),
  beginReadmission: (_, { pick, cut }) => beginReadmission(1 + (pick % 3), `run ${cut % 5}`),
  readmit: (trial, { pick }) => {
    const host = trial.topology().hosts.find((h) => h.readmission !== undefined);
    const ids = trial.topology().shardlets.map((s) => s.id);
    const some = ids.slice(pick % Math.max(1, ids.length)).slice(0, 3);
    const lost = some.map((shardlet) => ({ shardlet, lastSeq: 7 }));
    return host && readmitBatch(host.id, host.readmission!.incarnation, some, lost);
  },
  publish: (trial) => {
    const host = trial.topology().hosts.find((h) => h.readmission !== undefined);
    return host && publishIncarnation(host.id, host.readmission!.incarnation, host.incarnation);
  },
} satisfies Record<string, (trial: Trial, step: Step) => Decision<unknown> | undefined>;

const kinds = Object.keys(STEPS) as (keyof typeof STEPS)[];
/** Settling more often than the rest: else most of the topology store is soon waiting for it. */
const weighted = [
  ...kinds,
  'settleOpening',
  'settleOpening',
  'settleRestructure',
  'settleRestructure',
] as const;

const steps = fc.array(
  fc.record({ what: fc.constantFrom(...weighted), pick: fc.nat(50), cut: fc.nat(1_000) }),
  { maxLength: 60, size: 'max' },
);

it('keeps every stream covered exactly once, epochs fresh and ids unused before', () => {
  const accepted = new Map<string, number>();
  fc.assert(
    fc.property(steps, (sequence) => {
      const { trial, log } = start();
      for (const step of sequence) {
        const { hosts } = trial.topology();
        const decision: Decision<unknown> | undefined = STEPS[step.what](trial, step);
        if (decision === undefined || trial.refusal(decision) !== undefined) continue;
        accepted.set(step.what, 1 + (accepted.get(step.what) ?? 0));
        checkCover(trial);
        checkLineage(trial);
        checkFloor(trial);
        checkPublished(trial, hosts);
      }
      checkLog(log);
    }),
    { numRuns: 300 },
  );
  // a property over steps that are always refused would say nothing
  expect(kinds.filter((what) => !accepted.has(what))).toEqual([]);
});

function start(): { trial: Trial; log: Change[] } {
  const trial = new Trial();
  const log: Change[] = [];
  trial.map.onChange((change) => log.push(change));
  trial.addHost('a');
  trial.addHost('b', 'everysec');
  trial.addHost('c');
  trial.openStream({ name: 's0', shardCount: 2, splitKeys: true });
  return { trial, log };
}

function checkCover(trial: Trial): void {
  for (const stream of trial.topology().streams) {
    const leaves = [...trial.map.leaves(stream.id)].sort(byPosition);
    let reached: Position = START;
    for (const { range: r, shard } of leaves) {
      expect(comparePositions(r.from, reached)).toBe(0);
      expect(shard).toBeLessThan(stream.shardCount);
      reached = r.to;
    }
    expect(comparePositions(reached, END)).toBe(0);
  }
}

/** Readers go from parents to children and back, so both ends must name each other. */
function checkLineage(trial: Trial): void {
  for (const s of trial.topology().shardlets) {
    const successors = 'successors' in s.state ? s.state.successors : [];
    for (const id of successors) expect(trial.map.shardlet(id)!.parents).toContain(s.id);
    for (const id of s.parents) {
      const parent = trial.map.shardlet(id)!;
      expect('successors' in parent.state && parent.state.successors).toContain(s.id);
      // a child is not open before its parents are closed
      if (s.state.kind === 'open') expect(parent.state.kind).not.toBe('closing');
    }
  }
}

function checkFloor(trial: Trial): void {
  const topology = trial.topology();
  const floor = floorOf(topology);
  expect(floor).toBeLessThanOrEqual(topology.version + 1);
  for (const { state, epoch } of topology.shardlets) {
    if (state.kind === 'opening') expect(floor).toBeLessThanOrEqual(epoch);
    if ('nextEpoch' in state) expect(floor).toBeLessThanOrEqual(state.nextEpoch);
  }
}

/** A run is trusted only when nothing on the host is from before it: neither epochs nor unfinished work. */
function checkPublished(trial: Trial, before: readonly Host[]): void {
  for (const { id, readmission } of before) {
    const now = trial.host(id);
    if (readmission === undefined || now === undefined || now.readmission !== undefined) continue;
    expect(now).toMatchObject({ incarnation: readmission.incarnation });
    for (const { owner, epoch, state } of trial.topology().shardlets) {
      if (owner === id) expect(['opening', 'closing']).not.toContain(state.kind);
      if (owner === id && (state.kind === 'open' || state.kind === 'moving'))
        expect(epoch).toBeGreaterThan(readmission.since);
      if (state.kind === 'moving') expect(state.dest).not.toBe(id);
    }
  }
}

function checkLog(log: readonly Change[]): void {
  const epochs = new Map<number, number>();
  /** of a move: fixed by the decision that prepared it, given by the one that commits it */
  const promised = new Map<number, number | undefined>();
  const ranges = new Map<number, Range>();
  const streams = new Map<number, string>();
  for (const [i, change] of log.entries()) {
    expect(change.version).toBe(log[0]!.version + i);
    for (const s of change.shardlets) {
      const before = epochs.get(s.id);
      // an epoch never falls: an old request never fits again
      expect(s.epoch).toBeGreaterThanOrEqual(before ?? 0);
      if (before !== s.epoch) expect([change.version, promised.get(s.id)]).toContain(s.epoch);
      const next = 'nextEpoch' in s.state ? s.state.nextEpoch : undefined;
      if (next !== undefined && next !== promised.get(s.id)) expect(next).toBe(change.version);
      promised.set(s.id, next);
      // an id that was used before still has the range it had then
      expect(s.range).toEqual(ranges.get(s.id) ?? s.range);
      epochs.set(s.id, s.epoch);
      ranges.set(s.id, s.range);
    }
    for (const stream of change.streams) {
      expect(stream.name).toBe(streams.get(stream.id) ?? stream.name);
      streams.set(stream.id, stream.name);
    }
  }
}

function one<T>(items: readonly T[], pick: number): T | undefined {
  return items[pick % Math.max(1, items.length)];
}

function inState(trial: Trial, kind: Shardlet['state']['kind']): Shardlet[] {
  return trial.topology().shardlets.filter((s) => s.state.kind === kind);
}

function byPosition(a: Shardlet, b: Shardlet): number {
  return comparePositions(a.range.from, b.range.from);
}

function isNextTo(left: Shardlet, right: Shardlet): boolean {
  return left.stream === right.stream && comparePositions(left.range.to, right.range.from) === 0;
}

/** Cut between keys for even `cut`, inside a key for odd ones: where that is not allowed it is refused. */
function halves(r: Range, cut: number): Range[] {
  const hi = r.from.hi + Math.floor(((r.to.hi - r.from.hi) * (1 + (cut % 9))) / 10);
  const middle = { hi, lo: cut % 2 };
  const inside = comparePositions(r.from, middle) < 0 && comparePositions(middle, r.to) < 0;
  return inside ? [range(middle, r.to), range(r.from, middle)] : [r];
}

/** Everything that was decided together with this parent: they share children or the children share parents. */
function settleFamily(trial: Trial, parent: Shardlet): Decision<unknown> {
  const children = parent.state.kind === 'closing' ? parent.state.successors : [];
  const parents = new Set(children.flatMap((id) => trial.map.shardlet(id)!.parents));
  return settleRestructure({
    parents: [...parents].map((id) => ({ id, finalSeq: 3, finalTs: 4 })),
    children,
  });
}

function endMove(
  trial: Trial,
  pick: number,
  ofOpen: (id: number, nextEpoch: number, finalSeq: number) => Decision<unknown>,
  ofClosed: (id: number, nextEpoch: number) => Decision<unknown>,
): Decision<unknown> | undefined {
  const s = one([...inState(trial, 'moving'), ...inState(trial, 'closedMoving')], pick);
  if (s === undefined || !('nextEpoch' in s.state)) return undefined;
  const { kind, nextEpoch } = s.state;
  return kind === 'moving' ? ofOpen(s.id, nextEpoch, 3) : ofClosed(s.id, nextEpoch);
}
