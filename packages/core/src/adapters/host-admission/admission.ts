/**
 * Takes a storage server into use: its settings must keep what it acknowledges, the topology store gives it a number,
 * and the server itself remembers that number, so that it can never be taken for another one. Each step may be
 * repeated after a crash. A refusal is an answer: whoever asked is told why, and what to do.
 */
import {
  ENGINE_LABELS,
  type EventHost,
  engineOf,
  type HostIdentity,
  withoutPassword,
} from '../../hosts/index.ts';
import { tryDecision } from '../../moves/index.ts';
import type { Admission, AdmissionReply as Reply } from '../../operations/handlers/index.ts';
import {
  addHost,
  type DecisionReply,
  type Host,
  type HostDescription,
  type TopologyStore,
} from '../../topology/index.ts';
import { connectAnyHost } from '../event-hosts/index.ts';
import type { AddressGuard } from '../webhooks/index.ts';
import { objectionToHostAddress } from './host-address.ts';
import { inspectHost } from './host-settings.ts';

/** `cause` is for the log of the process that tried, not for who asked: it tells what listens there. */
export type AdmissionReply = Reply & { readonly cause?: string };

/** The same for a port that is closed, silent or speaks something else: this is no tool to look around with. */
const SILENT = `no ${ENGINE_LABELS} answers there; start it, or mend its address`;

type Topology = Pick<TopologyStore, 'snapshot' | 'decide'>;
type Candidate = Pick<Host, 'engine' | 'url' | 'name'> & HostDescription;

/** @throws when the topology store does not answer, or HostUnreachable when the server falls silent in the middle */
export async function admitHost(
  topology: Topology,
  request: Admission,
  guard?: AddressGuard,
): Promise<AdmissionReply> {
  const candidate = await judged(topology, request, guard);
  if ('kind' in candidate) return candidate;
  const host = await connectAnyHost(candidate);
  try {
    return await admit(topology, host, candidate, request);
  } finally {
    await host.close();
  }
}

/**
 * What would stand in the way, as far as it shows without writing to the server: whether it belongs to a
 * cluster is looked at when it joins.
 */
export async function tryAdmission(
  topology: Topology,
  request: Admission,
  guard?: AddressGuard,
): Promise<AdmissionReply> {
  const candidate = await judged(topology, request, guard);
  if ('kind' in candidate) return candidate;
  const snapshot = await topology.snapshot();
  const known = snapshot.hosts.find((h) => h.url === candidate.url);
  if (known !== undefined) return { kind: 'known', hostId: known.id };
  const decision = addHost({ ...candidate, incarnation: '', durability: 'always' });
  const reply = tryDecision(snapshot, decision, Date.now());
  return reply.kind === 'refused' ? refusedBy(reply) : { kind: 'wouldJoin' };
}

/** What must not join is not refused once it has joined: stopping it would help nobody. */
async function judged(
  topology: Topology,
  { url, name, actor: _, auditRow: __, ...description }: Admission,
  guard: AddressGuard | undefined,
): Promise<Candidate | AdmissionReply> {
  const objection = await objectionToHostAddress(url, guard);
  if (objection !== undefined) return { kind: 'refused', why: 'address', detail: objection };
  const engine = engineOf(url)!;
  const { hosts } = await topology.snapshot();
  const standing = hosts.some((host) => host.url === url) ? 'serving' : 'joining';
  const { answers, findings } = await inspectHost(url, undefined, standing);
  const problem = findings.find((finding) => finding.level === 'problem');
  if (!answers) return { ...unsuitable(url, SILENT), cause: problem?.what ?? '' };
  if (problem !== undefined) return unsuitable(url, `${problem.what}; ${problem.cure}`);
  return { engine, url, name: name ?? new URL(url).host, ...description };
}

async function admit(
  topology: Topology,
  host: EventHost,
  candidate: Candidate,
  order: Joining['order'],
): Promise<AdmissionReply> {
  const { url } = candidate;
  const identity = await host.identify();
  const { hosts, shardlets } = await topology.snapshot();
  const known = hosts.find((h) => h.url === url);
  if (known === undefined) return join(topology, host, { candidate, identity, order });
  if (identity.hostId === known.id) return { kind: 'known', hostId: known.id };
  const owns = shardlets.some((s) => s.owner === known.id && s.state.kind !== 'gone');
  // it joined, but the process that took it in died before telling it so
  if (identity.hostId === undefined && !owns) return adopt(host, url, known.id, 'known');
  return unsuitable(
    url,
    identity.hostId === undefined
      ? `it is empty, but the topology store knows it as host ${known.id} with data; restore its data, or remove that host first`
      : `it is host ${identity.hostId}, but the topology store expects host ${known.id} at this address; give each its own address`,
  );
}

interface Joining {
  readonly candidate: Candidate;
  readonly identity: HostIdentity;
  readonly order: Pick<Admission, 'actor' | 'auditRow'>;
}

async function join(
  topology: Topology,
  host: EventHost,
  { candidate, identity, order }: Joining,
): Promise<AdmissionReply> {
  const { url } = candidate;
  if (identity.hostId !== undefined)
    return unsuitable(
      url,
      `it belongs to another cluster, as host ${identity.hostId}; empty it or use another server`,
    );
  const { incarnation } = identity;
  const decision = addHost({ ...candidate, incarnation, durability: 'always' });
  const reply = await topology.decide(decision, order.actor, order.auditRow);
  return reply.kind === 'refused' ? refusedBy(reply) : adopt(host, url, reply.result.hostId, 'joined');
}

async function adopt(
  host: EventHost,
  url: string,
  hostId: number,
  kind: 'joined' | 'known',
): Promise<AdmissionReply> {
  if (await host.adopt(hostId)) return { kind, hostId };
  return unsuitable(url, 'it was taken by another cluster in the same moment; use another server');
}

function unsuitable(url: string, why: string): Extract<AdmissionReply, { kind: 'refused' }> {
  const detail = `the host ${withoutPassword(url)} cannot be used: ${why}`;
  return { kind: 'refused', why: 'unsuitable', detail };
}

function refusedBy({ refusal }: Extract<DecisionReply<unknown>, { kind: 'refused' }>): AdmissionReply {
  return { kind: 'refused', why: refusal.reason, detail: refusal.detail };
}
