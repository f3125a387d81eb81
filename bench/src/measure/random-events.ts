/**
 * Batches of CloudEvents as NDJSON for load tests: 300 bytes a line, incompressible, keys drawn from a Zipf
 * distribution (exponent 0.99, as in YCSB) over a fixed population. Ids have a fixed width, so a prepared
 * batch is sent again with fresh ids by writing over them in place.
 */
import { randomBytes } from 'node:crypto';

export const EVENT_BYTES = 300;
const ID_DIGITS = 16;

export interface Batch {
  readonly body: Buffer;
  /** where each line's id begins */
  readonly idOffsets: readonly number[];
}

/** Cumulative Zipf weights; sample by binary search. */
export function zipfSampler(population: number, exponent: number): () => number {
  const cumulative = new Float64Array(population);
  let sum = 0;
  for (let i = 0; i < population; i++) cumulative[i] = sum += 1 / (i + 1) ** exponent;
  return () => {
    const u = Math.random() * sum;
    let low = 0;
    let high = population - 1;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (cumulative[mid]! < u) low = mid + 1;
      else high = mid;
    }
    return low;
  };
}

export function eventLine(key: string): string {
  const head = `{"specversion":"1.0","id":"${'0'.repeat(ID_DIGITS)}","source":"/bench","type":"t","subject":"${key}","data":"`;
  const fill = EVENT_BYTES - head.length - 3;
  const noise = randomBytes(fill).toString('base64').slice(0, fill);
  return `${head}${noise}"}\n`;
}

export function batchOf(events: number, nextKey: () => number): Batch {
  const lines = Array.from({ length: events }, () => eventLine(`key-${nextKey()}`));
  const idOffsets: number[] = [];
  let at = 0;
  for (const line of lines) {
    idOffsets.push(at + line.indexOf('"id":"') + 6);
    at += line.length;
  }
  return { body: Buffer.from(lines.join('')), idOffsets };
}

/** Writes the ids `from`, `from + 1`, ... over those of the batch. */
export function renumber(batch: Batch, from: number): void {
  for (let i = 0; i < batch.idOffsets.length; i++) {
    const offset = batch.idOffsets[i]!;
    batch.body.write(String(from + i).padStart(ID_DIGITS, '0'), offset, ID_DIGITS, 'latin1');
  }
}
