/**
 * Bursts that other events announce: a marked Hawkes process. Some kinds of events, each in a range of its own, excite bursts of a cold
 * range after a lag that drifts; 30 % of them have no effect, and 30 % of the bursts have no cause. As many kinds of events announce
 * nothing. The control has the same bursts, and all causes shifted in a circle: as many, in the same clusters, and they announce nothing.
 */
import { type Random, seededRandom } from '../../kernel/index.ts';
import { CountedRows } from './counted-rows.ts';
import { type Excitation, type HawkesEvent, hawkes } from './hawkes.ts';
import { poisson } from './poisson.ts';
import { STEP_MINUTES, type Workload, workloadOf } from './workload.ts';

export const ANNOUNCED_WORKLOADS = ['announced-surge', 'announced-surge-control'] as const;

const KEYS = 400;
const DAY = 1_440;
const PAST_DAYS = 14;
const RATE = 16_000;
const SKEW = 0.8;
const LINKS = 6;
/** kinds of events that announce nothing */
const DECOYS = 6;
/** of each kind, a day */
const CAUSES_A_DAY = 3;
/** exp(-1.204) = 0.3: so many causes have no effect */
const CHILDREN = -Math.log(0.3);
const WITHOUT_CAUSE = 0.3;
/** causes excite causes of their kind, some minutes later */
const OWN_CHILDREN = 0.1;
const OWN_LAG = 25;
const SPREAD = 0.12;
const DRIFT = 0.2;
const SURGE_KEYS = 6;
/** events a minute; about a mean host has as many */
const SURGE = 2_500;
const RAMP = 2;

interface Link {
  readonly source: number;
  readonly firstKey: number;
  readonly lag: number;
  readonly driftDays: number;
  readonly driftPhase: number;
  /** events a minute */
  readonly extra: number;
  readonly minutes: number;
}

interface Surge {
  readonly at: number;
  readonly link: Link;
  readonly size: number;
}

export function announcedSurges(seed: number, testDays: number, isControl: boolean): Workload {
  const random = seededRandom(seed);
  const until = (PAST_DAYS + testDays) * DAY;
  const shares = shuffledShares(random);
  const links = drawLinks(random, shares);
  const events = hawkes(random, backgroundOf(), excitationsOf(links), until);
  const surges = events
    .filter(({ dimension }) => dimension >= LINKS + DECOYS)
    .filter(oneAtATime(links))
    .map(({ at, dimension }) => ({
      ...{ at, link: links[dimension - LINKS - DECOYS]!, size: 0.7 + 0.6 * random.next() },
    }));
  const shift = isControl ? until * (0.3 + 0.4 * random.next()) : 0;
  const marks = events.flatMap((event) => markOf(event, links, shift, until));
  return workload(shares, surges, marks, { random: seededRandom(seed + 1), testDays, isControl });
}

/** A crowd that is there already does not come again. */
function oneAtATime(links: readonly Link[]): (event: HawkesEvent) => boolean {
  const until = links.map(() => 0);
  return ({ at, dimension }) => {
    const link = dimension - LINKS - DECOYS;
    if (at < until[link]!) return false;
    until[link] = at + links[link]!.minutes;
    return true;
  };
}

/** First the kinds that announce, then those that do not, then the bursts. */
function backgroundOf(): number[] {
  const causes = (CAUSES_A_DAY / DAY) * (1 - OWN_CHILDREN);
  // children of one cause are one burst in most cases, see `oneAtATime`
  const caused = (CAUSES_A_DAY * (1 - Math.exp(-CHILDREN))) / DAY;
  const bursts = (caused * WITHOUT_CAUSE) / (1 - WITHOUT_CAUSE);
  return [...Array<number>(LINKS + DECOYS).fill(causes), ...Array<number>(LINKS).fill(bursts)];
}

function excitationsOf(links: readonly Link[]): Excitation[] {
  const own = Array.from({ length: LINKS + DECOYS }, (_, kind) => ({
    ...{ from: kind, to: kind, children: OWN_CHILDREN, lag: () => OWN_LAG, spread: 0.3 },
  }));
  const caused = links.map((link, i) => ({
    ...{ from: i, to: LINKS + DECOYS + i, children: CHILDREN, spread: SPREAD },
    lag: (at: number) =>
      link.lag * (1 + DRIFT * Math.sin((2 * Math.PI * at) / DAY / link.driftDays + link.driftPhase)),
  }));
  return [...own, ...caused];
}

function drawLinks(random: Random, shares: Float64Array): Link[] {
  const taken: number[] = [];
  const isFree = (key: number) => taken.every((other) => Math.abs(other - key) > 2 * SURGE_KEYS);
  const loadOf = (key: number) => shares.subarray(key, key + SURGE_KEYS).reduce((a, b) => a + b, 0);
  return Array.from({ length: LINKS }, () => {
    let firstKey = 0;
    do firstKey = Math.floor(random.next() * (KEYS - SURGE_KEYS));
    while (!isFree(firstKey) || loadOf(firstKey) > (0.8 * SURGE_KEYS) / KEYS);
    taken.push(firstKey);
    return {
      ...{ source: random.next(), firstKey, lag: 12 + 28 * random.next() },
      ...{ driftDays: 5 + 6 * random.next(), driftPhase: 2 * Math.PI * random.next() },
      ...{ extra: SURGE * (1.2 + 0.6 * random.next()), minutes: 20 + 20 * random.next() },
    };
  });
}

function markOf({ at, dimension }: HawkesEvent, links: readonly Link[], shift: number, until: number) {
  if (dimension >= LINKS + DECOYS) return [];
  const source = links[dimension]?.source ?? dimension / (LINKS + DECOYS);
  return [
    {
      minute: Math.floor((at + shift) % until) - PAST_DAYS * DAY,
      type: `kind-${dimension}`,
      position: source,
    },
  ];
}

interface Drawing {
  readonly random: Random;
  readonly testDays: number;
  readonly isControl: boolean;
}

function workload(
  shares: Float64Array,
  surges: readonly Surge[],
  marks: readonly { minute: number; type: string; position: number }[],
  { random, testDays, isControl }: Drawing,
): Workload {
  const testFrom = PAST_DAYS * DAY;
  const minutes = testFrom + testDays * DAY;
  const added = addedBy(surges, minutes);
  const rows = new CountedRows();
  const pastByKey = new Float32Array(testFrom * KEYS);
  for (let minute = 0; minute < minutes; minute++) {
    const daily = 1 - 0.2 * Math.cos((2 * Math.PI * (minute % DAY)) / DAY);
    for (let key = 0; key < KEYS; key++) {
      const count = poisson(random, RATE * daily * shares[key]! + (added.get(minute * KEYS + key) ?? 0));
      if (minute < testFrom) pastByKey[minute * KEYS + key] = count;
      if (count > 0) rows.add(minute < testFrom ? minute - (minute % STEP_MINUTES) : minute, key, count);
    }
  }
  const name = ANNOUNCED_WORKLOADS[isControl ? 1 : 0];
  const made = workloadOf(rows, { name, keyCount: KEYS, testFrom, minutes: testDays * DAY });
  const position = Float64Array.from({ length: KEYS }, (_, key) => (key + 0.5) / KEYS);
  return { ...made, position, marks: [...marks].sort((a, b) => a.minute - b.minute), pastByKey };
}

/** Events a minute of a key, by minute and key. */
function addedBy(surges: readonly Surge[], minutes: number): Map<number, number> {
  const added = new Map<number, number>();
  for (const { at, link, size } of surges)
    for (let since = 0; since < link.minutes; since++) {
      const minute = Math.floor(at) + since;
      const ramp = Math.min(1, (since + 1) / RAMP, (link.minutes - since) / RAMP);
      for (let key = link.firstKey; key < link.firstKey + SURGE_KEYS && minute < minutes; key++) {
        const cell = minute * KEYS + key;
        added.set(cell, (added.get(cell) ?? 0) + (ramp * size * link.extra) / SURGE_KEYS);
      }
    }
  return added;
}

/** Popular keys lie anywhere among the others. */
function shuffledShares(random: Random): Float64Array {
  const weights = Float64Array.from({ length: KEYS }, (_, rank) => (rank + 1) ** -SKEW);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  for (let i = KEYS - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [weights[i], weights[j]] = [weights[j]!, weights[i]!];
  }
  return weights.map((weight) => weight / sum);
}
