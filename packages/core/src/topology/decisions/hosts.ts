/**
 * Hosts join and leave the topology store. A host that leaves takes nothing along: it must own nothing that is still
 * kept.
 */
import { z } from 'zod';
import { type Host, type HostDescription, hostSchema } from '../model.ts';
import type { Decision } from '../topology-store.ts';
import { accept, refuse } from './verdict.ts';

export type HostRequest = Pick<Host, 'name' | 'engine' | 'url' | 'incarnation' | 'durability'> &
  HostDescription;

/** `incarnation`: the run of the engine that was found at `url` before this decision. */
export function addHost(request: HostRequest): Decision<{ readonly hostId: number }> {
  return {
    name: 'addHost',
    needs: {},
    rule(view) {
      const taken = view.hosts().find((h) => h.name === request.name || h.url === request.url);
      if (taken !== undefined) return refuse('exists', `host ${taken.id} has this name or address`);
      const host = hostSchema.safeParse({ ...request, id: view.newHostId(), state: 'active' });
      if (!host.success) return refuse('not_allowed', z.prettifyError(host.error));
      return accept({ hosts: [host.data] }, { hostId: host.data.id });
    },
  };
}

/** What is not named stays; `labels` and `capacity` are replaced as wholes. */
export function describeHost(id: number, description: HostDescription): Decision<{ readonly host: Host }> {
  return {
    name: 'describeHost',
    needs: {},
    rule(view) {
      const before = view.host(id);
      if (before === undefined) return refuse('unknown', `no host ${id}`);
      const host = hostSchema.safeParse({ ...before, ...description });
      if (!host.success) return refuse('not_allowed', z.prettifyError(host.error));
      return accept({ hosts: [host.data] }, { host: host.data });
    },
  };
}

/**
 * The same server is reached by another address: another password or name. Whether it is the same one is seen by its
 * own number and its run, which every connection compares before it does anything.
 */
export function changeHostAddress(id: number, url: string): Decision<{ readonly host: Host }> {
  return {
    name: 'changeHostAddress',
    needs: {},
    rule(view) {
      const before = view.host(id);
      if (before === undefined) return refuse('unknown', `no host ${id}`);
      const taken = view.hosts().find((h) => h.id !== id && h.url === url);
      if (taken !== undefined) return refuse('exists', `host ${taken.id} has this address`);
      const host = hostSchema.safeParse({ ...before, url });
      if (!host.success) return refuse('not_allowed', z.prettifyError(host.error));
      return accept({ hosts: [host.data] }, { host: host.data });
    },
  };
}

export function removeHost(id: number): Decision<null> {
  return {
    name: 'removeHost',
    needs: { shardletsOfHost: id, garbage: true },
    rule(view) {
      if (view.host(id) === undefined) return refuse('unknown', `no host ${id}`);
      const kept = view.shardlets().find((s) => s.state.kind !== 'gone');
      if (kept !== undefined)
        return refuse('in_use', `host ${id} has part in shardlet ${kept.id}, which is ${kept.state.kind}`);
      // what was still to drop there leaves with the host
      const garbageRemoved = view
        .garbage()
        .filter((g) => g.host === id)
        .map(({ host, shardlet, epoch }) => ({ host, shardlet, epoch }));
      return accept({ hostsRemoved: [id], garbageRemoved }, null);
    },
  };
}
