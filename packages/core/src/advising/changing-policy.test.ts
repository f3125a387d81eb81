import { beforeEach, describe, expect, it } from 'vitest';
import { policySchema } from '../planning/index.ts';
import { changePolicy, earlyText, isCalledOff } from './changing-policy.ts';
import { DEFAULT_POLICY_VERSION, type PolicyStore, type PolicyVersion } from './policy-store.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const LATER = NOW + 86_400_000;
const ONCE = { callsOff: false };

let stored: PolicyVersion[];
let policies: PolicyStore;
beforeEach(() => {
  stored = [];
  policies = {
    at: async (ms) => stored.find(({ effectiveMs }) => effectiveMs <= ms) ?? DEFAULT_POLICY_VERSION,
    versions: async (limit) => stored.slice(0, limit),
    add: async ({ from, ...made }) => {
      if (from !== (stored[0]?.version ?? 0)) return undefined;
      stored.unshift({ version: from + 1, ...made });
      return stored[0];
    },
  };
});

function change(from: number, effectiveMs = NOW, name = 'default') {
  return {
    from,
    policy: policySchema.parse({ name }),
    ...{ actor: 'ann', note: '', createdMs: NOW, effectiveMs },
  };
}

describe('a change of the policy', () => {
  it('does not let a version hold before its time', async () => {
    await changePolicy(policies, change(0, LATER, 'next week'), ONCE);
    const early = await changePolicy(policies, change(1, NOW), ONCE);
    expect(early).toMatchObject({ kind: 'early', scheduled: { version: 1 } });
    expect((await policies.at(NOW)).version).toBe(0);
    expect(await changePolicy(policies, change(1, LATER), ONCE)).toMatchObject({ kind: 'made' });
    expect(await changePolicy(policies, change(2, LATER + 1), ONCE)).toMatchObject({ kind: 'made' });
  });

  it('may call off what was to come', async () => {
    await changePolicy(policies, change(0, LATER, 'next week'), ONCE);
    const back = await changePolicy(policies, change(1), { callsOff: true });
    expect(back).toMatchObject({ kind: 'made', version: { version: 2, effectiveMs: NOW } });
    expect((await policies.at(LATER)).version).toBe(2);
    expect(await changePolicy(policies, change(2), ONCE)).toMatchObject({ kind: 'made' });
  });

  it('that should hold from a past time on holds at once', async () => {
    const made = await changePolicy(policies, change(0, 1), ONCE);
    expect(made).toMatchObject({ kind: 'made', version: { effectiveMs: NOW } });
  });

  it('made from what is not the newest is refused, whatever its time', async () => {
    await changePolicy(policies, change(0, LATER), ONCE);
    expect(await changePolicy(policies, change(0), ONCE)).toEqual({ kind: 'conflict' });
  });

  it.each([
    [{ scaling: { hosts_min: 5, hosts_max: 3 } }, 'scaling.hosts_min (5) is above scaling.hosts_max (3)'],
    [{ scaling: { scale_in_fullness: 0.8 } }, 'scaling.scale_in_fullness'],
    [{ host: { fullness: 0.4, hysteresis: 0.4 }, scaling: { scale_in_fullness: 0.3 } }, 'host.hysteresis'],
    [{ budget: { copy_bytes_low: 2, copy_bytes_high: 1 } }, 'budget.copy_bytes_low'],
  ])('that says what cannot both be is refused: %j', async (settings, message) => {
    const contradictory = { ...change(0), policy: policySchema.parse(settings) };
    const reply = await changePolicy(policies, contradictory, ONCE);
    expect(reply).toMatchObject({ kind: 'contradictory', detail: expect.stringContaining(message) });
    expect(stored).toEqual([]);
  });

  it('is told how to go on', () => {
    expect(earlyText({ ...change(0, LATER), version: 7 })).toContain(
      'Version 7 holds only from 2026-11-23T12:00:00.000Z on',
    );
  });
});

it('is called off by a newer one that holds as early', () => {
  const version = { ...change(0, LATER), version: 1 };
  expect(isCalledOff(version, [])).toBe(false);
  expect(isCalledOff(version, [{ effectiveMs: LATER + 1 }])).toBe(false);
  expect(isCalledOff(version, [{ effectiveMs: LATER + 1 }, { effectiveMs: NOW }])).toBe(true);
});
