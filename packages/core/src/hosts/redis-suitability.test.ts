import { describe, expect, it } from 'vitest';
import { judgeControlRedis, judgeRedis, type RedisFacts, type Standing } from './redis-suitability.ts';

const SOUND: RedisFacts = {
  info: {
    redis_version: '7.0.15',
    role: 'master',
    cluster_enabled: '0',
    used_memory: '1000000',
    maxmemory: '1073741824',
  },
  config: {
    appendonly: 'yes',
    appendfsync: 'always',
    'no-appendfsync-on-rewrite': 'no',
    'maxmemory-policy': 'noeviction',
    'aof-load-truncated': 'yes',
  },
};

function levels(
  facts: Partial<{ info: object; config: object | undefined; hasSentinel: boolean }>,
  standing?: Standing,
): string[] {
  const config = 'config' in facts ? facts.config && { ...SOUND.config, ...facts.config } : SOUND.config;
  const { hasSentinel } = facts;
  const info = { ...SOUND.info, ...facts.info };
  const judged = judgeRedis('h', { info, config, hasSentinel } as RedisFacts, standing);
  return judged.filter((f) => f.level !== 'ok').map((f) => `${f.level}: ${f.what}`);
}

describe('a Redis host', () => {
  it('is sound with the settings of a local start', () => {
    expect(levels({})).toEqual([]);
  });

  it.each([
    [{ config: { appendonly: 'no' } }, /problem: appendonly is no/],
    [{ config: { appendfsync: 'everysec' } }, /problem: appendfsync is everysec: .*acknowledged/],
    [{ config: { 'no-appendfsync-on-rewrite': 'yes' } }, /problem: no-appendfsync-on-rewrite is yes/],
    [{ config: { 'aof-load-truncated': 'no' } }, /problem: aof-load-truncated is no/],
    [{ config: { 'maxmemory-policy': 'allkeys-lru' } }, /problem: maxmemory-policy is allkeys-lru/],
    [{ config: undefined }, /problem: it hides CONFIG/],
    [{ info: { redis_version: '6.2.1' } }, /problem: version 6\.2\.1 is too old/],
    [{ info: { role: 'slave' } }, /problem: it is a slave/],
    [{ info: { cluster_enabled: '1' } }, /problem: .*Cluster/],
    [{ info: { maxmemory: '0' } }, /warning: it has no memory limit/],
    [{ info: { aof_last_write_status: 'err' } }, /problem: it cannot write its append-only file/],
    [{ info: { aof_last_bgrewrite_status: 'err' } }, /warning: it could not rewrite/],
    [{ info: { used_memory: '900000000' } }, /warning: 84 % of 1024 MB/],
    [{ config: { save: '3600 1' } }, /warning: it takes snapshots \(save "3600 1"\).*refuses.*reads/],
    [{ config: { save: '60 1', 'stop-writes-on-bgsave-error': 'yes' } }, /warning: it takes snapshots/],
    [{ info: { connected_slaves: '1' } }, /warning: it has 1 replica: .*lacks acknowledged/],
    [{ info: { connected_slaves: '2' } }, /warning: it has 2 replicas: /],
    [{ hasSentinel: true }, /warning: a Redis Sentinel.*not supported yet.*loses acknowledged/],
    [{ hasSentinel: true, info: { connected_slaves: '2' } }, /warning: a Redis Sentinel/],
  ])('is not with %j', (facts, finding) => {
    expect(levels(facts)).toEqual([expect.stringMatching(finding)]);
  });

  it.each([
    { config: { save: '' } },
    { config: { save: '3600 1', 'stop-writes-on-bgsave-error': 'no' } },
    { info: { connected_slaves: '0' } },
    { hasSentinel: false },
  ])('is sound with %j', (facts) => {
    expect([levels(facts), levels(facts, 'joining')]).toEqual([[], []]);
  });

  it('may not join where a promotion would lose events, but is not stopped once it has', () => {
    for (const facts of [{ hasSentinel: true }, { info: { connected_slaves: '1' } }]) {
      expect(levels(facts, 'joining')).toEqual([expect.stringMatching(/^problem: /)]);
      expect(levels(facts, 'serving')).toEqual([expect.stringMatching(/^warning: /)]);
    }
  });

  it('goes by the version of Valkey, which calls itself an older Redis', () => {
    expect(levels({ info: { redis_version: '7.2.4', valkey_version: '8.1.0' } })).toEqual([]);
  });
});

describe('a control Redis', () => {
  const wrong = (info: Record<string, string>, config?: Record<string, string>) =>
    judgeControlRedis('c', { info: { redis_version: '7.0.15', ...info }, config })
      .filter(({ level }) => level !== 'ok')
      .map(({ what }) => what);

  it.each([
    [{ maxmemory_policy: 'noeviction' }, undefined, []],
    [{ maxmemory_policy: 'allkeys-lru' }, { 'maxmemory-policy': 'noeviction' }, []],
    [{ maxmemory_policy: 'allkeys-lru' }, undefined, [expect.stringContaining('allkeys-lru')]],
    [
      { maxmemory_policy: 'noeviction', redis_version: '6.0.9' },
      undefined,
      [expect.stringContaining('too old')],
    ],
    [{ maxmemory_policy: 'noeviction', redis_version: '6.2.0' }, undefined, []],
    [{ maxmemory_policy: 'noeviction', redis_version: '10.0.1' }, undefined, []],
  ])('of %j is judged, also where CONFIG is hidden', (info, config, found) => {
    expect(wrong(info, config)).toEqual(found);
  });
});
