/**
 * The chain over the audit log. A seal holds the hash of its row and of the seal before it, under a key that is not in
 * the database: whoever may write the database cannot change, remove or reorder a row without breaking it. What was cut
 * off at its end shows against a head that was published, since the rest is whole by itself.
 *
 *   hash(n) = HMAC-SHA-256(key, hash(n - 1) || bytes of row n)         hash(0) = 32 zero bytes
 *
 * Rows are sealed in the order in which they are found, which is that of their ids but for one whose transaction was
 * open for long: the number of the seal is the order of the chain, so no row is ever passed over.
 */

import type { ChainRow, Hmac } from './chain-row.ts';
import { isRotation, successor } from './rotation.ts';

export interface Seal {
  readonly number: number;
  readonly rowId: string;
  /** in hex */
  readonly hash: string;
}

/** Rows before it were pruned: the chain goes on behind it. Signed, as nobody else may prune. */
export interface Anchor {
  readonly number: number;
  readonly hash: string;
  /** ms since the epoch */
  readonly atMs: number;
  readonly signature: string;
}

const ORIGIN = '0'.repeat(64);
const VERSION = 'foreshard-audit-1';

const encoder = new TextEncoder();

export function sealHash(hmac: Hmac, previous: string, number: number, row: ChainRow): string {
  return hmac(encoder.encode(JSON.stringify([VERSION, previous, number, row.id, ...row.columns])));
}

export function anchorSignature(hmac: Hmac, { number, hash, atMs }: Omit<Anchor, 'signature'>): string {
  return hmac(encoder.encode(JSON.stringify([VERSION, 'anchor', number, hash, atMs])));
}

/** Where a chain stands: behind a seal, an anchor or nothing. */
export interface Head {
  readonly number: number;
  readonly hash: string;
}

export const EMPTY_CHAIN: Head = Object.freeze({ number: 0, hash: ORIGIN });

/** Seals for rows, in their order. */
export function sealsFor(hmac: Hmac, head: Head, rows: readonly ChainRow[]): Seal[] {
  let { number, hash } = head;
  return rows.map((row) => {
    number += 1;
    hash = sealHash(hmac, hash, number, row);
    return { number, rowId: row.id, hash };
  });
}

export const CHAIN_FAULTS = [
  'changed',
  'missing',
  'reordered',
  'cut off',
  'unsealed',
  'wrong key',
  'forged key',
] as const;
export type ChainFaultKind = (typeof CHAIN_FAULTS)[number];

export interface ChainFault {
  readonly kind: ChainFaultKind;
  /** of the seal that does not hold, where there is one */
  readonly number: number | undefined;
  readonly rowId: string | undefined;
  readonly detail: string;
}

/** A seal with its row; undefined where the row is gone. */
export interface SealedRow {
  readonly seal: Seal;
  readonly row: ChainRow | undefined;
}

/**
 * Goes along the chain, seal by seal. It stops at the first fault: behind it nothing is known, as every hash stands on
 * the one before it.
 */
export class ChainWalk {
  private readonly keys: readonly Hmac[];
  /** that the seals are under here; undefined: that of the first one shows it */
  private key: Hmac | undefined;
  private at: Head;
  private found: ChainFault | undefined;

  /** `keys`: newest first */
  constructor(keys: readonly Hmac[], from: Head) {
    this.keys = keys;
    this.at = from;
  }

  /** Undefined: there was no seal. */
  get keyAtEnd(): Hmac | undefined {
    return this.key;
  }

  get head(): Head {
    return this.at;
  }

  get fault(): ChainFault | undefined {
    return this.found;
  }

  /** The sealed rows that follow, in the order of their numbers. */
  follow(rows: readonly SealedRow[]): void {
    for (const [index, one] of rows.entries()) {
      if (this.found !== undefined) return;
      this.found = this.faultOf(one, rows.slice(index + 1, index + 1 + NEAR));
      if (this.found === undefined) this.at = { number: one.seal.number, hash: one.seal.hash };
    }
  }

  private faultOf({ seal, row }: SealedRow, next: readonly SealedRow[]): ChainFault | undefined {
    const { number, rowId, hash } = seal;
    const expected = this.at.number + 1;
    const fault = (kind: ChainFaultKind, detail: string): ChainFault => ({ kind, number, rowId, detail });
    if (number !== expected)
      return fault('missing', `Seal ${expected} is missing: the next one is ${number}, of row ${rowId}.`);
    if (row === undefined)
      return fault('missing', `Row ${rowId} is missing: only its seal ${number} is left.`);
    const key = this.keyOf((one) => sealHash(one, this.at.hash, number, row) === hash);
    if (key !== undefined) {
      this.key = isRotation(row) ? successor(row, key, this.keys) : key;
      if (this.key !== undefined) return undefined;
      return fault(
        'forged key',
        `Row ${rowId} says that the key of the chain changed, to one that is not in the key file or did not sign it.`,
      );
    }
    const swapped = next.find(
      ({ row: other }) =>
        other !== undefined &&
        this.keyOf((one) => sealHash(one, this.at.hash, number, other) === hash) !== undefined,
    );
    if (swapped !== undefined)
      return fault('reordered', `Row ${swapped.row!.id} stood where row ${rowId} stands, at seal ${number}.`);
    return fault('changed', `Row ${rowId} is not what seal ${number} was made of.`);
  }

  private keyOf(holds: (key: Hmac) => boolean): Hmac | undefined {
    return (this.key === undefined ? this.keys : [this.key]).find(holds);
  }
}

/** Rows are looked for so far on, when they seem to have changed places. */
const NEAR = 100;
