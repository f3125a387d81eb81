/**
 * How many different keys were seen: HyperLogLog (Flajolet et al. 2007) with 256 registers, right within
 * 6.5 percent (one standard deviation), and nearly exact for few keys. Few keys are kept as a list of
 * registers, because most shardlets see few in a second. Libraries hash every key once more; here the hash
 * that routed the event is used again.
 */
import type { ByteReader, ByteWriter } from './packing.ts';

const INDEX_BITS = 8;
const REGISTERS = 1 << INDEX_BITS;
/** Bias correction of the paper for this many registers. */
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);
/** Above it linear counting is no better. */
const SMALL_ESTIMATE = 2.5 * REGISTERS;
/** A longer list costs more than all registers. */
const LISTED_MAX = 48;
const RANK_BITS = 5;
const RANK_MASK = (1 << RANK_BITS) - 1;

export class DistinctKeys {
  /** register << 5 | rank, each register once; the first `length` are in use, until there are registers */
  private readonly listed: number[] = [];
  private length = 0;
  private registers: Uint8Array | undefined;

  /** As new, with the memory of its list. */
  clear(): void {
    this.length = 0;
    this.registers = undefined;
  }

  add(keyHash: number): void {
    const hash = mixed(keyHash);
    const rest = hash << INDEX_BITS;
    this.raise(hash >>> (32 - INDEX_BITS), rest === 0 ? 32 - INDEX_BITS + 1 : Math.clz32(rest) + 1);
  }

  merge(other: DistinctKeys): void {
    for (let i = 0; i < other.length; i++)
      this.raise(other.listed[i]! >> RANK_BITS, other.listed[i]! & RANK_MASK);
    if (other.registers !== undefined) this.raiseAll(other.registers);
  }

  estimate(): number {
    const ranks =
      this.registers === undefined
        ? this.listed.slice(0, this.length).map((entry) => entry & RANK_MASK)
        : [...this.registers].filter((rank) => rank > 0);
    const empty = REGISTERS - ranks.length;
    let sum = empty;
    for (const rank of ranks) sum += 2 ** -rank;
    const raw = (ALPHA * REGISTERS * REGISTERS) / sum;
    const isSmall = raw <= SMALL_ESTIMATE && empty > 0;
    return Math.round(isSmall ? REGISTERS * Math.log(REGISTERS / empty) : raw);
  }

  write(out: ByteWriter): void {
    if (this.registers === undefined) {
      out.uint(this.length);
      for (let i = 0; i < this.length; i++) out.uint(this.listed[i]!);
    } else {
      out.uint(REGISTERS);
      out.raw(this.registers);
    }
  }

  addFrom(input: ByteReader): void {
    const count = input.uint();
    if (count === REGISTERS) this.raiseAll(input.raw(REGISTERS));
    else
      for (let left = count; left > 0; left--) {
        const entry = input.uint();
        this.raise((entry >> RANK_BITS) & (REGISTERS - 1), entry & RANK_MASK);
      }
  }

  /** Passes over what was written. */
  static skip(input: ByteReader): void {
    const count = input.uint();
    if (count === REGISTERS) input.raw(REGISTERS);
    else input.skip(count);
  }

  private raise(register: number, rank: number): void {
    if (this.registers !== undefined) {
      if (this.registers[register]! < rank) this.registers[register] = rank;
      return;
    }
    const { listed } = this;
    for (let i = 0; i < this.length; i++) {
      const entry = listed[i]!;
      if (entry >> RANK_BITS !== register) continue;
      if ((entry & RANK_MASK) < rank) listed[i] = (register << RANK_BITS) | rank;
      return;
    }
    listed[this.length++] = (register << RANK_BITS) | rank;
    if (this.length > LISTED_MAX) this.spread();
  }

  private raiseAll(ranks: Uint8Array): void {
    if (this.registers === undefined) this.spread();
    const registers = this.registers!;
    for (let i = 0; i < REGISTERS; i++) if (registers[i]! < ranks[i]!) registers[i] = ranks[i]!;
  }

  private spread(): void {
    const registers = new Uint8Array(REGISTERS);
    for (let i = 0; i < this.length; i++)
      registers[this.listed[i]! >> RANK_BITS] = this.listed[i]! & RANK_MASK;
    this.registers = registers;
    this.length = 0;
  }
}

/** A shardlet sees a slice of the hashes, so their high bits are alike: the finalizer of MurmurHash3 mixes them. */
function mixed(hash: number): number {
  let h = hash ^ 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
