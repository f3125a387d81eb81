/** I4, from what hosts hold at one moment, and from each append that one of them takes. */
import { formatPosition, overlaps, type Range } from '../keyspace/index.ts';
import { type Violation, violation } from './violation.ts';

export interface OpenReplica {
  readonly host: number;
  readonly shardlet: number;
  readonly epoch: number;
  readonly stream: number;
  readonly range: Range;
}

/** At most one replica of any position takes appends. */
export function checkOwnership(open: readonly OpenReplica[]): Violation[] {
  const found: Violation[] = [];
  for (const [i, a] of open.entries())
    for (const b of open.slice(i + 1))
      if (a.stream === b.stream && overlaps(a.range, b.range))
        found.push(
          violation(
            'I4',
            `two replicas take appends for position ${formatPosition(a.range.from)}: ${nameOf(a)} and ${nameOf(b)}`,
            { shardlets: [a.shardlet, b.shardlet] },
          ),
        );
  return found;
}

export interface AppendTaken {
  readonly host: number;
  readonly shardlet: number;
  readonly epoch: number;
}

/** Where the topology store has said that a shardlet takes no appends any more, at any epoch. */
/** What was open at its epoch when the topology store made it this: older epochs are over. */
const OPENED: ReadonlySet<string> = new Set(['open', 'moving', 'closing']);
const CLOSED: ReadonlySet<string> = new Set(['closed', 'closedMoving', 'gone']);

/**
 * What the topology store had settled before: once a newer epoch is open, or the shardlet is closed, no host takes an
 * append.
 */
export function checkFenced(
  taken: AppendTaken,
  known: { readonly epoch: number; readonly state: string },
): Violation[] {
  const isOld = OPENED.has(known.state) && taken.epoch < known.epoch;
  if (!isOld && !CLOSED.has(known.state)) return [];
  const because = isOld ? `it is ${known.state} at epoch ${known.epoch}` : `it is ${known.state}`;
  return [
    violation(
      'I4',
      `${nameOf(taken)} has taken an append, and the topology store has settled that ${because}`,
      {
        shardlets: [taken.shardlet],
      },
    ),
  ];
}

function nameOf({ host, shardlet, epoch }: AppendTaken): string {
  return `shardlet ${shardlet}@${epoch} on host ${host}`;
}
