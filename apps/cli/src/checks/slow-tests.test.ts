import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../checkout.ts';
import { inShard, parseShard, SECONDS, slowTests } from './slow-tests.ts';

/** A shard must fit into a run of the continuous integration, whose other parts take 17 minutes. */
const SHARD_SECONDS_MAX = 480;
const SHARDS = Number(/^shards=(\d+)$/m.exec(readFileSync(join(ROOT, '.ci/run'), 'utf8'))![1]);

const paths = (tests: readonly { file: string }[]) => tests.map(({ file }) => file).sort();

test('every slow test has its seconds, and every entry its test', async () => {
  expect(paths(await slowTests())).toEqual(Object.keys(SECONDS).sort());
});

test('every slow test is in exactly one shard, and a shard takes 8 minutes at most', async () => {
  const tests = await slowTests();
  const shards = Array.from({ length: SHARDS }, (_, i) => inShard(tests, { index: i + 1, count: SHARDS }));
  expect(paths(shards.flat())).toEqual(paths(tests));
  for (const shard of shards) {
    expect(shard).not.toEqual([]);
    const seconds = shard.reduce((sum, one) => sum + one.seconds, 0);
    expect(seconds).toBeLessThanOrEqual(SHARD_SECONDS_MAX);
  }
});

test('the order in which files are found changes nothing', async () => {
  const tests = await slowTests();
  expect(inShard(tests.toReversed(), { index: 1, count: 2 })).toEqual(inShard(tests, { index: 1, count: 2 }));
});

test('a shard is written as part/parts', () => {
  expect(parseShard('2/3')).toEqual({ index: 2, count: 3 });
  for (const wrong of ['0/3', '4/3', '3', '1/0', 'a/b', '1/3/5'])
    expect(() => parseShard(wrong)).toThrow(`"${wrong}" is not a shard: use 1/3`);
});
