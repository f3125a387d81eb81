import type {
  PrefetchLedger,
  PrefetchQueue,
  PrefetchReport,
  Standing,
  Worth,
} from '@foreshard/core/prefetching';

const QUEUE_SHOWN_MAX = 50;

interface Parts {
  readonly queue: PrefetchQueue;
  readonly ledger: PrefetchLedger;
  readonly worth: Worth;
  readonly threshold: number;
}

export function reportOf(process: string, { queue, ledger, worth, threshold }: Parts): PrefetchReport {
  return {
    ...{ process, threshold, ...standingOf(worth.standing, threshold) },
    ...{ ...ledger.reads, sources: { ...ledger.totals }, ...queue.counts },
    queue: queue
      .list()
      .slice(0, QUEUE_SHOWN_MAX)
      .map(({ shardlet, from, source, why, probability, bytes, isInFlight, neededAtMs }) => ({
        ...{ shardlet, from, source, why, probability, bytes, isInFlight, neededAt: timeOf(neededAtMs) },
      })),
    points: [...ledger.points],
    whatIf: ledger.whatIf.rows(),
  };
}

function standingOf(standing: Standing, threshold: number) {
  return {
    standing: threshold === 0 ? ('off' as const) : standing.kind,
    since: timeOf(standing.sinceMs),
    until: standing.kind === 'aside' ? timeOf(standing.untilMs) : null,
    gainMs: standing.kind === 'trial' ? null : standing.gainMs,
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
