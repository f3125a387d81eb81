/** Carries out the actions of machines through the ports. It decides nothing and remembers nothing. */
import type { EventHost } from '../hosts/index.ts';
import { unreachable } from '../kernel/index.ts';
import type { Decision, DecisionReply, TopologyMap } from '../topology/index.ts';
import type { Perform } from './drive.ts';
import type { Action, ActionOf, ReplyTo } from './machine.ts';
import { type MoveSupervisor, NO_SUPERVISOR } from './orders.ts';

/** Bounds the records of one chunk; small events fill it before the bytes do. */
const CHUNK_RECORDS_MAX = 10_000;

export interface Ports {
  /** @throws HostUnreachable */
  host(id: number): Promise<EventHost>;
  decide<R>(decision: Decision<R>): Promise<DecisionReply<R>>;
  /** the follower's map, with every change of the topology store that was decided before the call */
  readTopology(): Promise<TopologyMap>;
  /**
   * @throws HostUnreachable when the host is not proven to be whole; without it nothing is proven
   */
  readonly prove?: (host: number) => Promise<void>;
  /** without it moves are neither throttled nor journalled */
  readonly supervisor?: MoveSupervisor;
}

export function performer(ports: Ports): Perform {
  return async <A extends Exclude<Action, ActionOf<'run'>>>(action: A) =>
    (await perform(ports, action)) as ReplyTo<A>;
}

async function perform(ports: Ports, action: Exclude<Action, ActionOf<'run'>>) {
  switch (action.kind) {
    case 'decide':
      return ports.decide(action.decision);
    case 'readTopology':
      return ports.readTopology();
    case 'consult':
      return (ports.supervisor ?? NO_SUPERVISOR).consult(action.move, action.progress);
    case 'note':
      await (ports.supervisor ?? NO_SUPERVISOR).note(action.move, action.step);
      return null;
    case 'prove':
      await ports.prove?.(action.host);
      return null;
    default:
      return onHost(await ports.host(action.host), action);
  }
}

async function onHost(
  host: EventHost,
  action: Exclude<Extract<Action, { host: number }>, ActionOf<'prove'>>,
) {
  switch (action.kind) {
    case 'seal':
      return host.seal(action.shardlet, action.epoch);
    case 'raise':
      return host.raise(action.shardlet, action.epoch);
    case 'drop':
      return host.drop(action.shardlet, action.epoch);
    case 'createOpen':
      return host.createOpen(action.shardlet, action.epoch, action.spec, action.parents);
    case 'describe':
      return host.describe(action.shardlet);
    case 'adopt':
      return host.adopt(action.host);
    case 'admit':
      return host.admit(action.generation, action.promise);
    case 'createFloor':
      await host.createFloor(action.floor);
      return null;
    case 'list':
      return host.list(action.after, action.limit);
    case 'seek':
      return host.seek(action.shardlet, action.ts);
    case 'trim':
      return host.trim(action.shardlet, action.epoch, action.upTo);
    case 'open':
      return host.open(action.shardlet, action.epoch);
    default:
      return copying(host, action);
  }
}

type Copying = Extract<
  Action,
  { kind: 'createShadow' | 'read' | 'ingest' | 'readIds' | 'ingestIds' | 'truncate' | 'digest' | 'ready' }
>;

async function copying(host: EventHost, action: Copying) {
  switch (action.kind) {
    case 'createShadow':
      return host.createShadow(action.shardlet, action.epoch, action.spec);
    case 'read': {
      const options = { maxRecords: CHUNK_RECORDS_MAX, maxBytes: action.bytesMax };
      return host.read(action.shardlet, action.from, action.epoch, options);
    }
    case 'ingest':
      return host.ingest(action.shardlet, action.epoch, action.records, action.toCome);
    case 'readIds':
      return host.readIds(action.shardlet, action.set.name, action.cursor);
    case 'ingestIds':
      return host.ingestIds(action.shardlet, action.epoch, action.set, action.ids, action.complete);
    case 'truncate':
      return host.truncate(action.shardlet, action.epoch, action.seq);
    case 'digest':
      return host.digest(action.shardlet, action.epoch, action.from, action.to);
    case 'ready':
      return host.ready(action.shardlet, action.epoch, action.expect);
    default:
      return unreachable(action);
  }
}
