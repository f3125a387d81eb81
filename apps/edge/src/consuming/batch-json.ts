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

export function pollJson(stream: string, { version, assigned, batches }: Poll): string {
  const plain = assigned.map(({ member: _, ...checkpoint }) => checkpoint);
  const head = JSON.stringify({ version, assigned: plain });
  return `${head.slice(0, -1)},"batches":[${batches.map((b) => batchJson(stream, b)).join(',')}]}`;
}
