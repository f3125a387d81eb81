/** I4, from what hosts hold at one moment. */
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

function nameOf({ host, shardlet, epoch }: OpenReplica): string {
  return `shardlet ${shardlet}@${epoch} on host ${host}`;
}
