/**
 * A block of one metric: codes of all shardlets (or hosts) over the slots of a stretch of time. A row with
 * nothing but zeros is left out. `covered` says how much of each slot was observed, in percent: where it is
 * 0 nothing is known, and that is not the same as no load.
 */
import { type AnyMetric, mergedCodes } from './metric.ts';
import { ByteReader, ByteWriter } from './packing.ts';

export const FULLY_COVERED = 100;

export class Block {
  readonly slots: number;
  readonly covered: Uint8Array;
  readonly rows = new Map<number, Float64Array>();

  constructor(slots: number) {
    this.slots = slots;
    this.covered = new Uint8Array(slots);
  }

  get(id: number, slot: number): number {
    return this.rows.get(id)?.[slot] ?? 0;
  }

  set(id: number, slot: number, code: number): void {
    let row = this.rows.get(id);
    if (row === undefined) {
      if (code === 0) return;
      this.rows.set(id, (row = new Float64Array(this.slots)));
    }
    row[slot] = code;
  }

  add(metric: AnyMetric, id: number, slot: number, code: number): void {
    this.set(id, slot, mergedCodes(metric, this.get(id, slot), code));
  }

  clearSlot(slot: number): void {
    for (const row of this.rows.values()) row[slot] = 0;
  }
}

export function packBlock(block: Block): Uint8Array {
  const out = new ByteWriter();
  out.uint(block.slots);
  out.raw(block.covered);
  const rows = [...block.rows].filter(([, row]) => row.some((code) => code !== 0)).sort(([a], [b]) => a - b);
  out.uint(rows.length);
  let before = 0;
  for (const [id] of rows) {
    out.uint(id - before);
    before = id;
  }
  for (const [, row] of rows) for (const code of row) out.uint(code);
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
  const { slots, covered, ids, codes } = blockColumns(bytes);
  const block = new Block(slots);
  block.covered.set(covered);
  ids.forEach((id, i) => {
    block.rows.set(id, codes.slice(i * slots, (i + 1) * slots));
  });
  return block;
}
