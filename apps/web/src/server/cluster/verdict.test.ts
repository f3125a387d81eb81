import { describe, expect, it } from 'vitest';
import { hostViews } from './host-views.ts';
import { NOW_MS, testMap, usage, wentBack } from './test-cluster.ts';
import { judge, type Observed } from './verdict.ts';

const map = await testMap();

function observed(changes: Partial<Observed> = {}, first = usage()): Observed {
  const measures = new Map([
    [1, first],
    [2, usage()],
  ]);
  return {
    topologyAgeMs: 100,
    feedAgeMs: 100,
    edge: { kind: 'ready' },
    edgeUrl: 'http://127.0.0.1:7070',
    hosts: hostViews(map, measures, new Map(), NOW_MS),
    streams: 1,
    leaves: 4,
    openLeaves: 4,
    refusedPerSecond: 0,
    ...changes,
  };
}

describe('judge', () => {
  it('says that nothing is needed, with the counts that make it believable', () => {
    expect(judge(observed())).toEqual({
      level: 'ok',
      headline: 'All 2 hosts reachable, 4 of 4 shardlets open, nothing is wrong',
      findings: [],
    });
  });

  it('names a host that went back, what waits for it, and what to do', () => {
    const measures = new Map([
      [1, usage()],
      [2, usage()],
    ]);
    const hosts = hostViews(wentBack(map), measures, new Map(), NOW_MS);
    const verdict = judge(observed({ hosts }));
    expect(verdict).toMatchObject({ level: 'bad', headline: 'Host redis-a went back to an older state' });
    expect(verdict.findings[0]).toMatchObject({
      why: 'It holds mark 3 again. Its 2 shardlets wait.',
      todo: expect.stringContaining('newer copy'),
    });
  });

  it.each([
    ['foreign', 'Host redis-a is used by another control plane', 'doctor --after-restore'],
    ['other', 'Another host answers at the address of redis-a', 'Mend its address'],
  ])('names the cause and cure of an alarm: %s', (reason, what, cure) => {
    const verdict = judge(observed({}, usage({ alarm: { reason, detail: 'it differs', sinceMs: 1 } })));
    expect(verdict).toMatchObject({ level: 'bad', headline: what });
    expect(verdict.findings[0]).toMatchObject({
      why: 'It differs. Its 2 shardlets wait.',
      todo: expect.stringContaining(cure),
    });
  });

  it('names an unreachable host, its reason, what it costs, and what to do', () => {
    const verdict = judge(observed({}, usage({ reachable: false, reason: 'connect ECONNREFUSED' })));
    expect(verdict).toMatchObject({ level: 'bad', headline: 'Host redis-a does not answer' });
    expect(verdict.findings[0]!.why).toBe(
      'Connect ECONNREFUSED. 2 shardlets wait; events for them are refused with 503.',
    );
    expect(verdict.findings[0]!.todo).toContain('Start the server again');
  });

  it('says of an edge of another cluster how to choose the right one, not to start it again', () => {
    const cure = 'set FORESHARD_EDGE_URL to an edge of orders';
    const edge = { kind: 'down', reason: 'it is of cluster "payments"', cure } as const;
    const [finding] = judge(observed({ edge })).findings;
    expect(finding).toMatchObject({ what: 'The edge is of another cluster', todo: `S${cure.slice(1)}.` });
    expect(finding!.why).toContain('"payments". It is not asked anything.');
  });

  it('puts what refuses events before what only blinds the console', () => {
    const verdict = judge(observed({ feedAgeMs: 20_000, edge: { kind: 'down', reason: 'nothing listens' } }));
    expect(verdict.headline).toBe('2 things need you');
    expect(verdict.findings.map((f) => f.what)).toEqual([
      'The edge does not serve',
      'Live counters are not arriving',
    ]);
  });

  it.each([
    ['a full host', {}, usage({ usedBytes: 950e6 }), 'Host redis-a is full'],
    [
      'a host that fills up',
      {},
      usage({ usedBytes: 400e6, hoursToFull: 3.2 }),
      'Host redis-a will be full within 4 h',
    ],
    ['a restarted host', {}, usage({ incarnationKnown: false }), 'Host redis-a is being readmitted'],
    ['an old measurement', {}, usage({ measuredAtMs: 1 }), 'Host redis-a has not been measured lately'],
    ['refused events', { refusedPerSecond: 12.4 }, usage(), 'Events are being refused'],
    ['shardlets that wait', { openLeaves: 1 }, usage(), '3 of 4 shardlets are not open yet'],
    ['a silent PostgreSQL', { topologyAgeMs: 30_000 }, usage(), 'The map may be out of date'],
    ['no stream', { streams: 0 }, usage(), 'There is no stream yet'],
    ['no host', { hosts: [] }, usage(), 'There is no host yet'],
  ] as const)('tells of %s', (_, changes, first, headline) => {
    expect(judge(observed(changes, first)).headline).toBe(headline);
  });

  it('does not say that nothing is wrong before the edge was asked', () => {
    expect(judge(observed({ edge: { kind: 'unknown' } }))).toEqual({
      level: 'unknown',
      headline: 'All 2 hosts reachable, 4 of 4 shardlets open; the edge was not asked yet',
      findings: [],
    });
  });

  it('tells of shardlets that wait beside those of a host that is readmitted', () => {
    const verdict = judge(observed({ openLeaves: 1 }, usage({ incarnationKnown: false })));
    expect(verdict.findings.map((f) => f.what)).toEqual([
      'Host redis-a is being readmitted',
      '3 of 4 shardlets are not open yet',
    ]);
  });

  it('claims nothing before the topology has been read', () => {
    expect(judge(observed({ topologyAgeMs: undefined }))).toMatchObject({
      level: 'bad',
      headline: 'The console cannot read the topology',
    });
  });

  it('does not count shardlets as waiting twice while their host is readmitted', () => {
    const verdict = judge(observed({ openLeaves: 2 }, usage({ incarnationKnown: false })));
    expect(verdict.findings.map((f) => f.what)).toEqual(['Host redis-a is being readmitted']);
  });
});
