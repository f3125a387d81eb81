/**
 * Why something was not done, as data: the console turns it into words, tests compare it, and "nothing to do" has an
 * answer. A million shardlets keep one byte each; hosts keep theirs in full.
 */
export const SKIP_REASONS = [
  'not-considered',
  'frozen',
  'host-dead',
  'in-flight',
  'cooling-down',
  'gain-too-small',
  'no-destination',
  'would-move-back',
  'destination-over-capacity',
  'destination-unhealthy',
  'destination-leaving',
  'destination-busy',
  'destination-at-max-shards',
  'zone-spread',
  'pinned-elsewhere',
  'budget-moves',
  'budget-bytes',
  'budget-splits',
  'source-busy',
  'one-key-dominates',
  'key-order-forbids',
  'key-at-finest',
  'at-max-shards',
  'neighbour-elsewhere',
  'inside-hysteresis',
  'at-hosts-max',
  'at-hosts-min',
  'too-soon-after-hosts-changed',
  'nothing-movable',
  'not-empty-yet',
  'capacity-unknown',
  'cannot-be-emptied',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

const CODES = Object.fromEntries(SKIP_REASONS.map((reason, code) => [reason, code])) as Record<
  SkipReason,
  number
>;

export interface HostSkip {
  readonly phase: string;
  readonly host: number;
  readonly reason: SkipReason;
}

/** What was looked at and left as it is. */
export class SkipLog {
  readonly hosts: HostSkip[] = [];
  private readonly codes: Uint8Array;

  constructor(shardlets: number) {
    this.codes = new Uint8Array(shardlets);
  }

  /** The last reason stays: later phases know more. Only why no place was found for what lies on a dead host counts more. */
  shardlet(shardlet: number, reason: SkipReason): void {
    if (reason === 'host-dead' && this.codes[shardlet] !== 0) return;
    this.codes[shardlet] = CODES[reason];
  }

  host(phase: string, host: number, reason: SkipReason): void {
    this.hosts.push({ phase, host, reason });
  }

  reasonOf(shardlet: number): SkipReason {
    return SKIP_REASONS[this.codes[shardlet]!]!;
  }

  /** How many shardlets were left alone, by reason; what was never looked at is not counted. */
  counts(): Partial<Record<SkipReason, number>> {
    const sums = new Array<number>(SKIP_REASONS.length).fill(0);
    for (const code of this.codes) sums[code]!++;
    const counted = SKIP_REASONS.map((reason, code) => [reason, sums[code]!] as const);
    return Object.fromEntries(counted.filter(([, count], code) => code > 0 && count > 0));
  }
}
