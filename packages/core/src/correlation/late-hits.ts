/**
 * How often the next type was among the likeliest of late, beside the most frequent types in the same events (prequential: each is
 * scored before it is learned). Old events fade, so that a change shows within some thousand events.
 */
import type { ByteReader, ByteWriter } from '../telemetry/index.ts';
import type { EventTypes } from './event-types.ts';
import { readNumbers, writeNumbers } from './snapshot.ts';

/** events after which one counts half */
const HALF_LIFE = 1_000;
const KEPT = 2 ** (-1 / HALF_LIFE);

export interface HitRates {
  /** how many recent events the rates stand on, faded ones counted less */
  readonly events: number;
  readonly hit1: number;
  readonly hit3: number;
  readonly frequent1: number;
  readonly frequent3: number;
}

export class LateHits {
  /** events, then hits at 1 and at 3 of the model and of the most frequent types */
  private readonly sums = new Float64Array(5);
  private readonly depth: number;
  /** the most frequent types, kept up to date one event at a time */
  private readonly frequent: number[] = [];

  /** `depth`: of the ranks that are handed in */
  constructor(depth: number) {
    this.depth = depth;
  }

  get rates(): HitRates {
    const [events, ...hits] = this.sums as unknown as [number, number, number, number, number];
    const [hit1, hit3, frequent1, frequent3] = hits.map((sum) => (events === 0 ? 0 : sum / events));
    return { events, hit1: hit1!, hit3: hit3!, frequent1: frequent1!, frequent3: frequent3! };
  }

  /** REQUIRES that the event is not counted in `types` yet; `type` is undefined for one not seen before. */
  add(ranked: readonly number[], types: EventTypes, type: number | undefined): void {
    const { sums } = this;
    for (let i = 0; i < sums.length; i++) sums[i]! *= KEPT;
    sums[0]!++;
    if (type === undefined) return;
    this.score(1, ranked.indexOf(type));
    this.score(3, this.frequent.indexOf(type));
    this.rank(types, type);
  }

  write(out: ByteWriter): void {
    writeNumbers(out, this.sums);
    out.uint(this.frequent.length);
    for (const type of this.frequent) out.uint(type);
  }

  /** REQUIRES that nothing was added yet. */
  read(input: ByteReader): void {
    readNumbers(input, this.sums);
    const length = input.uint();
    for (let i = 0; i < length; i++) this.frequent.push(input.uint());
  }

  private score(at: number, place: number): void {
    if (place < 0) return;
    if (place === 0) this.sums[at]!++;
    if (place < this.depth) this.sums[at + 1]!++;
  }

  /** Only the type that came can have risen. */
  private rank(types: EventTypes, type: number): void {
    const { frequent } = this;
    if (!frequent.includes(type)) frequent.push(type);
    // the event that has just come counts
    const countOf = (one: number) => types.counts[one]! + (one === type ? 1 : 0);
    frequent.sort((a, b) => countOf(b) - countOf(a) || a - b);
    if (frequent.length > this.depth) frequent.pop();
  }
}
