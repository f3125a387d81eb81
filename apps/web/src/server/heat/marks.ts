/** Restructurings of the time in the picture, each with its moment and the rows it concerned. */
import { formatPosition } from '@foreshard/core/keyspace';
import type { Heat } from '@foreshard/core/telemetry';
import {
  type Change,
  changesBetween,
  type Shardlet,
  type TopologyMap,
  type TopologyStore,
} from '@foreshard/core/topology';

export const MARK_KINDS = ['split', 'merge', 'roll', 'move'] as const;

export interface HeatMark {
  readonly kind: (typeof MARK_KINDS)[number];
  readonly atMs: number;
  /** hex, half-open */
  readonly from: string;
  readonly to: string;
  /** one line for people */
  readonly text: string;
  readonly actor: string;
}

export interface HeatMarks {
  readonly marks: readonly HeatMark[];
  /** false when only the oldest are here */
  readonly isWhole: boolean;
}

/** More would cover the picture. */
const CHANGES_MAX = 2_000;

export async function marksOf(
  topology: Pick<TopologyStore, 'changesAfter'>,
  map: TopologyMap,
  stream: number,
  heat: Heat,
): Promise<HeatMarks> {
  const window = {
    fromMs: heat.fromMs,
    toMs: heat.fromMs + heat.columns * heat.columnMs,
    limit: CHANGES_MAX,
  };
  const { changes, isWhole } = await changesBetween(topology, map.version, window);
  return { marks: changes.flatMap((change) => markOf(change, map, stream) ?? []), isWhole };
}

/** What a decision began; that it was settled later is no news. */
function markOf(change: Change, map: TopologyMap, stream: number): HeatMark | undefined {
  const shardlets = change.shardlets.filter((s) => s.stream === stream);
  const parents = shardlets.filter((s) => s.state.kind === 'closing');
  const children = shardlets.filter((s) => s.state.kind === 'opening' && s.parents.length > 0);
  if (parents.length > 0 && children.length > 0)
    return mark(change, restructuring(parents.length, children.length), parents);
  const moving = shardlets.filter((s) => s.state.kind === 'moving' || s.state.kind === 'closedMoving');
  if (moving.length === 0) return undefined;
  const [{ state, owner }] = moving as [Shardlet];
  const dest = 'dest' in state ? state.dest : owner;
  return mark(change, 'move', moving, ` from ${hostName(map, owner)} to ${hostName(map, dest)}`);
}

function restructuring(parents: number, children: number): HeatMark['kind'] {
  if (parents > 1) return 'merge';
  return children > 1 ? 'split' : 'roll';
}

function mark(change: Change, kind: HeatMark['kind'], concerned: readonly Shardlet[], more = ''): HeatMark {
  const ids = concerned.map((s) => s.id);
  const froms = concerned.map((s) => formatPosition(s.range.from)).sort();
  const tos = concerned.map((s) => formatPosition(s.range.to).padStart(17, '0')).sort();
  return {
    kind,
    atMs: change.at,
    from: froms[0]!,
    to: tos.at(-1)!.replace(/^0/, ''),
    text: `${kind} of ${ids.length > 3 ? `${ids.length} shardlets` : ids.join(', ')}${more}`,
    actor: change.actor,
  };
}

function hostName(map: TopologyMap, id: number): string {
  return map.host(id)?.name ?? `#${id}`;
}
