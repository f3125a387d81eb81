/** What the walk of limited grants asks: of each operation something that lies within a grant, and something outside. */
import { DIMENSIONS, OWN_CLUSTER, PERMISSION_TABLE, type Scope } from '@foreshard/core/access';
import type { AnyOperation } from '@foreshard/core/operations';
import { ROWS } from './rows.fixture.ts';
import type { Input } from './surfaces.fixture.ts';

/** `ghost` is permitted and does not exist: what would change something is asked of it. */
export const LIMITS = {
  'our cluster': { clusters: [OWN_CLUSTER] },
  'an external cluster': { clusters: ['kafka', 'ghost'] },
  'a stream': { streams: [{ name: 'orders' }] },
  'keys of a stream': { streams: [{ name: 'orders', keyPrefix: 'eu-' }] },
  'a group': { groups: ['billing'] },
} as const satisfies Record<string, Scope>;
export type Limit = keyof typeof LIMITS;

/** Groups of the world, by their stream. */
export const GROUP_OF = { orders: 'billing', main: 'shipping' } as const;
type OwnStream = keyof typeof GROUP_OF;
export type ClusterName = 'ours' | 'kafka' | 'legacy';

/** Ids of what exists of each cluster, and of each stream. */
export interface World {
  readonly recommendations: Readonly<Record<ClusterName, number>>;
  readonly plans: Readonly<Record<ClusterName, number>>;
  readonly versions: Readonly<Record<ClusterName, number>>;
  readonly shardlets: Readonly<Record<OwnStream, number>>;
}

export interface Asked {
  readonly within: readonly Input[];
  readonly outside: readonly Input[];
}

/** Its answer does not end. */
export const ENDLESS = 'consuming.follow';

/** Only tried: it would remove what the others are about. */
export const TRIED: readonly string[] = ['streams.delete', 'groups.remove'];

/** Not walked along a limit, and why. */
export const APART: Readonly<Record<string, string>> = {
  'keys of a stream events.ingest': 'each event is judged by its key: apps/edge/src/grants.contract.test.ts',
};

const SEEN = { revision: 99, topologyVersion: 1 };
const CSV = 'time,partition,host,events,bytes\n';

/** Where a row asks what is refused before anybody is judged, or asks nothing. */
const ROW_INSTEAD: Readonly<Record<string, Input>> = {
  'migrations.pauseAll': { reason: 'walk' },
  'migrations.resumeAll': { reason: 'walk' },
  'migrations.limit': { concurrencyMax: 1 },
  'jobs.run': { job: 'plan' },
  'policy.firings': { policy: {} },
  'whatIf.ask': { changes: [] },
  'cache.stats': {},
  'anticipation.prefetching': {},
  'demo.start': {},
};

/** Of what is about one cluster or another. Undefined: our own is not one of them. */
type OfCluster = (cluster: ClusterName, world: World) => Input | undefined;
const external = (cluster: ClusterName) => (cluster === 'ours' ? undefined : cluster);
const named =
  (more: Input): OfCluster =>
  (cluster) => {
    // what exists of the permitted one stays
    const name = external(cluster) === 'kafka' ? 'ghost' : external(cluster);
    return name && { name, ...more };
  };
const shown: OfCluster = (cluster) => external(cluster) && { name: cluster };
const listed: OfCluster = (cluster) => (cluster === 'ours' ? {} : { cluster });
const ofSeries =
  (more: Input = {}): OfCluster =>
  (cluster) => ({ stream: external(cluster) ?? 'main', ...more });
const ofRecommendation =
  (more: Input = {}): OfCluster =>
  (cluster, { recommendations }) => ({ recommendation: recommendations[cluster], ...more });
const ofPlan =
  (more: Input = {}): OfCluster =>
  (cluster, { plans }) => ({ plan: plans[cluster], ...more });

const BY_CLUSTER: Readonly<Record<string, OfCluster>> = {
  'clusters.show': shown,
  'clusters.plan': shown,
  'clusters.add': named({ load: CSV }),
  'clusters.importLoad': named({ load: CSV }),
  'clusters.change': named({ webhook: null }),
  'clusters.remove': named({}),
  'recommendations.list': listed,
  'recommendations.decisions': listed,
  'plans.list': listed,
  'recommendations.read': ofRecommendation(),
  'recommendations.approve': ofRecommendation(SEEN),
  'recommendations.approveSeveral': (cluster, { recommendations }) => ({
    requests: [{ recommendation: recommendations[cluster], ...SEEN }],
  }),
  'recommendations.reject': ofRecommendation({ note: 'no' }),
  'plans.read': ofPlan(),
  'plans.approve': ofPlan(SEEN),
  'plans.schedule': ofPlan({ ...SEEN, when: 'window' }),
  'plans.withdraw': ofPlan({ note: 'no' }),
  'plans.undo': ofPlan(),
  'models.list': ofSeries(),
  'models.retrain': ofSeries({ reason: 'walk' }),
  'models.rollBack': ofSeries({ reason: 'walk' }),
  'models.promote': (cluster, { versions }) => ({ version: versions[cluster], reason: 'walk' }),
};

/** They list what may be seen: what they list has a test of its own. */
export const LISTS: readonly string[] = ['clusters.list', 'models.trainings'];
/** They tell of all clusters at once. */
export const OF_EVERY: readonly string[] = ['notifications.listDeliveries', 'notifications.showDelivery'];

const rowOf = ({ name }: AnyOperation): Input =>
  ROW_INSTEAD[name] ?? ROWS[name]?.refused?.input ?? ROWS[name]?.answered?.input ?? {};

/** Undefined: the limit is along nothing that the operation is limited by. */
export function askedOf(limit: Limit, operation: AnyOperation, world: World): Asked | undefined {
  const limitedBy: readonly string[] = PERMISSION_TABLE[operation.permission].limitedBy;
  const along = DIMENSIONS.find((dimension) => dimension in LIMITS[limit])!;
  if (!limitedBy.includes(along) || `${limit} ${operation.name}` in APART) return undefined;
  if (along === 'clusters') return ofClusters(limit, operation, world);
  if (limit === 'keys of a stream') return ofKeys(operation, world);
  // billing reads orders, shipping reads main
  const asked = (stream: OwnStream) => [asMember(along, ofStream(operation, stream, world))];
  return { within: asked('orders'), outside: asked('main') };
}

/** A member belongs to whoever came as it first. */
function asMember(member: string, input: Input): Input {
  return 'member' in input ? { ...input, member } : input;
}

function ofClusters(limit: Limit, operation: AnyOperation, world: World): Asked {
  const isOurs = limit === 'our cluster';
  const { name } = operation;
  const row = rowOf(operation);
  if (LISTS.includes(name)) return { within: [row], outside: [] };
  if (OF_EVERY.includes(name)) return { within: [], outside: [row] };
  const by = BY_CLUSTER[name];
  if (by === undefined) return isOurs ? { within: [row], outside: [] } : { within: [], outside: [row] };
  const inputs = (...names: ClusterName[]): Input[] =>
    names.map((one) => by(one, world)).filter((one) => one !== undefined);
  return isOurs
    ? { within: inputs('ours'), outside: inputs('kafka', 'legacy') }
    : { within: inputs('kafka'), outside: inputs('ours', 'legacy') };
}

/** Reading by key is the only question that names one. */
function ofKeys(operation: AnyOperation, world: World): Asked {
  const input = ofStream(operation, 'orders', world);
  if (operation.name !== 'reading.key') return { within: [], outside: [input] };
  return { within: [{ ...input, key: 'eu-1' }], outside: [{ ...input, key: 'us-1' }] };
}

function ofStream(operation: AnyOperation, stream: OwnStream, { shardlets }: World): Input {
  const { name } = operation;
  const row = rowOf(operation);
  const group = GROUP_OF[stream];
  switch (name) {
    case 'reading.shardlet':
      return { shardlet: shardlets[stream] };
    case 'streams.create':
      return { name: stream };
    case 'quotas.set':
    case 'quotas.remove':
      return { ...row, subject: stream };
    case 'consuming.poll':
      return { ...row, group, wait: 0 };
    case 'groups.create':
      return { name: group, stream };
    case 'groups.push':
      return { ...row, group, stream };
    default:
      return { ...row, ...('group' in row ? { group } : { stream }) };
  }
}
