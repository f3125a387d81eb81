import { addHost, TopologyMap } from '@foreshard/core/topology';
import { describe, expect, it } from 'vitest';
import { LoadWindow } from '../load/load-window.ts';
import { flushOf } from '../load/test-flush.ts';
import { liveFrame, NOW_WINDOW_SECONDS, type Observation } from './live-frame.ts';
import { NOW_MS, testMap, testStore, usage } from './test-cluster.ts';

const map = await testMap();
const [first, second] = [...map.shardlets()].map(({ id }) => id);
const NOW_SECOND = NOW_MS / 1_000;

function observation(changes: Partial<Observation> = {}): Observation {
  return {
    ...{ nowMs: NOW_MS, map, mapAgeMs: 100, feedAgeMs: 100, load: new LoadWindow() },
    ...{ settledSecond: NOW_SECOND - 3, edge: { kind: 'ready', checkedAtMs: NOW_MS } },
    measures: new Map([1, 2].map((id) => [id, usage()])),
    edgeUrl: 'http://127.0.0.1:7070',
    ...changes,
  };
}

describe('a frame of the live picture', () => {
  it('claims nothing before the topology was read', () => {
    const frame = liveFrame(observation({ map: undefined, mapAgeMs: undefined, feedAgeMs: undefined }));
    expect(frame).toMatchObject({
      ...{ mapVersion: null, mapAgeMs: null, feedAgeMs: null, hostsTotal: 0, leaves: 0, streams: 0 },
      ...{ busiest: [], strip: null, lastEventAtMs: null, verdict: { level: 'bad' } },
    });
  });

  it('has averages over the last settled seconds, and the busiest shardlets with their history', () => {
    const load = new LoadWindow();
    for (let s = NOW_SECOND - 30; s <= NOW_SECOND - 3; s++)
      load.add(
        flushOf(s * 1_000, [
          [first!, 10, 100, 1],
          [second!, 30, 300, 0],
        ]),
      );
    const frame = liveFrame(observation({ load }));
    expect(NOW_WINDOW_SECONDS).toBe(5);
    expect(frame.rates).toEqual({ events: 40, bytes: 400, refused: 1, duplicates: 0 });
    expect(frame.busiest.map(({ id }) => id)).toEqual([second, first]);
    expect(frame.busiest[0]!.history.at(-1)).toBe(30);
    expect(frame.strip!.stream).toBe('main');
    expect(frame.verdict.findings.map(({ what }) => what)).toEqual(['Events are being refused']);
    expect(frame.lastEventAtMs).toBe(NOW_MS - 2_000);
  });

  it('counts hosts that are reachable, and those that nobody has measured', () => {
    const measures = new Map([[1, usage({ reachable: false })]]);
    expect(liveFrame(observation({ measures }))).toMatchObject({
      ...{ hostsTotal: 2, hostsReachable: 0, hostsUnmeasured: 1 },
    });
  });

  it('counts shardlets as open only where their host takes events', () => {
    const open = liveFrame(observation()).openLeaves;
    const measures = new Map([
      [1, usage({ reachable: false })],
      [2, usage()],
    ]);
    const without = liveFrame(observation({ measures })).openLeaves;
    const onFirst = [...map.shardlets()].filter(
      ({ owner, state }) => owner === 1 && state.kind !== 'opening',
    );
    expect(onFirst.length).toBeGreaterThan(0);
    expect(without).toBe(open - onFirst.length);
  });

  it.each([
    [8, 8, 0],
    [9, 8, 9],
  ])('with %i hosts shows %i cards and %i cells', async (hosts, cards, cells) => {
    const store = await testStore();
    for (let i = 2; i < hosts; i++) {
      const host = { name: `h${i}`, incarnation: `h${i}`, url: `redis://127.0.0.1:${7_000 + i}` };
      await store.decide(addHost({ ...host, engine: 'redis', durability: 'always' }), 'test');
    }
    const measures = new Map([
      [1, usage({ usedBytes: 123.6e6 })],
      [hosts, usage({ reachable: false })],
    ]);
    const frame = liveFrame(observation({ map: new TopologyMap(await store.snapshot()), measures }));
    expect([frame.hostCards.length, frame.hostCells.length]).toEqual([cards, cells]);
    if (cells === 0) return;
    expect(frame.hostCards[0]!.condition).toBe('unreachable');
    expect(frame.hostCells[0]).toEqual(['redis-a', 'reachable', 12, 0]);
    expect(frame.hostCells[1]).toEqual(['redis-b', 'unmeasured', -1, 0]);
  });
});
