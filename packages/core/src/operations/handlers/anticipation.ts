/** What is done for questions about what was learned: the slices of a stream are put together as they are asked for. */
import type { PolicyStore } from '../../advising/index.ts';
import {
  EVENTS_WANTED,
  expectedOf,
  hitsOf,
  matrixOf,
  pooled,
  type SliceReport,
  type SliceRow,
  type SliceStore,
  shardletsExpecting,
  versionOf,
} from '../../anticipating/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import { causeOf } from '../../planning/index.ts';
import type { PrefetchReport } from '../../prefetching/index.ts';
import type { TopologyStore } from '../../topology/index.ts';
import type { anticipation } from '../anticipation.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';

export interface AnticipationStores {
  readonly slices: Pick<SliceStore, 'list'>;
  readonly policies: Pick<PolicyStore, 'at'>;
  readonly topology: Pick<TopologyStore, 'snapshot'>;
  /** of the edges that run; undefined where the control Redis does not answer */
  readonly prefetchReports: () => Promise<readonly PrefetchReport[] | undefined>;
  readonly nowMs: () => number;
}

export function anticipationHandlers(stores: AnticipationStores): RouterHandlers<typeof anticipation> {
  return {
    async status({ stream }) {
      const [rows, { policy }] = await Promise.all([
        slicesOf(stores, stream),
        stores.policies.at(stores.nowMs()),
      ]);
      const reports = reportsOf(rows);
      const sum = (of: (report: SliceReport) => number) =>
        reports.reduce((total, report) => total + of(report), 0);
      const learned = sum((report) => report.learned);
      return {
        ...{ isOn: policy.anticipation.sample_share > 0, isLearned: rows.length > 0 },
        sampleShare: policy.anticipation.sample_share,
        attributes: rows[0]?.settings.attributes ?? [],
        ...{ learned, wanted: Math.max(0, EVENTS_WANTED - learned) },
        ...{ dropped: sum((report) => report.dropped), behind: sum((report) => report.behind) },
        ...{ hits: hitsOf(reports), slices: rows.map(sliceDocument), version: versionOf(reports) },
      };
    },
    async map({ stream, type, limit }) {
      const reports = reportsOf(await slicesOf(stores, stream));
      return {
        version: versionOf(reports),
        keys: expectedOf(reports, type, limit).map(({ expectedAtMs, history, ...rest }) => ({
          ...{ ...rest, expectedAt: timeOf(expectedAtMs) },
          history: history.map((one) => ({ type: one.type, at: new Date(one.timeMs).toISOString() })),
        })),
        shardlets: shardletsExpecting(reports, type, limit).map(({ nextAtMs, ...rest }) => ({
          ...{ ...rest, nextAt: timeOf(nextAtMs) },
        })),
      };
    },
    async prefetching() {
      const edges = await stores.prefetchReports();
      if (edges === undefined)
        throw new ForeshardError(
          'store_unreachable',
          'The control Redis does not answer. Check it and REDIS_URL.',
        );
      return { edges: [...edges] };
    },
    async matrix({ stream, types }) {
      const reports = reportsOf(await slicesOf(stores, stream));
      const { types: shown, pairs } = matrixOf(reports, types);
      return {
        version: versionOf(reports),
        types: [...shown],
        pairs: pairs.map(({ lags, ...pair }) => ({
          ...{ ...pair, lags: lags.map(([ms, samples]) => ({ ms, samples })) },
        })),
      };
    },
    async surges({ stream }) {
      const nowMs = stores.nowMs();
      const [rows, { policy }] = await Promise.all([slicesOf(stores, stream), stores.policies.at(nowMs)]);
      const reports = reportsOf(rows);
      const surges = reports.flatMap((report) => report.surges ?? []);
      const sum = (of: (one: SurgeReport) => number) => surges.reduce((total, one) => total + of(one), 0);
      return {
        ...{ version: versionOf(reports), reserve: policy.anticipation.reserve },
        ...{ kinds: sum(({ links }) => links), kindsByChance: sum(({ linksByChance }) => linksByChance) },
        figures: surges.length === 0 ? null : pooled(surges.map(({ figures }) => figures)),
        announced: surges
          .flatMap(({ announced }) => announced)
          // whoever wrote it may be gone
          .filter(({ endsAtMs }) => endsAtMs > nowMs)
          .sort((a, b) => a.expectedAtMs - b.expectedAtMs || a.id - b.id)
          .map(surgeDocument),
      };
    },
  };
}

type SurgeReport = NonNullable<SliceReport['surges']>;
type SurgeDocument = OutputOf<typeof anticipation.surges>['announced'][number];

function surgeDocument(one: SurgeReport['announced'][number]): SurgeDocument {
  const keys = ([from, to]: readonly [number, number]) => ({ from, to });
  return {
    ...{ cause: causeOf(one), type: one.type, source: keys(one.source), target: keys(one.target) },
    announcedAt: new Date(one.announcedAtMs).toISOString(),
    expectedAt: new Date(one.expectedAtMs).toISOString(),
    endsAt: new Date(one.endsAtMs).toISOString(),
    cameAt: timeOf(one.cameAtMs),
    ...{ probability: one.probability, eventsPerSecond: one.eventsPerSecond },
    evidence: { hits: one.hits, causes: one.causes, byChance: one.byChance },
  };
}

/** @throws ForeshardError unknown_stream */
async function slicesOf({ slices, topology }: AnticipationStores, name: string): Promise<SliceRow[]> {
  const stream = (await topology.snapshot()).streams.find((one) => one.name === name);
  if (stream === undefined)
    throw new ForeshardError('unknown_stream', `There is no stream ${name}.`, { pointer: '?stream' });
  return (await slices.list()).filter((row) => row.stream === stream.id);
}

function reportsOf(rows: readonly SliceRow[]): SliceReport[] {
  return rows.flatMap(({ report }) => (report === undefined ? [] : [report]));
}

type SliceDocument = OutputOf<typeof anticipation.status>['slices'][number];

function sliceDocument({ slice, holder, savedAtMs, report }: SliceRow): SliceDocument {
  return {
    ...{ slice, holder: holder ?? null },
    ...{ learned: report?.learned ?? 0, dropped: report?.dropped ?? 0, behind: report?.behind ?? 0 },
    ...{ keys: report?.keys ?? 0, types: report?.types ?? 0 },
    ...{ reportedAt: timeOf(report?.atMs ?? null), savedAt: timeOf(savedAtMs ?? null) },
  };
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
