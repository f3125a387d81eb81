/**
 * The state of a cluster as a document: what `foreshard plan --state` reads and what a test scenario is made of. Times
 * are RFC 3339 with a zone; loads are per second; whatever is left out is unknown, and unknown never counts as zero
 * capacity or as bad health.
 */
import { z } from 'zod';
import { RESOURCES } from './columns.ts';

/** beyond it sums lose their digits; no cluster has a billionth of it */
const AMOUNT_MAX = 1e18;
const amount = z.number().min(0).max(AMOUNT_MAX);
const load = perResource(amount);
const capacity = perResource(
  z.number().positive('a host that takes nothing is draining or dead, not of capacity 0').max(AMOUNT_MAX),
);
const instant = z.iso.datetime({ offset: true });

const host = z.strictObject({
  id: z.string().min(1),
  zone: z.string().min(1).default('default'),
  state: z.enum(['active', 'draining', 'dead']).default('active'),
  /** what it can take, a second or in bytes; resources left out have no limit */
  capacity,
  /** 0 to 100; left out: nothing is known against it */
  health: z.number().min(0).max(100).default(100),
  labels: z.record(z.string(), z.string()).default({}),
});

const step = z.strictObject({
  aheadMinutes: z.number().positive(),
  /** events a second: quantiles of the forecast by their level, such as "0.5" and "0.9" */
  quantiles: z
    .record(z.string().regex(/^0?\.\d+$/, 'a level between 0 and 1, such as 0.9'), amount)
    .refine((quantiles) => Object.keys(quantiles).length > 0, 'at least one quantile')
    .refine(rises, 'a higher level has a lower value'),
});

/** Changes are dated by the store of the topology, the state by who looks at it. */
const CLOCKS_DIFFER_MS = 60_000;

function rises(quantiles: Readonly<Record<string, number>>): boolean {
  const byLevel = Object.entries(quantiles).sort(([a], [b]) => Number(a) - Number(b));
  return byLevel.every(([, value], i) => i === 0 || value >= byLevel[i - 1]![1]);
}

/** Load that other events announce, and room is kept for. */
const announced = z.strictObject({
  /** of this shardlet, on top of what it has */
  eventsPerSecond: amount,
  probability: z.number().min(0).max(1),
  cause: z.string().min(1),
  expectedAt: instant,
  /** it counts for nothing from then on */
  endsAt: instant,
  hasCome: z.boolean().default(false),
});

const shardlet = z.strictObject({
  id: z.string().min(1),
  host: z.string().min(1),
  stream: z.string().min(1).default('main'),
  shard: z.int().min(0).default(0),
  /** first position and first position after it, 16 hexadecimal digits; needed for merging neighbours */
  range: z
    .tuple([z.string().regex(/^[0-9a-f]{16}$/), z.string().regex(/^([0-9a-f]{16}|10{16})$/)])
    .optional(),
  load,
  bytes: amount.default(0),
  forecast: z.array(step).default([]),
  announced: announced.optional(),
  /** share of its events that its heaviest key has */
  topKeyShare: z.number().min(0).max(1).default(0),
  keyMaySplit: z.boolean().default(false),
  /** labels its host must have */
  pinnedTo: z.record(z.string(), z.string()).optional(),
  /** shardlets of one group are spread over zones */
  spreadGroup: z.string().optional(),
  frozen: z.boolean().default(false),
  /** last split, roll or merge */
  lastReshapedAt: instant.optional(),
  lastMovedAt: instant.optional(),
  cameFrom: z.string().optional(),
  movesLastDay: z.int().min(0).max(255).default(0),
});

export const clusterStateSchema = z
  .strictObject({
    version: z.literal(1),
    now: instant,
    topologyVersion: z.int().min(0).default(0),
    hosts: z.array(host).min(1, 'a cluster has at least one host'),
    shardlets: z.array(shardlet),
    /** moves that go on; their shardlets are left alone, and both hosts count them */
    moves: z.array(z.strictObject({ shardlet: z.string(), from: z.string(), to: z.string() })).default([]),
    /** shardlets whose keys are read together, with queries a second that touch both */
    together: z
      .array(z.strictObject({ shardlets: z.tuple([z.string(), z.string()]), weight: amount }))
      .default([]),
    hostsChangedAt: instant.optional(),
  })
  .superRefine(checkReferences);
export type ClusterState = z.infer<typeof clusterStateSchema>;
type Unchecked = Pick<ClusterState, 'now' | 'hosts' | 'shardlets' | 'moves' | 'together'>;

/** Names that mean nothing are an error with the path of the place that uses them. */
function checkReferences(state: Unchecked, refinement: z.core.$RefinementCtx): void {
  const complain = (path: (string | number)[], message: string) =>
    refinement.addIssue({ code: 'custom', path, message });
  const hosts = idsOf(state.hosts, 'hosts', complain);
  const shardlets = idsOf(state.shardlets, 'shardlets', complain);
  const host = (id: string | undefined, path: (string | number)[]) => {
    if (id !== undefined && !hosts.has(id)) complain(path, `there is no host "${id}"`);
  };
  const shardletAt = (id: string, path: (string | number)[]) => {
    if (!shardlets.has(id)) complain(path, `there is no shardlet "${id}"`);
  };
  state.shardlets.forEach((one, i) => {
    host(one.host, ['shardlets', i, 'host']);
    // the end of all positions has one digit more
    if (one.range !== undefined && one.range[0].padStart(17, '0') >= one.range[1].padStart(17, '0'))
      complain(['shardlets', i, 'range'], 'is empty or reversed');
    for (const what of ['lastReshapedAt', 'lastMovedAt'] as const)
      if (one[what] !== undefined && Date.parse(one[what]) > Date.parse(state.now) + CLOCKS_DIFFER_MS)
        complain(['shardlets', i, what], 'lies after "now"');
    const steps = new Set<number>();
    one.forecast.forEach(({ aheadMinutes }, h) => {
      if (steps.has(aheadMinutes))
        complain(['shardlets', i, 'forecast', h, 'aheadMinutes'], `${aheadMinutes} is there twice`);
      steps.add(aheadMinutes);
    });
  });
  for (const { row, other } of overlaps(state.shardlets))
    complain(['shardlets', row, 'range'], `overlaps that of "${other}"`);
  const hostOf = new Map(state.shardlets.map((one) => [one.id, one.host]));
  const moving = new Set<string>();
  state.moves.forEach((move, i) => {
    shardletAt(move.shardlet, ['moves', i, 'shardlet']);
    host(move.from, ['moves', i, 'from']);
    host(move.to, ['moves', i, 'to']);
    if (move.from === move.to) complain(['moves', i, 'to'], 'is where it comes from');
    const at = hostOf.get(move.shardlet);
    if (at !== undefined && at !== move.from && at !== move.to)
      complain(['moves', i, 'from'], `the shardlet lies on "${at}"`);
    if (moving.has(move.shardlet)) complain(['moves', i, 'shardlet'], 'moves already');
    moving.add(move.shardlet);
  });
  state.together.forEach((pair, i) => {
    for (const end of [0, 1] as const) shardletAt(pair.shardlets[end], ['together', i, 'shardlets', end]);
  });
}

/** Shardlets whose range begins before that of another one has ended, in the same shard. */
function overlaps(shardlets: Unchecked['shardlets']): { readonly row: number; readonly other: string }[] {
  const found: { row: number; other: string }[] = [];
  const ranged = shardlets.flatMap(({ id, stream, shard, range }, row) =>
    range === undefined
      ? []
      : [
          {
            row,
            id,
            place: `${stream}/${shard}`,
            from: range[0].padStart(17, '0'),
            to: range[1].padStart(17, '0'),
          },
        ],
  );
  ranged.sort((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : a.from < b.from ? -1 : 1));
  let last = ranged[0];
  for (const one of ranged.slice(1)) {
    if (last!.place === one.place && one.from < last!.to) found.push({ row: one.row, other: last!.id });
    if (last!.place !== one.place || one.to > last!.to) last = one;
  }
  return found;
}

function perResource(value: z.ZodNumber) {
  return z.strictObject(
    Object.fromEntries(RESOURCES.map((resource) => [resource, value.optional()])) as Record<
      (typeof RESOURCES)[number],
      z.ZodOptional<z.ZodNumber>
    >,
  );
}

function idsOf(
  items: readonly { readonly id: string }[],
  name: string,
  complain: (path: (string | number)[], message: string) => void,
): Set<string> {
  const ids = new Set<string>();
  items.forEach(({ id }, i) => {
    if (ids.has(id)) complain([name, i, 'id'], `"${id}" is there twice`);
    ids.add(id);
  });
  return ids;
}
