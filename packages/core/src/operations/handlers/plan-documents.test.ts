import { describe, expect, it } from 'vitest';
import type { PlanRow, RecommendationRecord } from '../../advising/index.ts';
import type { JournalEntry, Move, MoveLog } from '../../moves/index.ts';
import { policySchema } from '../../planning/index.ts';
import type { Host } from '../../topology/index.ts';
import { planDocument, WritePauses } from './plan-documents.ts';

const NOW = Date.parse('2026-11-23T18:00:00Z');
const MINUTE_MS = 60_000;

function part(id: number, change: object = {}, body: object = {}): RecommendationRecord {
  return {
    ...{ id, cluster: '', revision: 1, topologyVersion: 7, policyVersion: 1, state: 'open', plan: 5 },
    ...{ firstMs: NOW, lastMs: NOW, expiresMs: NOW + id * MINUTE_MS, decidedMs: null, notBeforeMs: null },
    ...{ firstApproval: null, decidedBy: null, note: '', moves: [], result: '', endedMs: null },
    ...{ realised: null, replacedBy: null },
    body: {
      ...{
        step: id,
        action: 'move',
        phase: 'rebalance',
        shardlets: [String(id)],
        source: '3',
        destination: '4',
      },
      ...{
        reason: 'hot',
        cost: { objective: 0, bytes: 1_000 },
        etaSeconds: { low: 10, high: 20 },
        checks: [],
      },
      ...body,
    },
    ...change,
  } as unknown as RecommendationRecord;
}

function row(parts: RecommendationRecord[]): PlanRow {
  const summary = {
    focus: { host: '3', before: 4.43, after: 0.79 },
    overloadAt: '2026-11-23T20:00:00Z',
    picture: { at: '2026-11-23T18:00:00Z', steps: [0], hosts: [{ host: '3', without: [], with: [] }] },
  };
  const versions = { revision: 2, topologyVersion: 6, policyVersion: 1, firstMs: NOW, lastMs: NOW };
  return { id: 5, cluster: '', ...versions, summary, undone: null, parts };
}

const context = {
  policy: policySchema.parse({}),
  hosts: [{ id: 3, name: 'host-3' }] as unknown as Host[],
  writePause: { medianMs: 60, longestMs: 89, moves: 12 },
  moves: { find: async () => undefined },
  nowMs: NOW,
};

describe('a plan as it is shown', () => {
  it('names hosts, counts what is left of it, and says what it costs', async () => {
    const gone = part(3, { state: 'withdrawn', result: 'host-3 is cool', replacedBy: 9 });
    const shown = await planDocument(
      row([part(1), part(2, { state: 'running', moves: [8] }), gone]),
      context,
    );
    expect(shown).toMatchObject({
      headline: 'These 2 moves take host-3 from 443 % to 79 % before 20:00 UTC',
      state: 'running',
      focus: { name: 'host-3' },
      topologyVersion: 7,
      bytes: 2_000,
      seconds: { low: 10, high: 40 },
      writePause: { medianMs: 60 },
      movesBack: 2,
      counts: { parts: 3, open: 1, running: 1, dropped: 1 },
      expiresAt: new Date(NOW + MINUTE_MS).toISOString(),
    });
    expect(shown.parts[2]!.recommendation).toMatchObject({ result: 'host-3 is cool', replacedBy: 9 });
  });

  it('names the parts that a part needs by their numbers, the newest of a step', async () => {
    const old = part(1, { state: 'withdrawn' });
    const instead = part(11, {}, { step: 1 });
    const { parts } = await planDocument(row([old, instead, part(2, {}, { dependsOn: [1] })]), context);
    expect(parts[2]!.dependsOn).toEqual([11]);
  });

  it('of splits only copies nothing and pauses nobody', async () => {
    const shown = await planDocument(row([part(1, {}, { action: 'split' })]), context);
    expect(shown).toMatchObject({ bytes: 0, seconds: null, writePause: null, movesBack: 0 });
  });
});

describe('the write pause', () => {
  const move = (id: number, change: Partial<Move> = {}) =>
    ({ id, kind: 'open', result: 'moved', ...change }) as Move;
  const journal = (...steps: [string, number][]) =>
    steps.map(([what, atMs]) => ({
      what,
      atMs,
      worker: 'w',
      bytes: 0,
      detail: '',
    })) as unknown as JournalEntry[];

  function log(moves: Move[], journals: Record<number, JournalEntry[]>): Pick<MoveLog, 'list' | 'journal'> {
    return { list: async () => moves, journal: async (id) => journals[id] ?? [] };
  }

  it('is from the seal to the opening, of open shardlets that have moved', async () => {
    const moves = [move(1), move(2), move(3), move(4, { kind: 'closed' }), move(5, { result: 'aborted' })];
    const pause = journal(['sealed', 100], ['opened', 900]);
    const journals = { 1: journal(['sealed', 0], ['opened', 60]), 2: journal(['sealed', 0], ['opened', 89]) };
    const pauses = new WritePauses(
      log(moves, { ...journals, 3: journal(['sealed', 0]), 4: pause, 5: pause }),
      () => NOW,
    );
    expect(await pauses.measured()).toEqual({ medianMs: 89, longestMs: 89, moves: 2 });
  });

  it('is not known where nothing has moved', async () => {
    expect(await new WritePauses(log([], {}), () => NOW).measured()).toBeNull();
  });
});
