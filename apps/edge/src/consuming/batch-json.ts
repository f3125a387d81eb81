/** The JSON of a batch: the events are JSON already, and copied as they are stored. */
import type { Batch, Poll } from '@foreshard/core/consuming';
import { recordJson } from '../reading/index.ts';

export function batchJson(stream: string, batch: Batch): string {
  const { shardlet, assignment, epoch, through, skipped, records } = batch;
  const head = JSON.stringify({ shardlet: shardlet.id, assignment, epoch, through, skipped });
  const events = records.map((record) =>
    recordJson(stream, { ...record, shard: shardlet.shard, shardlet: shardlet.id }, false).toString(),
  );
  return `${head.slice(0, -1)},"events":[${events.join(',')}]}`;
}

export interface PollRemarks {
  /** the version that the member named */
  readonly known: number | undefined;
  readonly preferredEdge: string | undefined;
  /** hosts that hold back what the others have */
  readonly waitingFor: readonly { readonly host: number; readonly name: string | null }[];
}

/** A member that knows the version knows what it has: thousands of shardlets are not repeated with every poll. */
export function pollJson(
  stream: string,
  poll: Poll,
  { known, preferredEdge, waitingFor }: PollRemarks,
): string {
  const { version, batches, order } = poll;
  const plain = () => poll.assigned.map(({ member: _, ...checkpoint }) => checkpoint);
  const head = JSON.stringify({
    ...{ version, preferredEdge, order: order === 'key' ? undefined : order },
    waitingFor: waitingFor.length === 0 ? undefined : waitingFor,
    assigned: known === version ? undefined : plain(),
    checkpointsDue: poll.due.length === 0 ? undefined : poll.due.map(dueJson),
  });
  return `${head.slice(0, -1)},"batches":[${batches.map((b) => batchJson(stream, b)).join(',')}]}`;
}

function dueJson({ shardlet, verdict }: Poll['due'][number]) {
  const { reason, backlogEvents, limitShare, recovery, nextDueMs } = verdict;
  return { shardlet, reason, backlogEvents, limitShare, recoveryMs: recovery.totalMs, nextDueMs };
}
