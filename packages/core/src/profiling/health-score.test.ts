import { expect, test } from 'vitest';
import { costOf, hostHealth, type ShardletFacts, shardletHealth } from './health-score.ts';
import { healthSettingsSchema } from './health-settings.ts';
import { worse } from './health-store.ts';

const SETTINGS = healthSettingsSchema.parse({});
const WELL: ShardletFacts = {
  ...{ loadSkew: 1, hotKey: 0.1, latency: 3_000, errors: 0, idSets: 0 },
  ...{ sizeSkew: 0, fullness: 0.2, growth: 1_000, staleness: 5 },
};

test('a shardlet without trouble has 100, and opens into its parts', () => {
  const { score, parts } = shardletHealth(WELL, SETTINGS);
  expect(score).toBe(100);
  expect(parts.reduce((sum, p) => sum + p.weight, 0)).toBe(100);
  expect(parts.find((p) => p.part === 'latency')).toEqual({
    ...{ part: 'latency', raw: 3_000, unit: 'us', weight: 20, score: 100 },
  });
});

test('what cannot be reached scores 0, and that is what people should look at first', () => {
  const away = shardletHealth({ ...WELL, errors: 1, reachable: 0 }, SETTINGS);
  expect(away.score).toBe(0);
  expect(away.parts[0]).toEqual({ part: 'reachable', raw: 0, unit: '0-1', weight: 0, score: 0 });
  expect([...away.parts].sort((a, b) => costOf(b) - costOf(a))[0]!.part).toBe('reachable');
  expect(hostHealth({ durability: 1, reachable: 0 }, SETTINGS).score).toBe(0);
});

test('what can be reached is not better for it, and alone no score', () => {
  const bad = shardletHealth({ ...WELL, errors: 1, reachable: 1 }, SETTINGS);
  expect(bad.score).toBe(80);
  expect(bad.parts[0]).toMatchObject({ raw: 1, score: 100 });
  const costs = bad.parts.filter((part) => costOf(part) > 0).map((part) => [part.part, costOf(part)]);
  expect(costs).toEqual([['errors', 2_000]]);
  expect(hostHealth({ reachable: 1 }, SETTINGS).score).toBeNull();
  expect(hostHealth({}, SETTINGS).parts[0]).toMatchObject({ raw: null, score: null });
  expect(hostHealth({}, SETTINGS).parts.some((part) => costOf(part) > 0)).toBe(false);
});

test('one bad part costs its weight, half as bad half of it', () => {
  expect(shardletHealth({ ...WELL, errors: 0.5 }, SETTINGS).score).toBe(80);
  expect(shardletHealth({ ...WELL, errors: 0.025 }, SETTINGS).score).toBe(90);
});

test('what is not known has no say, and nothing known is no score', () => {
  const { score, parts } = shardletHealth({ errors: 0.05, latency: Number.NaN, loadSkew: 1 }, SETTINGS);
  expect(score).toBe(43);
  expect(parts.find((p) => p.part === 'latency')).toMatchObject({ raw: null, score: null });
  expect(hostHealth({}, SETTINGS).score).toBeNull();
});

test('weights and scales can be set; nonsense is refused', () => {
  const own = healthSettingsSchema.parse({ shardlet: { errors: { weight: 0 } } });
  expect(shardletHealth({ ...WELL, errors: 1 }, own).score).toBe(100);
  for (const wrong of [
    { shardlet: { errors: { weight: -1 } } },
    { shardlet: { errors: { good: 1, bad: 1 } } },
    { shardlet: { growth: { weight: '5' } } },
    { shardlet: { mood: { weight: 1 } } },
  ])
    expect(healthSettingsSchema.safeParse(wrong).success).toBe(false);
});

test('of an hour the lowest score of each subject stays', () => {
  const picture = (a: number, b: number | null) => ({
    atMs: 0,
    hosts: new Map(),
    shardlets: new Map([
      [1, { score: a, parts: [] }],
      [2, { score: b, parts: [] }],
    ]),
  });
  const { shardlets } = worse(picture(90, null), picture(95, 20));
  expect([shardlets.get(1)!.score, shardlets.get(2)!.score]).toEqual([90, 20]);
});
