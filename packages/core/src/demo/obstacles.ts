/**
 * Why a demo cannot run here. It brings a host of this cluster to its limit and moves shardlets while somebody watches, so
 * it is for a cluster on one machine that nobody else uses at the time.
 */
import type { Topology } from '../topology/index.ts';
import { isDemoStream } from './demo-stream.ts';

export interface DemoFacts {
  readonly topology: Pick<Topology, 'hosts' | 'shardlets' | 'streams'>;
  /** moves are paused by the kill switch */
  readonly movesPaused: boolean;
  /** events lately by shardlet, of every stream, and the edges that counted them */
  readonly load: RecentLoad;
}

export interface RecentLoad {
  readonly seconds: number;
  readonly events: ReadonlyMap<number, number>;
  readonly edges: number;
}

const HOSTS_MIN = 3;
const HOSTS_MAX = 8;
const SHARDLETS_MAX = 2_000;
/** Less in a second is a health check, or somebody who tries a request. */
const OTHER_PER_SECOND_MAX = 1;

/** In one sentence, with the cure; undefined: it can run. */
export function obstacleToDemo({ topology, movesPaused, load }: DemoFacts): string | undefined {
  return hostObstacle(topology) ?? shardletObstacle(topology, movesPaused) ?? loadObstacle(topology, load);
}

function hostObstacle({ hosts }: DemoFacts['topology']): string | undefined {
  const far = hosts.find(({ url }) => !isLoopback(url));
  if (far !== undefined)
    return `The demo brings hosts to their limit, so it runs only where all of them are on this machine: host ${far.name} is not. Try it on a cluster of "npm start".`;
  if (hosts.length < HOSTS_MIN || hosts.length > HOSTS_MAX)
    return `The demo needs ${HOSTS_MIN} to ${HOSTS_MAX} hosts, and this cluster has ${hosts.length}.`;
  const away = hosts.find(({ state }) => state !== 'active');
  if (away !== undefined)
    return `Host ${away.name} is ${away.state}: start the demo when all hosts are active.`;
  return undefined;
}

function shardletObstacle(
  { shardlets, streams }: DemoFacts['topology'],
  movesPaused: boolean,
): string | undefined {
  if (movesPaused) return 'All moves are paused, and the demo moves shardlets: resume them first.';
  const own = new Set(streams.filter(({ name }) => isDemoStream(name)).map(({ id }) => id));
  if (own.size > 0) return 'A worker still cleans up after the last demo: try again in some seconds.';
  if (shardlets.length > SHARDLETS_MAX)
    return `This cluster has ${shardlets.length} shardlets, more than one of a single machine (${SHARDLETS_MAX}).`;
  const moving = shardlets.filter(
    ({ state: { kind } }) => kind === 'moving' || kind === 'closedMoving',
  ).length;
  if (moving > 0)
    return `${moving} of this cluster's shardlets are being moved: start the demo when they have arrived.`;
  return undefined;
}

function loadObstacle(topology: DemoFacts['topology'], load: RecentLoad): string | undefined {
  if (load.edges !== 1)
    return `The demo's limit per host is one edge's, so it needs exactly one: ${load.edges} were seen lately.`;
  const perSecond = otherEvents(topology, load) / load.seconds;
  if (perSecond < OTHER_PER_SECOND_MAX) return undefined;
  const minutes = Math.round(load.seconds / 60);
  return `Other streams took ${Math.round(perSecond)} events/s within the last ${minutes} minutes, and the demo would disturb them: start it ${minutes} minutes after they have become quiet.`;
}

/** Of streams that are there and not the demo's. */
export function otherEvents(
  { shardlets, streams }: Pick<Topology, 'shardlets' | 'streams'>,
  { events }: Pick<RecentLoad, 'events'>,
): number {
  const own = new Set(streams.filter(({ name }) => isDemoStream(name)).map(({ id }) => id));
  const others = new Set(shardlets.filter(({ stream }) => !own.has(stream)).map(({ id }) => id));
  return [...events].reduce((sum, [id, count]) => sum + (others.has(id) ? count : 0), 0);
}

/** Also of a server that listens on a socket of this machine. */
function isLoopback(url: string): boolean {
  const [, host = ''] = /^[a-z]+:\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/?]*)/i.exec(url) ?? [];
  return /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/.test(host);
}
