import { describe, expect, it } from 'vitest';
import { parseMeasures } from './host-measures.ts';
import { hostViews, MEASURE_STALE_MS } from './host-views.ts';
import { mostPressing } from './most-pressing.ts';
import { NOW_MS, testMap, usage, wentBack } from './test-cluster.ts';

const map = await testMap();
const NO_LOAD = new Map();
const views = (measures: [number, ReturnType<typeof usage>][], load = NO_LOAD) =>
  hostViews(map, new Map(measures), load, NOW_MS);

describe('hostViews', () => {
  it('never shows a password', () => {
    expect(JSON.stringify(views([]))).not.toContain('hunter2');
    expect(views([])[0]!.address).toBe('127.0.0.1:6401');
  });

  it('adds up the load of the shardlets a host owns', () => {
    const [first, second] = [...map.shardlets()];
    const load = new Map([
      [first!.id, { events: 10, bytes: 100, refused: 0 }],
      [second!.id, { events: 5, bytes: 50, refused: 1 }],
    ]);
    const hosts = views([], load);
    expect(hosts.map((h) => h.eventsPerSecond).sort()).toEqual([10, 5]);
    expect(hosts.map((h) => h.shardlets)).toEqual([2, 2]);
  });

  it('calls a host unmeasured, not reachable, when the measurement is old', () => {
    const old = usage({ measuredAtMs: NOW_MS - MEASURE_STALE_MS - 1 });
    expect(views([[1, old]])[0]).toMatchObject({ condition: 'unmeasured', level: 'unknown' });
    expect(views([[1, usage()]])[0]).toMatchObject({ condition: 'reachable', level: 'ok' });
  });

  it.each([
    [{ reachable: false, reason: 'refused' }, 'unreachable', 'bad'],
    [{ incarnationKnown: false }, 'readmitting', 'warn'],
    [{ alarm: { reason: 'x', detail: 'an empty store', sinceMs: 1 } }, 'alarmed', 'bad'],
    [{ usedBytes: 910e6 }, 'reachable', 'bad'],
    [{ usedBytes: 800e6 }, 'reachable', 'warn'],
    [{ usedBytes: 300e6, hoursToFull: 12 }, 'reachable', 'warn'],
    [{ usedBytes: 300e6, hoursToFull: 76 / 60 }, 'reachable', 'bad'],
    [{ usedBytes: 20e6, hoursToFull: 5 }, 'reachable', 'ok'],
    [{ usedBytes: 20e6, hoursToFull: 0.5 }, 'reachable', 'ok'],
  ] as const)('%o is %s and %s', (changes, condition, level) => {
    expect(views([[1, usage(changes)]])[0]).toMatchObject({ condition, level });
  });

  it.each([
    [{}, {}, 'regressed', 'bad', 'it holds mark 3 again'],
    [{}, { reachable: false, reason: 'refused' }, 'unreachable', 'bad', 'refused'],
    [{ alarm: true }, {}, 'regressed', 'bad', 'it holds mark 3 again'],
    [{ accepted: 9 }, {}, 'readmitting', 'warn', null],
  ] as const)('a host that went back (%o, %o) is %s', (how, measure, condition, level, reason) => {
    const alarm = 'alarm' in how ? { alarm: { reason: 'regressed', detail: 'x', sinceMs: 1 } } : {};
    const accepted = 'accepted' in how ? { accepted: how.accepted } : {};
    const hosts = hostViews(
      wentBack(map, accepted),
      new Map([[1, usage({ ...measure, ...alarm })]]),
      NO_LOAD,
      NOW_MS,
    );
    expect(hosts[0]).toMatchObject({ condition, level, reason });
  });

  it('has no fill without a limit', () => {
    const { limitBytes: _, ...unlimited } = usage();
    expect(views([[1, unlimited]])[0]).toMatchObject({ fill: null, limitBytes: null });
  });
});

it('looks at unreachable hosts first, then at full ones', () => {
  const hosts = views([
    [1, usage({ usedBytes: 950e6 })],
    [2, usage({ reachable: false })],
  ]);
  expect(mostPressing(hosts).map((h) => h.name)).toEqual(['redis-b', 'redis-a']);
});

it('leaves out a report that it cannot read', () => {
  const measures = parseMeasures({ 1: JSON.stringify(usage()), 2: '{"measuredAtMs":"soon"}', 3: '{' });
  expect([...measures.keys()]).toEqual([1]);
});
