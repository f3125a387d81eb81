/**
 * Why something was not done, as data: the console turns it into words, tests compare it, and "nothing to do" has an
 * answer. A million shardlets keep one byte each; hosts keep theirs in full.
 */

/** In words, of the shardlet or the host that was left alone, or of the host that was not chosen. */
export const SKIP_WORDS = {
  'not-considered': 'it was not looked at',
  frozen: 'it is frozen',
  'host-dead': 'its host is dead',
  'in-flight': 'it is being moved',
  'cooling-down': 'it was moved or reshaped too recently',
  'gain-too-small': 'too little would be gained',
  'no-destination': 'no other host can take it',
  'destinations-busy': 'every host that could take it has as many moves at a time as it may',
  'no-host-for-pin': 'no host has the labels it is pinned to',
  'would-move-back': 'it came from there too recently',
  'destination-over-capacity': 'it would be too full',
  'destination-unhealthy': 'its health is below the threshold',
  'destination-leaving': 'it is leaving or dead',
  'destination-busy': 'it has as many moves at a time as it may',
  'destination-at-max-shards': 'it has as many shardlets as it may',
  'zone-spread': 'its zone has enough of the group',
  'pinned-elsewhere': 'a pin forbids it',
  'group-elsewhere': 'its neighbour is spread with another group',
  'budget-moves': 'the plan has as many moves as it may',
  'budget-bytes': 'the plan moves as many bytes as it may',
  'budget-splits': 'the plan has as many splits and merges as it may',
  'source-busy': 'its host has as many moves at a time as it may',
  'one-key-dominates': 'one key has most of its load',
  'key-order-forbids': 'one key has most of its load, and its stream does not split keys',
  'at-max-shards': 'there are as many shardlets as there may be',
  'neighbour-elsewhere': 'its neighbour is on another host',
  'inside-hysteresis': 'it is too near its threshold',
  'at-hosts-max': 'there are as many hosts as there may be',
  'at-hosts-min': 'there are as few hosts as there may be',
  'too-soon-after-hosts-changed': 'the hosts changed too recently',
  'plan-comes-first': 'what else is planned comes first',
  'overload-left': 'none is given back beside one nearly over its capacity',
  'nothing-movable': 'nothing on it may be moved',
  'not-empty-yet': 'it still has shardlets',
  'capacity-unknown': 'nothing says what it can take',
  'cannot-be-emptied': 'some of its shardlets could go nowhere',
} as const;
export type SkipReason = keyof typeof SKIP_WORDS;
const SKIP_REASONS = Object.keys(SKIP_WORDS) as SkipReason[];

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

  /**
   * The last reason stays: later phases know more. Only why no place was found for what lies on a dead host counts more,
   * and a pin that waits for somebody to correct it.
   */
  shardlet(shardlet: number, reason: SkipReason): void {
    if (this.codes[shardlet] === CODES['no-host-for-pin']) return;
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
