/**
 * Reads records of a shardlet from a host and looks at every checksum: what an edge gives out is what an
 * edge took in.
 */
import { type EventHost, frameIsIntact, type ReadOptions, type ReadReply } from '@foreshard/core/hosts';
import { ForeshardError } from '@foreshard/core/kernel';

/**
 * Also an older copy will do: it is a correct prefix.
 * @throws HostUnreachable; ForeshardError internal for a record that was damaged
 */
export async function readReplica(
  host: EventHost,
  hostId: number,
  shardlet: number,
  fromSeq: number,
  options: ReadOptions,
): Promise<ReadReply> {
  const reply = await host.read(shardlet, fromSeq, 0, options);
  if (reply.kind !== 'records') return reply;
  for (const { seq, frame } of reply.records)
    if (!frameIsIntact(frame))
      throw new ForeshardError(
        'internal',
        `the record ${seq} of shardlet ${shardlet} on host ${hostId} is damaged: its checksum does not fit`,
      );
  return reply;
}
