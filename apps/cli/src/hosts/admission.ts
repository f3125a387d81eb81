/**
 * Takes a storage server into use: its settings must keep what it acknowledges, T gives it a number, and
 * the server itself remembers that number, so that it can never be taken for another one. Each step may be
 * repeated after a crash.
 */

import type { EventHost, HostIdentity } from '@foreshard/core/hosts';
import { tryDecision } from '@foreshard/core/migration';
import { addHost, type Host } from '@foreshard/core/topology';
import { type Control, connectHost } from '../composition.ts';
import { accepted, decide } from '../deciding.ts';
import { CommandFailure } from '../failure.ts';
import { engineOf, withoutPassword } from './address.ts';
import { inspectHost } from './host-settings.ts';

export interface Admission {
  readonly kind: 'joined' | 'known';
  readonly hostId: number;
}

export async function admitHost(control: Control, url: string, name?: string): Promise<Admission> {
  const engine = engineOf(url);
  await insistOnSound(url);
  const host = await connectHost(url);
  try {
    return await admit(control, host, { engine, url, name: name ?? new URL(url).host });
  } finally {
    await host.close();
  }
}

/**
 * What would stand in the way, as far as it shows without writing to the server: whether it belongs to a
 * cluster is looked at when it joins. Answers the host that T has at this address, if any.
 *
 * @throws CommandFailure for a server or a request that would be refused
 */
export async function tryAdmission(control: Control, url: string, name?: string): Promise<Host | undefined> {
  const engine = engineOf(url);
  await insistOnSound(url);
  const topology = await control.topology.snapshot();
  const known = topology.hosts.find((h) => h.url === url);
  const request = { engine, url, name: name ?? new URL(url).host, durability: 'always' } as const;
  if (known === undefined)
    accepted(tryDecision(topology, addHost({ ...request, incarnation: '' }), Date.now()));
  return known;
}

async function insistOnSound(url: string): Promise<void> {
  const problem = (await inspectHost(url)).find((finding) => finding.level === 'problem');
  if (problem !== undefined) throw refused(url, `${problem.what}; ${problem.cure}`);
}

type Candidate = Pick<Host, 'engine' | 'url' | 'name'>;

async function admit(control: Control, host: EventHost, candidate: Candidate): Promise<Admission> {
  const identity = await host.identify();
  const { hosts, shardlets } = await control.topology.snapshot();
  const known = hosts.find((h) => h.url === candidate.url);
  if (known === undefined) return join(control, host, candidate, identity);
  if (identity.hostId === known.id) return { kind: 'known', hostId: known.id };
  const owns = shardlets.some((s) => s.owner === known.id && s.state.kind !== 'gone');
  // it joined, but the process that took it in died before telling it so
  if (identity.hostId === undefined && !owns) return adopt(host, candidate.url, known.id, 'known');
  throw refused(
    candidate.url,
    identity.hostId === undefined
      ? `it is empty, but T knows it as host ${known.id} with data; restore its data, or remove that host first`
      : `it is host ${identity.hostId}, but T expects host ${known.id} at this address; give each its own address`,
  );
}

async function join(
  control: Control,
  host: EventHost,
  candidate: Candidate,
  identity: HostIdentity,
): Promise<Admission> {
  if (identity.hostId !== undefined)
    throw refused(
      candidate.url,
      `it belongs to another cluster, as host ${identity.hostId}; empty it or use another server`,
    );
  const { incarnation } = identity;
  const { hostId } = await decide(control, addHost({ ...candidate, incarnation, durability: 'always' }));
  return adopt(host, candidate.url, hostId, 'joined');
}

async function adopt(
  host: EventHost,
  url: string,
  hostId: number,
  kind: Admission['kind'],
): Promise<Admission> {
  if (await host.adopt(hostId)) return { kind, hostId };
  throw refused(url, 'it was taken by another cluster in the same moment; use another server');
}

function refused(url: string, why: string): CommandFailure {
  return new CommandFailure(`the host ${withoutPassword(url)} cannot be used: ${why}`);
}
