/**
 * Random operations as data. A step names what is meant ("the current epoch", "the digest it really has"),
 * and is made concrete only when it is performed; so a sequence still makes sense after steps were taken
 * out of it, and a failing one can be made small. The odds favour few shardlets and few events, so that
 * sequences reach deep states: sealed parents, moved copies, rotated and forgotten ids, collisions.
 */
import type { Random } from '../../kernel/index.ts';

/** Relative to what the reference holds; `next` is an epoch that was never used. */
export type EpochChoice = 'current' | 'next' | 'older' | 'far';

export interface GroupStep {
  readonly shardlet: number;
  readonly epoch: EpochChoice;
  readonly events: readonly number[];
  readonly edgeOffset: number;
  /** 0: no token */
  readonly tokenOffset: number;
  /** relative to the clock; undefined where no id is timed, null where this one is not */
  readonly idTimes: readonly (number | null)[] | undefined;
  readonly window: number;
}

export type ReadyLie = 'none' | 'digest' | 'finalSeq' | 'firstSeq' | 'firstSeqHigher' | 'idSets' | 'last';

/** One member of the union for each operation, so that a step is narrowed by its `op`. */
type On<Op extends string, More = unknown> = Op extends string
  ? { readonly op: Op; readonly shardlet: number; readonly epoch: EpochChoice } & More
  : never;

export type Step =
  | { readonly op: 'clock'; readonly by: number }
  | On<'createShadow' | 'seal' | 'open' | 'raise' | 'drop' | 'createFloor'>
  | On<'createOpen', { readonly parents: readonly number[]; readonly narrow: boolean }>
  | { readonly op: 'append'; readonly groups: readonly GroupStep[] }
  | On<
      'ingest',
      {
        /** relative to lastSeq + 1 */
        readonly fromOffset: number;
        readonly count: number;
        readonly spoil: 'nothing' | 'ts' | 'frame';
      }
    >
  | On<
      'ingestIds',
      {
        readonly origin: number;
        readonly events: readonly number[];
        readonly timeLeft: number;
        readonly complete: boolean;
      }
    >
  /** `offset` is relative to lastSeq */
  | On<'truncate' | 'trim', { readonly offset: number }>
  | On<'digest', { readonly from: number; readonly to: number }>
  | On<'ready', { readonly lie: ReadyLie }>
  | On<
      'read',
      {
        readonly fromOffset: number;
        readonly maxRecords: number;
        readonly maxBytes: number;
        readonly ofEvent: number | undefined;
      }
    >
  | { readonly op: 'seek'; readonly shardlet: number; readonly offset: number }
  /** relative to firstSeq */
  | { readonly op: 'bytesIn'; readonly shardlet: number; readonly from: number; readonly to: number }
  | { readonly op: 'news' }
  | { readonly op: 'frontier'; readonly offset: number; readonly sinceIndex: number }
  | { readonly op: 'describe'; readonly shardlet: number }
  | { readonly op: 'readIds'; readonly shardlet: number }
  | { readonly op: 'list'; readonly after: number; readonly limit: number }
  | { readonly op: 'forgetIds'; readonly limit: number }
  | { readonly op: 'adopt'; readonly hostId: number }
  /** `follows`: from the mark held; `again`: that mark once more; `strays`: neither is held */
  | {
      readonly op: 'mark';
      readonly how: 'follows' | 'again' | 'strays';
      readonly offset: number;
      readonly sinceIndex: number;
    }
  /** relative to the generation held, and to the clock */
  | { readonly op: 'admit'; readonly by: number; readonly offset: number }
  | { readonly op: 'identify' }
  | { readonly op: 'makeFull' }
  | { readonly op: 'makeRoom' };

/** Times of the steps, in microseconds: windows this small pass several times in one sequence. */
export const STEP_WINDOW = 1_000_000;
export const STEP_LEAD = 200_000;
export const SHARDLETS = 4;
export const EVENTS = 48;

type Maker = (r: Dice) => Step;

/** Each maker with its odds; operations that lead deeper are likelier. */
const MAKERS: readonly (readonly [number, Maker])[] = [
  [26, (r) => ({ op: 'append', groups: r.groups() })],
  [14, (r) => ({ op: 'clock', by: r.oneOf([1, 900, 50_000, 300_000, 500_000, 1_000_000, -40_000]) })],
  [9, (r) => ({ op: 'createOpen', ...r.target('next'), parents: r.parents(), narrow: r.chance(0.15) })],
  [7, (r) => ({ op: 'createShadow', ...r.target('next') })],
  [7, (r) => ({ op: 'seal', ...r.target('current') })],
  [4, (r) => ({ op: 'open', ...r.target('current') })],
  [4, (r) => ({ op: 'raise', ...r.target('next') })],
  [3, (r) => ({ op: 'drop', ...r.target('current') })],
  [9, (r) => r.ingest()],
  [4, (r) => r.ingestIds()],
  [2, (r) => ({ op: 'truncate', ...r.target('current'), offset: r.between(-5, 2) })],
  [4, (r) => ({ op: 'trim', ...r.target('current'), offset: r.between(-6, 4) })],
  [2, (r) => ({ op: 'digest', ...r.target('current'), from: r.between(0, 8), to: r.between(1, 20) })],
  [6, (r) => ({ op: 'ready', ...r.target('current'), lie: r.lie() })],
  [4, (r) => r.read()],
  [2, (r) => ({ op: 'seek', shardlet: r.shardlet(), offset: r.between(-2_000_000, 100) })],
  [2, (r) => ({ op: 'bytesIn', shardlet: r.shardlet(), from: r.between(-1, 3), to: r.between(0, 6) })],
  [4, (r) => ({ op: 'frontier', offset: r.between(-50_000, 50_000), sinceIndex: r.between(-1, 6) })],
  [3, () => ({ op: 'news' })],
  [2, (r) => r.mark()],
  [1, (r) => ({ op: 'admit', by: r.oneOf([-1, 0, 1, 3]), offset: r.oneOf([-2_000_000, -7, 0, 1, 900]) })],
  [1, (r) => ({ op: 'createFloor', ...r.target('current') })],
  [4, (r) => ({ op: 'describe', shardlet: r.shardlet() })],
  [2, (r) => ({ op: 'readIds', shardlet: r.shardlet() })],
  [1, (r) => ({ op: 'list', after: r.between(0, SHARDLETS), limit: r.between(1, 6) })],
  [2, (r) => ({ op: 'forgetIds', limit: r.oneOf([1, 3, 1_000]) })],
  [1, (r) => (r.chance(0.5) ? { op: 'identify' } : { op: 'adopt', hostId: r.between(1, 2) })],
];

const FULLNESS: readonly (readonly [number, Maker])[] = [
  [1, () => ({ op: 'makeFull' })],
  [5, () => ({ op: 'makeRoom' })],
];

export function randomSteps(random: Random, length: number, withFullness: boolean): Step[] {
  const dice = new Dice(random);
  const makers = withFullness ? [...MAKERS, ...FULLNESS] : MAKERS;
  const total = makers.reduce((sum, [odds]) => sum + odds, 0);
  return Array.from({ length }, () => {
    let left = random.next() * total;
    const [, make] = makers.find(([odds]) => (left -= odds) < 0) ?? makers[0]!;
    return make(dice);
  });
}

class Dice {
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  chance(share: number): boolean {
    return this.random.next() < share;
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.random.next() * (high - low + 1));
  }

  oneOf<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random.next() * choices.length)]!;
  }

  shardlet(): number {
    return this.between(1, SHARDLETS);
  }

  /** Mostly the epoch with which the operation can succeed. */
  target(usual: EpochChoice): { shardlet: number; epoch: EpochChoice } {
    const other: EpochChoice[] = ['current', 'next', 'older', 'far'];
    return { shardlet: this.shardlet(), epoch: this.chance(0.85) ? usual : this.oneOf(other) };
  }

  events(most: number): number[] {
    return Array.from({ length: this.between(1, most) }, () => this.between(1, EVENTS));
  }

  parents(): number[] {
    return Array.from({ length: this.oneOf([0, 1, 1, 2]) }, () => this.shardlet());
  }

  groups(): GroupStep[] {
    const shardlets = new Set(Array.from({ length: this.oneOf([1, 1, 2, 4]) }, () => this.shardlet()));
    return [...shardlets].map((shardlet) => this.group(shardlet));
  }

  private group(shardlet: number): GroupStep {
    const events = this.events(7);
    return {
      shardlet,
      epoch: this.chance(0.93) ? 'current' : this.oneOf(['older', 'far']),
      events,
      edgeOffset: this.oneOf([0, 0, 7, -7, 400_000, -400_000, 3_000_000, -3_000_000]),
      tokenOffset: this.chance(0.8) ? 0 : this.oneOf([-5, 300, 900_000, 1_000_000, 1_000_001]),
      idTimes: this.chance(0.75) ? undefined : this.idTimes(events),
      window: this.chance(0.9) ? STEP_WINDOW : this.oneOf([STEP_WINDOW / 2, STEP_WINDOW * 2]),
    };
  }

  /** The time is part of the id: an event named twice has it twice. */
  private idTimes(events: readonly number[]): (number | null)[] {
    const times = new Map(events.map((n) => [n, this.idTime()]));
    return events.map((n) => times.get(n)!);
  }

  private idTime(): number | null {
    const edge = STEP_LEAD - STEP_WINDOW;
    return this.oneOf([null, 0, edge, edge - 1, edge + 1, -3 * STEP_WINDOW, 2 * STEP_LEAD]);
  }

  ingest(): Step {
    return {
      op: 'ingest',
      ...this.target('current'),
      fromOffset: this.oneOf([0, 0, 0, 0, -1, -3, 1]),
      count: this.between(0, 6),
      spoil: this.chance(0.85) ? 'nothing' : this.oneOf(['ts', 'frame']),
    };
  }

  ingestIds(): Step {
    return {
      op: 'ingestIds',
      ...this.target('current'),
      origin: this.oneOf([1, 2, 71, 72]),
      events: this.events(6),
      timeLeft: this.oneOf([1, 200_000, 900_000]),
      complete: this.chance(0.6),
    };
  }

  lie(): ReadyLie {
    const lies: ReadyLie[] = ['digest', 'finalSeq', 'firstSeq', 'firstSeqHigher', 'idSets', 'last'];
    return this.chance(0.7) ? 'none' : this.oneOf(lies);
  }

  mark(): Step {
    return {
      op: 'mark',
      how: this.oneOf(['follows', 'follows', 'again', 'strays']),
      offset: this.between(-50_000, 50_000),
      sinceIndex: this.between(-1, 6),
    };
  }

  read(): Step {
    return {
      op: 'read',
      shardlet: this.shardlet(),
      epoch: this.oneOf(['current', 'older', 'older', 'far']),
      fromOffset: this.oneOf([-30, -4, -2, 0, 1, 3]),
      maxRecords: this.oneOf([1, 3, 100]),
      maxBytes: this.oneOf([1, 90, 100_000]),
      ofEvent: this.chance(0.5) ? undefined : this.between(1, EVENTS),
    };
  }
}
