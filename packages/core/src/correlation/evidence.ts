/**
 * What the contexts of a key say about its next event: for each type that any of them has seen, by how much each context makes
 * it likelier than the context's parent does. That is the logarithm of (count + r x parent) / (r x parent), which is 0 for
 * types the context has not seen; the reserve r grows with the number of types that followed, as in PPM method C (Moffat 1990).
 *
 * Beside it stands what the short memory adds to that.
 */
import { type ContextTable, FIRST_COUNT, TOTAL_LONG, WEIGHT_LONG, WEIGHT_SHORT } from './context-table.ts';
import { ABSENT, type ContextKind, ROOT } from './contexts.ts';
import type { EventTypes } from './event-types.ts';
import { ln } from './logarithms.ts';

/** types that are weighed against each other; all others together are the rest */
export const CANDIDATES_MAX = 32;
/** of a context */
const MEMBERS_MAX = 24;
/** of a list, and those of at least this share */
const ALWAYS_READ = 8;
const SHARE_READ = 0.002;
const RESERVE = 0.2;
const RESERVE_OF_TYPE = 1;
const ROW = CANDIDATES_MAX + 1;
const TYPES_MAX = 0x10000;
const NO_PLACE = 255;
const REST_MIN = 1e-9;
/** classes of contexts by their visits, for one type seen and for several */
export const CLASSES = 14;
const VISITS_OF_CLASS = [1.5, 2.5, 4.5, 8.5, 20, 80];

export class Evidence {
  readonly candidates = new Uint16Array(CANDIDATES_MAX);
  candidateCount = 0;
  /** [candidate]: logarithm of the overall share; behind the last candidate that of the rest */
  readonly rootLogs = new Float64Array(ROW);
  rootRest = 1;
  /** [kind]: where its entries start; those of the last end at starts[kinds] */
  readonly starts: Int32Array;
  readonly classes: Uint8Array;
  /** of each entry: place of its candidate, and what long and short memory add */
  readonly places: Uint8Array;
  readonly long: Float64Array;
  readonly short: Float64Array;
  readonly kinds: readonly ContextKind[];
  private readonly tables: readonly ContextTable[];
  /** [kind]: slot in its table, -1 where the context is not known */
  readonly slots: Int32Array;
  private readonly types: EventTypes;
  /** [kind]: others refine it, so its distribution is needed in full */
  private readonly isParent: Uint8Array;
  /** [type]: its place among the candidates, NO_PLACE if it is none */
  private readonly placeOfType = new Uint8Array(TYPES_MAX).fill(NO_PLACE);
  /** [row x candidate]: the distribution of each kind, first that of the root */
  private readonly shares: Float64Array;
  /** [kind]: the row that holds its distribution: its own or that of an ancestor */
  private readonly rows: Int32Array;

  constructor(kinds: readonly ContextKind[], tables: readonly ContextTable[], types: EventTypes) {
    this.kinds = kinds;
    this.tables = tables;
    this.types = types;
    this.isParent = Uint8Array.from(kinds, (_, i) => (kinds.some(({ parent }) => parent === i) ? 1 : 0));
    this.starts = new Int32Array(kinds.length + 1);
    this.classes = new Uint8Array(kinds.length);
    this.places = new Uint8Array(kinds.length * MEMBERS_MAX);
    this.long = new Float64Array(kinds.length * MEMBERS_MAX);
    this.short = new Float64Array(kinds.length * MEMBERS_MAX);
    this.slots = new Int32Array(kinds.length);
    this.shares = new Float64Array((kinds.length + 1) * ROW);
    this.rows = new Int32Array(kinds.length);
  }

  /** `hashes`: of the contexts, by kind. */
  gather(hashes: Int32Array): void {
    const { kinds, slots, tables } = this;
    for (let c = 0; c < this.candidateCount; c++) this.placeOfType[this.candidates[c]!] = NO_PLACE;
    this.candidateCount = 0;
    for (let i = 0; i < kinds.length; i++) {
      const hash = hashes[i]!;
      slots[i] = hash === ABSENT ? -1 : tables[i]!.find(hash);
    }
    for (let i = kinds.length - 1; i >= 0; i--) if (slots[i]! >= 0) this.nominate(tables[i]!, slots[i]!);
    this.startFromRoot();
    let end = 0;
    for (let i = 0; i < kinds.length; i++) {
      this.starts[i] = end;
      end = this.add(i, end);
    }
    this.starts[kinds.length] = end;
  }

  /** The place of a type among the candidates; that of the rest for any other. */
  placeOf(type: number): number {
    const place = this.placeOfType[type]!;
    return place === NO_PLACE ? this.candidateCount : place;
  }

  private nominate(table: ContextTable, slot: number): void {
    const list = table.typesAt(slot);
    const size = Math.min(membersOf(table, slot), CANDIDATES_MAX - this.candidateCount);
    for (let m = list; m < list + size; m++) {
      const type = table.halves[m]!;
      if (this.placeOfType[type] !== NO_PLACE) continue;
      this.placeOfType[type] = this.candidateCount;
      this.candidates[this.candidateCount++] = type;
    }
  }

  private startFromRoot(): void {
    const { shares, rootLogs, candidates, candidateCount, types } = this;
    let rest = 1;
    for (let c = 0; c < candidateCount; c++) {
      const share = types.shareOf(candidates[c]!);
      shares[c] = share;
      rootLogs[c] = ln(share);
      rest -= share;
    }
    this.rootRest = Math.max(rest, REST_MIN);
    shares[candidateCount] = this.rootRest;
    rootLogs[candidateCount] = ln(this.rootRest);
  }

  /** Appends the entries of a kind from `start` on; returns where they end. */
  private add(kind: number, start: number): number {
    const { shares, candidateCount, rows } = this;
    const parent = this.kinds[kind]!.parent;
    const from = parent === ROOT ? 0 : rows[parent]!;
    const slot = this.slots[kind]!;
    rows[kind] = from;
    if (slot < 0) return start;
    const table = this.tables[kind]!;
    const row = slot * table.stride;
    const size = table.sizeOf(slot);
    const visits = table.rows[row + TOTAL_LONG]! / table.rows[row + WEIGHT_LONG]!;
    const reserve = RESERVE + RESERVE_OF_TYPE * size;
    const own = (kind + 1) * ROW;
    rows[kind] = own;
    this.classes[kind] = classOf(visits, size);
    if (this.isParent[kind] === 1) {
      const left = reserve / (visits + reserve);
      for (let c = 0; c <= candidateCount; c++) shares[own + c] = shares[from + c]! * left;
    }
    return this.addMembers(table, slot, start, from, own, reserve, visits);
  }

  private addMembers(
    table: ContextTable,
    slot: number,
    start: number,
    from: number,
    own: number,
    reserve: number,
    visits: number,
  ): number {
    const { shares, places, long, short, placeOfType } = this;
    const { rows, width, halves } = table;
    const list = table.typesAt(slot);
    const row = slot * table.stride;
    const unitLong = 1 / rows[row + WEIGHT_LONG]!;
    const unitShort = 1 / rows[row + WEIGHT_SHORT]!;
    const size = membersOf(table, slot);
    const counts = row + FIRST_COUNT;
    const unit = 1 / (visits + reserve);
    let end = start;
    for (let m = 0; m < size; m++) {
      const type = halves[list + m]!;
      const place = placeOfType[type]!;
      if (place === NO_PLACE) continue;
      const before = reserve * shares[from + place]!;
      const count = rows[counts + m]! * unitLong;
      const share = (count + before) * unit;
      shares[own + place] = share;
      places[end] = place;
      long[end] = ln(1 + count / before);
      short[end] = ln(1 + (rows[counts + width + m]! * unitShort) / share);
      end++;
    }
    return end;
  }
}

function classOf(visits: number, types: number): number {
  let by = 0;
  while (by < VISITS_OF_CLASS.length && visits >= VISITS_OF_CLASS[by]!) by++;
  return types === 1 ? by : by + CLASSES / 2;
}

/** How many of a list are read: what is rare beside many others decides nothing. */
function membersOf(table: ContextTable, slot: number): number {
  const size = table.sizeOf(slot);
  if (size <= ALWAYS_READ) return size;
  const { rows } = table;
  const row = slot * table.stride;
  const least = rows[row + TOTAL_LONG]! * SHARE_READ;
  let end = ALWAYS_READ;
  while (end < size && rows[row + FIRST_COUNT + end]! >= least) end++;
  return end;
}
