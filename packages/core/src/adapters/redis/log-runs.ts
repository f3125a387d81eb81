/** Records as the host's log keeps them: runs whose seqs and timestamps rise by one, with their frames in one piece. */
import type { StoredRecord } from '../../hosts/index.ts';
import { invariant } from '../../kernel/index.ts';
import type { Argument } from './wire-command.ts';

/** An entry larger than this makes reading a small part of it expensive. */
const RUN_BYTES_MAX = 256 * 1024;

/** Three arguments a run: first seq, first ts, frames. REQUIRES consecutive records. */
export function encodeRuns(records: readonly StoredRecord[]): Argument[] {
  const args: Argument[] = [];
  for (let from = 0; from < records.length; ) {
    const to = endOfRun(records, from);
    const frames = records.slice(from, to).map((record) => record.frame);
    args.push(records[from]!.seq, records[from]!.ts, Buffer.concat(frames));
    from = to;
  }
  return args;
}

function endOfRun(records: readonly StoredRecord[], from: number): number {
  let bytes = records[from]!.frame.length;
  let to = from + 1;
  for (; to < records.length; to++) {
    const [before, record] = [records[to - 1]!, records[to]!];
    invariant(record.seq === before.seq + 1, 'the records of an ingest follow one another');
    bytes += record.frame.length;
    if (record.ts !== before.ts + 1 || bytes > RUN_BYTES_MAX) break;
  }
  return to;
}
