/** Carries out the actions of machines through the ports. It decides nothing and remembers nothing. */
import type { EventHost } from '../hosts/index.ts';
import { unreachable } from '../kernel/index.ts';
import type { Decision, DecisionReply, TopologyMap } from '../topology/index.ts';
import type { Perform } from './drive.ts';
import type { Action, ActionOf, ReplyTo } from './machine.ts';

export interface Ports {
  /** @throws HostUnreachable */
  host(id: number): Promise<EventHost>;
  decide<R>(decision: Decision<R>): Promise<DecisionReply<R>>;
  /** the follower's map, with every change of T that was decided before the call */
  readTopology(): Promise<TopologyMap>;
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
    default:
      return onHost(await ports.host(action.host), action);
  }
}

async function onHost(host: EventHost, action: Extract<Action, { host: number }>) {
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
    case 'list':
      return host.list(action.after, action.limit);
    case 'seek':
      return host.seek(action.shardlet, action.ts);
    case 'trim':
      return host.trim(action.shardlet, action.epoch, action.upTo);
    default:
      return unreachable(action);
  }
}
