/**
 * The planner's input as columns: a million shardlets are a few typed arrays, and a host is a row of numbers.
 * Load is a vector; each of its resources may be given at several times ahead, and every pair of both is one
 * column here. A host is as loaded as its worst column, so a peak in an hour and a full disk now are treated alike.
 */
export const RESOURCES = [
  'eventsPerSecond',
  'bytesPerSecond',
  'readsPerSecond',
  'cpu',
  'memoryBytes',
  'diskBytes',
  'networkBytesPerSecond',
] as const;
export type Resource = (typeof RESOURCES)[number];

export interface Column {
  readonly resource: Resource;
  /** how far ahead; 0 is what was measured last */
  readonly aheadMinutes: number;
}

export const HOST_STATUS = { active: 0, draining: 1, dead: 2 } as const;

/** Bits of `ShardletColumns.flags`. */
export const FROZEN = 1;
export const KEY_MAY_SPLIT = 2;
export const IN_FLIGHT = 4;
export const GONE = 8;
/** its forecast is too unsure: what is measured counts at every step ahead */
export const MEASURED_ONLY = 16;

/** no pin, no group, no neighbour, no former host */
export const NONE = -1;

export interface HostColumns {
  readonly ids: readonly string[];
  readonly zone: Int32Array;
  readonly zones: readonly string[];
  readonly status: Uint8Array;
  /** [host * columns + column]; Infinity where it does not matter */
  readonly capacity: Float64Array;
  /** 0 to 100 */
  readonly health: Float64Array;
  /** moves in flight at the host, as source or destination */
  readonly moves: Int32Array;
}

export interface ShardletColumns {
  readonly ids: string[];
  readonly owner: Int32Array;
  /** [shardlet * columns + column], at the quantile that is planned for */
  readonly demand: Float64Array;
  /** of the forecast: (quantile - median) / quantile */
  readonly doubt: Float32Array;
  readonly bytes: Float64Array;
  /** last split, roll or merge */
  readonly reshapedAtMs: Float64Array;
  readonly movedAtMs: Float64Array;
  readonly cameFrom: Int32Array;
  readonly recentMoves: Uint8Array;
  readonly flags: Uint8Array;
  readonly topKeyShare: Float32Array;
  /** row of `pins` */
  readonly pin: Int32Array;
  /** shardlets of one group are spread over zones */
  readonly group: Int32Array;
  /** row of `areas` */
  readonly area: Int32Array;
  /** the neighbour that begins where this one ends, in the same shard */
  readonly right: Int32Array;
}

/** Shardlets whose keys are read together, in CSR form; both directions are listed. */
export interface Affinity {
  readonly start: Int32Array;
  readonly other: Int32Array;
  /** queries a second that touch both */
  readonly weight: Float64Array;
}

/** What scopes of a policy speak of. */
export interface Area {
  readonly stream: string;
  readonly shard: number;
}

export interface ClusterColumns {
  readonly columns: readonly Column[];
  readonly hosts: HostColumns;
  readonly shardlets: ShardletColumns;
  /** rows in use; arrays may be longer, which leaves room for what splits create */
  readonly shardletCount: number;
  /** the hosts each pin allows, ascending */
  readonly pins: readonly Int32Array[];
  readonly areas: readonly Area[];
  readonly affinity?: Affinity | undefined;
  readonly hostsChangedAtMs: number;
  readonly topologyVersion: number;
  /** shardlets that room is kept for */
  readonly announced?: ReadonlyMap<number, AnnouncedDemand>;
}

export interface AnnouncedDemand {
  readonly eventsPerSecond: number;
  readonly probability: number;
  readonly cause: string;
  readonly expectedAtMs: number;
  readonly endsAtMs: number;
}

/** Part of the demand that is doubt; of what is measured there is none. */
export function demandDoubt({ doubt, flags }: ShardletColumns, shardlet: number): number {
  return (flags[shardlet]! & MEASURED_ONLY) === 0 ? doubt[shardlet]! : 0;
}

/** Empty columns for `rows` shardlets. */
export function shardletColumns(rows: number, columns: number): ShardletColumns {
  return {
    ids: [],
    owner: new Int32Array(rows).fill(NONE),
    demand: new Float64Array(rows * columns),
    doubt: new Float32Array(rows),
    bytes: new Float64Array(rows),
    reshapedAtMs: new Float64Array(rows).fill(Number.NEGATIVE_INFINITY),
    movedAtMs: new Float64Array(rows).fill(Number.NEGATIVE_INFINITY),
    cameFrom: new Int32Array(rows).fill(NONE),
    recentMoves: new Uint8Array(rows),
    flags: new Uint8Array(rows),
    topKeyShare: new Float32Array(rows),
    pin: new Int32Array(rows).fill(NONE),
    group: new Int32Array(rows).fill(NONE),
    area: new Int32Array(rows).fill(NONE),
    right: new Int32Array(rows).fill(NONE),
  };
}
