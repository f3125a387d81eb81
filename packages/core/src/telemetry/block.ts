/**
 * A block of one metric: codes of all shardlets (or hosts) over the slots of a stretch of time. A row with
 * nothing but zeros is left out. `covered` says how much of each slot was observed, in percent: where it is
 * 0 nothing is known, and that is not the same as no load.
 */
import { type AnyMetric, mergedCodes } from './metric.ts';
import { ByteReader, ByteWriter } from './packing.ts';

export const FULLY_COVERED = 100;

/** Rows when the first one comes; doubled from there. */
const ROWS_AT_FIRST = 16;

export class Block {
  readonly slots: number;
  readonly covered: Uint8Array;
  private readonly rowOf = new Map<number, number>();
  /** slot of row at `row * slots + slot`: one array, since a stream may have a hundred thousand rows */
  private codes: Float64Array;

  constructor(slots: number, columns?: BlockColumns) {
    this.slots = slots;
    this.covered = columns === undefined ? new Uint8Array(slots) : Uint8Array.from(columns.covered);
    this.codes = columns?.codes ?? new Float64Array(ROWS_AT_FIRST * slots);
    columns?.ids.forEach((id, row) => {
      this.rowOf.set(id, row);
    });
  }

  get isEmpty(): boolean {
    return this.rowOf.size === 0;
  }

  get(id: number, slot: number): number {
    const row = this.rowOf.get(id);
    return row === undefined ? 0 : this.codes[row * this.slots + slot]!;
  }

  set(id: number, slot: number, code: number): void {
    let row = this.rowOf.get(id);
    if (row === undefined) {
      if (code === 0) return;
      this.rowOf.set(id, (row = this.rowOf.size));
      this.reserve((row + 1) * this.slots);
    }
    this.codes[row * this.slots + slot] = code;
  }

  add(metric: AnyMetric, id: number, slot: number, code: number): void {
    this.set(id, slot, mergedCodes(metric, this.get(id, slot), code));
  }

  /** Rows that are not all zero, in the order of their ids. */
  *rows(): Generator<[id: number, codes: Float64Array]> {
    for (const id of Float64Array.from(this.rowOf.keys()).sort()) {
      const start = this.rowOf.get(id)! * this.slots;
      const codes = this.codes.subarray(start, start + this.slots);
      if (codes.some((code) => code !== 0)) yield [id, codes];
    }
  }

  private reserve(length: number): void {
    if (length <= this.codes.length) return;
    const larger = new Float64Array(Math.max(length, this.codes.length * 2));
    larger.set(this.codes);
    this.codes = larger;
  }
}

export function packBlock(block: Block): Uint8Array {
  const out = new ByteWriter();
  out.uint(block.slots);
  out.raw(block.covered);
  const ids = new ByteWriter();
  const codes = new ByteWriter();
  let [rows, before] = [0, 0];
  for (const [id, row] of block.rows()) {
    rows++;
    ids.uint(id - before);
    before = id;
    for (const code of row) codes.uint(code);
  }
  out.uint(rows);
  out.append(ids);
  out.append(codes);
  return out.finish();
}

/** The same as columns, for reading a great many: `codes[i * slots + slot]` belongs to `ids[i]`. */
export interface BlockColumns {
  readonly slots: number;
  readonly covered: Uint8Array;
  readonly ids: Float64Array;
  readonly codes: Float64Array;
}

/** @throws RangeError when the bytes are no block */
export function blockColumns(bytes: Uint8Array): BlockColumns {
  const input = new ByteReader(bytes);
  const slots = input.uint();
  const covered = input.raw(slots);
  const ids = new Float64Array(input.uint());
  for (let i = 0, id = 0; i < ids.length; i++) ids[i] = id += input.uint();
  const codes = new Float64Array(ids.length * slots);
  for (let i = 0; i < codes.length; i++) codes[i] = input.uint();
  return { slots, covered, ids, codes };
}

export function unpackBlock(bytes: Uint8Array): Block {
  const columns = blockColumns(bytes);
  return new Block(columns.slots, columns);
}
