/**
 * What the hosts hold, whatever the topology store says: every replica and tombstone, and the floor below which a
 * host creates nothing. A host is asked in whatever run it is: nothing is written, and a restart is another's
 * business.
 */
import type { EventHost, Progress, ReplicaDetails, ReplicaInfo } from '@foreshard/core/hosts';
import type { Host } from '@foreshard/core/topology';
import { connectHost, engineAt } from '../../composition.ts';

/** A replica with what is needed to write its row anew; a tombstone has no details. */
export interface Found extends ReplicaInfo {
  readonly host: number;
  readonly details?: ReplicaDetails;
}

export type Survey =
  | {
      readonly kind: 'surveyed';
      readonly host: number;
      readonly url: string;
      readonly incarnation: string;
      readonly generation: number;
      readonly progress: Progress;
      readonly mark: string;
      readonly createFloor: number;
      readonly replicas: readonly Found[];
    }
  | { readonly kind: 'silent'; readonly host: number; readonly reason: string };

const PAGE = 1_000;
const CALLS_AT_ONCE = 64;

/** `also`: addresses of hosts that the topology store may have forgotten. */
export function surveyHosts(hosts: readonly Host[], also: readonly string[]): Promise<Survey[]> {
  const known = hosts.map((host) => survey(host.url, host.id));
  const forgotten = also.filter((url) => !hosts.some((host) => host.url === url));
  return Promise.all([...known, ...forgotten.map((url) => survey(url, undefined))]);
}

async function survey(url: string, expected: number | undefined): Promise<Survey> {
  const silent = (reason: string): Survey => ({ kind: 'silent', host: expected ?? 0, reason });
  try {
    const host = await connectHost(url);
    try {
      const { hostId, incarnation, progress, mark } = await host.identify();
      if (hostId === undefined) return silent(`the store at ${new URL(url).host} is empty`);
      if (expected !== undefined && hostId !== expected)
        return silent(`the store at its address is that of host ${hostId}`);
      const replicas = await replicasOf(host, hostId);
      const createFloor = await engineAt(url).createFloor(url);
      const { generation } = progress;
      const found = { host: hostId, url, incarnation, generation, progress, mark };
      return { kind: 'surveyed', ...found, createFloor, replicas };
    } finally {
      await host.close();
    }
  } catch (error) {
    return silent((error as Error).message);
  }
}

/** The highest version of the topology store that a host has been told of. @throws when it does not answer */
export async function newestVersionSeen({ url }: Host): Promise<number> {
  const host = await connectHost(url);
  try {
    const epochs = (await listed(host)).map(({ epoch }) => epoch);
    // the floor of a topology store at rest is the version it will make next
    return epochs.reduce((a, b) => Math.max(a, b), (await engineAt(url).createFloor(url)) - 1);
  } finally {
    await host.close();
  }
}

async function listed(host: EventHost): Promise<ReplicaInfo[]> {
  const all: ReplicaInfo[] = [];
  for (let after = 0; ; ) {
    const page = await host.list(after, PAGE);
    all.push(...page);
    if (page.length < PAGE) return all;
    after = page.at(-1)!.shardlet;
  }
}

async function replicasOf(host: EventHost, hostId: number): Promise<Found[]> {
  const all = await listed(host);
  const found: Found[] = [];
  for (let at = 0; at < all.length; at += CALLS_AT_ONCE)
    found.push(
      ...(await Promise.all(all.slice(at, at + CALLS_AT_ONCE).map((info) => detailed(host, hostId, info)))),
    );
  return found;
}

async function detailed(host: EventHost, hostId: number, info: ReplicaInfo): Promise<Found> {
  if (info.mode === 'dropped') return { ...info, host: hostId };
  const details = await host.describe(info.shardlet);
  return 'kind' in details ? { ...info, host: hostId } : { ...info, host: hostId, details };
}
