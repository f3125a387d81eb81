import { expect, it } from 'vitest';
import { COSTS } from './cost-model.ts';
import { CountedRows } from './counted-rows.ts';
import { HostFleet } from './host-fleet.ts';
import { Replay } from './replay.ts';
import { workloadOf } from './workload.ts';

const model = { ...COSTS, hosts: 2, hostsMax: 3, capacity: 100 };

it('starts a host in eight minutes that are paid for, and lets one go when it is empty', () => {
  const fleet = new HostFleet(model);
  expect([fleet.order(0), fleet.order(0)]).toEqual([true, false]);
  for (let minute = 0; minute < 8; minute++) fleet.step(minute, [5, 5, 0]);
  expect([fleet.status[2], fleet.hostMinutes]).toEqual(['starting', 24]);
  fleet.step(8, [5, 5, 0]);
  expect(fleet.status[2]).toBe('active');
  expect(fleet.drain(0, 9)).toBe(true);
  fleet.step(9, [5, 5, 0]);
  expect(fleet.status[0]).toBe('draining');
  fleet.step(10, [0, 5, 5]);
  expect(fleet.status).toEqual(['none', 'active', 'active']);
  expect(fleet.drain(0, 11)).toBe(false);
});

const PAST = 1_440;
const TEST = 360;

/** Twenty keys of the same constant load, four times as much in the middle of the test part. */
function waves(hostDiesAt?: number) {
  const rows = new CountedRows();
  for (let minute = 0; minute < PAST + TEST; minute++)
    for (let key = 0; key < 20; key++)
      rows.add(minute, key, minute >= PAST + 120 && minute < PAST + 240 ? 40 : 10);
  return workloadOf(rows, { name: 'waves', keyCount: 20, testFrom: PAST, minutes: TEST, hostDiesAt });
}

it('adds hosts for what is coming, and gives them back after it', { timeout: 20_000 }, () => {
  const replay = new Replay(waves(), { hosts: 2, capacity: 300, seed: 1 });
  const fixed = replay.run('oracle');
  const scaled = replay.run('oracle+hosts');
  expect(fixed.hostHours).toBe(12);
  // 800 events a minute do not fit on two hosts of 300
  expect(scaled.overloadMinutes).toBeLessThan(fixed.overloadMinutes / 2);
  expect(scaled.hostHours).toBeGreaterThan(12);
  expect(scaled.hostHours).toBeLessThan(24);
});

it('counts what lay on a dead host as too much until it has a place elsewhere', () => {
  const run = (hostDiesAt?: number) =>
    new Replay(waves(hostDiesAt), { hosts: 4, capacity: 1_000, seed: 1 }).run('reactive');
  expect(run().overloadMinutes).toBe(0);
  const { overloadMinutes, moves, hostHours } = run(60);
  expect(overloadMinutes).toBeGreaterThan(0);
  expect(overloadMinutes).toBeLessThan(60);
  expect(moves).toBeGreaterThan(0);
  expect(hostHours).toBe((4 * 60 + 3 * 300) / 60);
});
