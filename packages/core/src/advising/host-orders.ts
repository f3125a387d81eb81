/**
 * Hosts come and go by a provider: one that starts them on this machine, one that is told by a webhook, or people. An
 * approval becomes an order, which stands until the topology store shows that it was carried out: so it does not
 * matter who did it, and a worker may die at any point.
 */
import { z } from 'zod';
import type { Host, TopologyMap } from '../topology/index.ts';
import type { RecommendationRecord } from './recommendation-log.ts';

export const HOST_PROVIDERS = ['none', 'local', 'webhook'] as const;
export type HostProvider = (typeof HOST_PROVIDERS)[number];

/** The setting `FORESHARD_HOST_PROVIDER`, for whoever reads an environment. */
export const hostProviderSchema = z
  .enum(HOST_PROVIDERS, { error: 'must be none, local or webhook' })
  .default('none');

export interface HostOrder {
  readonly recommendation: number;
  readonly provider: HostProvider;
  readonly kind: 'add' | 'remove';
  /** how many are asked for */
  readonly count: number;
  readonly zone: string;
  /** hosts of the topology store with a higher number have joined since */
  readonly afterHost: number;
  /** the one that is to go */
  readonly host: number | null;
  readonly hostName: string;
  readonly hostUrl: string;
  /** `done` and `failed`: the provider has no more to do */
  readonly state: 'asked' | 'done' | 'failed';
  /** how far the provider has come, in words */
  readonly detail: string;
  readonly createdMs: number;
}

export interface HostOrders {
  /** Leaves an order of the same recommendation as it is. */
  add(order: HostOrder): Promise<void>;
  find(recommendation: number): Promise<HostOrder | undefined>;
  /** Those a provider still has to do, oldest first. */
  asked(provider: HostProvider): Promise<HostOrder[]>;
  report(recommendation: number, state: HostOrder['state'], detail: string): Promise<void>;
}

/** Undefined when the host is not there any more. */
export function orderOf(
  { id, body }: RecommendationRecord,
  map: TopologyMap,
  provider: HostProvider,
  nowMs: number,
): HostOrder | undefined {
  const afterHost = Math.max(0, ...map.hosts().map((host) => host.id));
  const common = {
    recommendation: id,
    provider,
    afterHost,
    createdMs: nowMs,
    state: 'asked',
    detail: '',
  } as const;
  if (body.action === 'add-hosts') {
    const count = Math.max(1, body.hosts ?? 1);
    const zone = body.destination ?? 'default';
    return { ...common, kind: 'add', count, zone, host: null, hostName: '', hostUrl: '' };
  }
  const host = map.host(Number(body.source));
  if (host === undefined) return undefined;
  const { name, url } = host;
  return { ...common, kind: 'remove', count: 1, zone: '', host: host.id, hostName: name, hostUrl: url };
}

/** Those of an order that have joined and take load. */
export function joinedOf({ afterHost }: HostOrder, map: TopologyMap): readonly Host[] {
  return map.hosts().filter(({ id, state }) => id > afterHost && state === 'active');
}

/** Nobody waits for a host for ever: the cluster is another one by then. */
export const JOINS_WITHIN_MS = 3_600_000;
