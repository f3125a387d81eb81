/**
 * Hints enter forecasts here, when they are read. A hint is a factor on the part of the load it is about; "N a
 * second" is the factor that brings that part there. What a hint is about is known as a part of each shardlet's load:
 * by shard, by what the telemetry knows of keys and of types, or all of it.
 */
import { type Hint, type HintScope, occurrences } from '../hints/index.ts';
import { contains, hashKey, type Position } from '../keyspace/index.ts';
import type { ShardletKeys } from '../telemetry/index.ts';
import type { Shardlet } from '../topology/index.ts';

export interface HintPart {
  readonly hint: Hint;
  /** of each shardlet's load, 0 to 1; those without any are left out */
  readonly parts: ReadonlyMap<number, number>;
}

/** a key that was not seen among the top ones: it has no more than they */
const UNSEEN_KEY_SHARE = 0.01;

export function partsOf(
  hint: Hint,
  leaves: readonly Shardlet[],
  keysOf: ReadonlyMap<number, ShardletKeys>,
): HintPart {
  const parts = new Map<number, number>();
  for (const leaf of leaves) {
    const part = partOfLeaf(hint.scope, leaf, keysOf.get(leaf.id));
    if (part > 0) parts.set(leaf.id, part);
  }
  return { hint, parts };
}

function partOfLeaf(
  { keys, types, shards }: HintScope,
  leaf: Shardlet,
  known: ShardletKeys | undefined,
): number {
  if (shards !== undefined && !shards.includes(leaf.shard)) return 0;
  let part = 1;
  if (types !== undefined) part *= shareOfTypes(types, known);
  if (keys !== undefined) part *= shareOfKeys(keys, leaf, known);
  return Math.min(1, part);
}

/** Types that were never seen are expected to come on top: they take part as the whole would. */
function shareOfTypes(types: readonly string[], known: ShardletKeys | undefined): number {
  const all = known?.types.reduce((sum, { events }) => sum + events, 0) ?? 0;
  if (all === 0) return 1;
  const named = known!.types.filter(({ type }) => types.includes(type));
  return named.reduce((sum, { events }) => sum + events, 0) / all;
}

function shareOfKeys(keys: readonly string[], leaf: Shardlet, known: ShardletKeys | undefined): number {
  const all = known?.types.reduce((sum, { events }) => sum + events, 0) ?? 0;
  let share = 0;
  for (const key of keys) {
    const keyHash = hashKey(key);
    if (!contains(leaf.range, { hi: keyHash, lo: 0 } satisfies Position)) continue;
    const counted = known?.topKeys.find((one) => one.keyHash === keyHash)?.events ?? 0;
    share += Math.max(UNSEEN_KEY_SHARE, all === 0 ? 0 : counted / all);
  }
  return share;
}

export interface HintedStep {
  readonly fromMs: number;
  readonly stepMs: number;
}

/**
 * What every shardlet's load is multiplied by in one step, and what is added where there was none to multiply.
 * `baseline`: the load of each shardlet in the step as the models see it.
 */
export function hintedLoads(
  { fromMs, stepMs }: HintedStep,
  baseline: ReadonlyMap<number, number>,
  hints: readonly HintPart[],
): Map<number, number> {
  const loads = new Map(baseline);
  for (const { hint, parts } of hints) {
    const time = overlap(hint, fromMs, stepMs);
    if (time === 0) continue;
    const concerned = [...parts].filter(([id]) => loads.has(id));
    const before = concerned.reduce((sum, [id, part]) => sum + part * loads.get(id)!, 0);
    const wanted = hint.factor === null ? (hint.perSecond! * stepMs) / 1_000 : before * hint.factor;
    const weights = concerned.reduce((sum, [, part]) => sum + part, 0);
    for (const [id, part] of concerned) {
      const share = before > 0 ? (part * loads.get(id)!) / before : part / weights;
      loads.set(id, Math.max(0, loads.get(id)! + time * share * (wanted - before)));
    }
  }
  return loads;
}

/** The part of the step in which the hint holds. */
function overlap(hint: Hint, fromMs: number, stepMs: number): number {
  const toMs = fromMs + stepMs;
  return occurrences(hint, fromMs, toMs).reduce(
    (sum, span) => sum + (Math.min(toMs, span.toMs) - Math.max(fromMs, span.fromMs)) / stepMs,
    0,
  );
}
