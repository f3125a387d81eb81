import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../kernel/index.ts';
import { COSTS } from './cost-model.ts';
import { CountedRows } from './counted-rows.ts';
import { Forecasts } from './foresight.ts';
import { poisson } from './made-workloads.ts';
import { type PolicyName, Replay } from './replay.ts';
import { Scores } from './scores.ts';
import { type Workload, workloadOf } from './workload.ts';
import { World } from './world.ts';

const KEYS = 40;
const PAST = 2 * 1_440;
const TEST = 360;

/** Keys of equal load; from the second hour on the first eight have eight times as much. */
function jump(seed: number): Workload {
  const random = seededRandom(seed);
  const rows = new CountedRows();
  for (let minute = 0; minute < PAST + TEST; minute++)
    for (let key = 0; key < KEYS; key++)
      rows.add(minute, key, poisson(random, key < 8 && minute >= PAST + 60 ? 160 : 20));
  return workloadOf(rows, { name: 'jump', keyCount: KEYS, testFrom: PAST, minutes: TEST });
}

const workload = jump(1);
const run = (name: PolicyName, seed = 3) => new Replay(workload, { hosts: 4, capacity: 600, seed }).run(name);

// the machine may be busy
describe('replay', { timeout: 30_000 }, () => {
  it('gives the same score for the same seed', () => {
    expect(run('reactive')).toEqual(run('reactive'));
  });

  it('shows what acting is worth, and that the true future is worth more than none', () => {
    const still = run('static');
    const reactive = run('reactive');
    expect(reactive.overloadMinutes).toBeLessThan(still.overloadMinutes / 2);
    expect(run('oracle').overloadMinutes).toBeLessThanOrEqual(reactive.overloadMinutes);
    expect(still.moves).toBe(0);
    expect(reactive.megabytesMoved).toBeGreaterThan(0);
  });

  it('leaves alone what differs by chance', () => {
    const random = seededRandom(1);
    const rows = new CountedRows();
    for (let minute = 0; minute < PAST + TEST; minute++)
      for (let key = 0; key < KEYS; key++) rows.add(minute, key, poisson(random, 0.5));
    const few = workloadOf(rows, { name: 'few', keyCount: KEYS, testFrom: PAST, minutes: TEST });
    const { moves, overloadMinutes } = new Replay(few, { hosts: 4, capacity: 6, seed: 3 }).run('reactive');
    expect(overloadMinutes).toBeGreaterThan(0);
    // the hosts begin with unequal numbers of keys
    expect(moves).toBeLessThan(4);
  });
});

it('forecasts from what has happened alone', () => {
  const at = (later: number, asked: number) => {
    const rows = new CountedRows();
    for (let minute = 0; minute < PAST + TEST; minute++)
      rows.add(minute, minute % 2, minute < PAST + 120 ? 50 + (minute % 7) : later);
    const other = workloadOf(rows, { name: 'other', keyCount: 2, testFrom: PAST, minutes: TEST });
    return new Forecasts(other).at(asked, other.pastShare, 6).middle[5]![0]!;
  };
  expect(at(500, 120)).toBe(at(5, 120));
  expect(at(500, 240)).toBeGreaterThan(2 * at(5, 240));
}, 20_000);

describe('world', () => {
  const model = { ...COSTS, hosts: 4, hostsMax: 4, capacity: 600 };
  const world = () => new World(workload, model, 3, 480);
  const busy = (one: World) => one.pieces.find((piece) => piece.keys.length > 0)!;

  it('moves take time and CPU of both hosts, and the destination takes the new writes meanwhile', () => {
    const one = world();
    const plain = world().step(0);
    const piece = busy(one);
    const from = piece.host;
    const to = (from + 1) % 4;
    expect(one.order({ kind: 'move', piece: piece.id, to }, 0)).toBe(true);
    const burden = one.step(0);
    expect(burden[from]! - plain[from]!).toBeCloseTo(0.08 * 600);
    expect(burden[to]! - plain[to]!).toBeCloseTo(0.08 * 600 + one.pieceLoad[piece.id]!);
    expect(piece.host).toBe(from);
    for (let minute = 1; minute < 30; minute++) one.step(minute);
    expect([piece.host, one.done.moves]).toEqual([to, 1]);
    expect(one.done.bytes).toBeGreaterThan(0);
  });

  it('refuses more moves than a host can take part in, and counts moves back', () => {
    const one = world();
    const own = one.pieces.filter(({ host }) => host === 0);
    const taken = own.slice(0, 3).map(({ id }) => one.order({ kind: 'move', piece: id, to: 1 }, 0));
    expect(taken).toEqual([true, true, false]);
    for (let minute = 0; minute < 60; minute++) one.step(minute);
    one.order({ kind: 'move', piece: own[0]!.id, to: 0 }, 60);
    for (let minute = 60; minute < 120; minute++) one.step(minute);
    expect(one.done.reversals).toBe(1);
  });

  it('splits between keys, and below a key only where asked; no event is lost by either', () => {
    const one = world();
    const piece = busy(one);
    const key = piece.keys[0]!;
    one.order({ kind: 'split-key', piece: piece.id, key, ways: 4 }, 0);
    for (let minute = 0; minute < 5; minute++) one.step(minute);
    expect(one.pieces.filter(({ keys }) => keys.includes(key)).map(({ share }) => share)).toEqual([
      0.25, 0.25, 0.25, 0.25,
    ]);
    const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
    expect(sum(one.pieceLoad)).toBeCloseTo(sum(one.keyLast));
    expect(sum(one.hostLoad)).toBeCloseTo(sum(one.keyLast));
  });
});

it('counts the minutes a host is over its capacity, and what waits', () => {
  const scores = new Scores({ ...COSTS, hosts: 2, hostsMax: 2, capacity: 100 });
  scores.minute(Float64Array.of(150, 50), () => true);
  scores.minute(Float64Array.of(100, 100), () => true);
  const { overloadMinutes, excessShare, maxOverMean } = scores.result(
    { moves: 0, reversals: 0, bytes: 0, splits: 0 },
    0,
  );
  expect([overloadMinutes, excessShare, maxOverMean]).toEqual([1, 50 / 400, 1.25]);
});
