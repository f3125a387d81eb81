/**
 * The one place where the command chooses adapters. Those that need Prisma's client are loaded when they are
 * used: in a fresh checkout the client has to be generated first.
 */

import { hostname, userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownerSignInMsSchema } from '@foreshard/core/access';
import type { Control } from '@foreshard/core/adapters/control';
import { ENGINE_ADAPTERS, type HostEngine } from '@foreshard/core/adapters/engines';
import type { CheckpointPlace } from '@foreshard/core/checkpointing';
import type { ReadSource } from '@foreshard/core/external';
import type { EventHost } from '@foreshard/core/hosts';
import { type PrivateNetworks, privateNetworkSettings, privateNetworksOf } from '@foreshard/core/notifying';
import type { OperationStores } from '@foreshard/core/operations/handlers';
import type { ClientBase } from 'pg';
import { z } from 'zod';
import { generateClient } from './building/generate-client.ts';
import { MIGRATIONS } from './checkout.ts';
import type { ControlAccess } from './credentials.ts';
import { badInput } from './failure.ts';
import { engineOf } from './host-address.ts';

export {
  admitHost,
  type Inspection,
  inspectHost,
  tryAdmission,
} from '@foreshard/core/adapters/host-admission';

import { writeErr } from './output.ts';

export { request } from '@foreshard/core/adapters/outgoing-http';
export { postgresSettings } from '@foreshard/core/adapters/postgres';
export { redisFacts, redisLibraries } from '@foreshard/core/adapters/redis';
export type { Control };

/** in the servers' lists of connections */
const PROCESS = 'cli';

/**
 * Who acts on the stores without an edge: whoever has their addresses. The operating system knows the user, and more is
 * not known.
 */
export function operatorHere(): string {
  return `${userHere()} on ${hostname()}, direct`;
}

/** Containers run under users that have no name. */
function userHere(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** @throws CommandFailure */
function ownerSignInMs(): number {
  const days = ownerSignInMsSchema('not a number').safeParse(process.env.TOKEN_SIGN_IN_DAYS);
  if (days.success) return days.data;
  throw badInput('TOKEN_SIGN_IN_DAYS is not a number of days (0: no limit)');
}

export async function openControl(access: ControlAccess): Promise<Control> {
  await generateClient();
  const { connectControl } = await import('@foreshard/core/adapters/control');
  return connectControl({ ...access, actor: PROCESS, ownerSignInMs: ownerSignInMs() });
}

/** What operations are carried out on without an edge. */
export async function operationStores(control: Control): Promise<OperationStores> {
  const adapter = await import('@foreshard/core/adapters/operation-stores');
  const { TopologyMap } = await import('@foreshard/core/topology');
  const { HostPool } = await import('@foreshard/core/adapters/event-hosts');
  const { DeadLetters, GroupService, NO_HEADS, NO_PROMISES, oldestEvent, readsFromHosts } = await import(
    '@foreshard/core/consuming'
  );
  const map = new TopologyMap(await control.topology.snapshot());
  // its connections end with the command
  const hosts = new HostPool(map);
  const stores = adapter.operationStores(control, {
    map: () => map,
    ...privateNetworks(),
    // an empty variable means an unset one
    consoleUrl: process.env.FORESHARD_CONSOLE_URL || undefined,
    // at the machine the reason helps
    onUnsuitableHost: (cause) => writeErr(`${cause}\n`),
  });
  const time = { nowMs: () => performance.now(), later: () => () => {} };
  const groupService = new GroupService({
    ...{ store: control.groups, map, host: (id) => hosts.get(id) },
    ...{ heads: NO_HEADS, promises: NO_PROMISES, reads: readsFromHosts((id) => hosts.get(id)) },
    // the map was read just now
    refresh: async () => {},
    ...time,
  });
  const letters = new DeadLetters({
    ...{ groups: control.groups, topology: control.topology, map, actor: operatorHere() },
    ...{ host: (id: number) => hosts.get(id), nowMs: Date.now, sleep },
    wake: () => control.jobs.wake('reconcile'),
    // what was decided meanwhile, as by this command itself
    refresh: async () => map.replace(await control.topology.snapshot()),
  });
  const { CheckpointUpkeep, RestoreDrill } = await import('@foreshard/core/group-state');
  const { digestOf } = await import('@foreshard/core/adapters/checkpoints');
  const opened = { map, host: (id: number) => hosts.get(id) };
  const ofState = {
    ...{ groups: control.groups, records: control.stateCheckpoints, digestOf, nowMs: Date.now },
    stores: control.checkpointStores(await checkpointPlace()),
  };
  const upkeep = new CheckpointUpkeep({ ...ofState, map });
  const drill = new RestoreDrill({
    ...{ ...ofState, ...opened, recoveries: control.recoveries, reads: readsFromHosts(opened.host) },
    refresh: async () => {},
  });
  return { ...stores, groupService, letters, upkeep, drill, oldestEvent: (one) => oldestEvent(opened, one) };
}

/** @throws CommandFailure */
async function checkpointPlace(): Promise<CheckpointPlace> {
  const { checkpointFields } = await import('@foreshard/core/checkpointing');
  const place = checkpointFields.CHECKPOINT_STORE.safeParse(process.env.CHECKPOINT_STORE || undefined);
  if (place.success) return place.data;
  throw badInput(`the variable CHECKPOINT_STORE has to be ${place.error.issues[0]!.message}`);
}

/** The key of the chain over the audit log, and heads that were published. */
export const auditKeys = () => import('@foreshard/core/adapters/audit');

/** Answers the names of what was applied now. */
/** What may be sent to is the same as for the worker that sends. @throws CommandFailure */
function privateNetworks(): PrivateNetworks {
  const networks = z.object(privateNetworkSettings).safeParse(process.env);
  if (networks.success) return privateNetworksOf(networks.data);
  const { path, message } = networks.error.issues[0]!;
  throw badInput(`the variable ${path[0]?.toString()} ${message}`);
}

export async function migrate(databaseUrl: string): Promise<string[]> {
  await generateClient();
  const { applyMigrations } = await import('@foreshard/core/adapters/prisma');
  return applyMigrations(databaseUrl, MIGRATIONS);
}

export async function pendingMigrations(databaseUrl: string): Promise<string[]> {
  await generateClient();
  const prisma = await import('@foreshard/core/adapters/prisma');
  return prisma.pendingMigrations(databaseUrl, MIGRATIONS);
}

/** The same in the transaction that the client is in. */
export async function migrateWithin(client: ClientBase): Promise<void> {
  await generateClient();
  const { applyMigrationsWithin } = await import('@foreshard/core/adapters/prisma');
  await applyMigrationsWithin(client, MIGRATIONS);
}

/** @throws Error with one line that says what is wrong with the source */
export const readSource: ReadSource = async (source, range) => {
  const { guardOfServers } = await import('@foreshard/core/adapters/webhooks');
  const guard = guardOfServers(privateNetworks().serverNetworks);
  return (await import('@foreshard/core/adapters/prometheus')).readPrometheus(source, range, guard);
};

/** When the token expires (`Infinity`: never); undefined: it holds no more. The store keeps only hashes. */
export async function tokenExpiryMs(control: Control, token: string): Promise<number | undefined> {
  const { hashToken } = await import('@foreshard/core/adapters/prisma');
  const found = (await control.tokens.activeHashes()).find(({ hash }) => hash === hashToken(token));
  return found && (found.expiresAtMs ?? Number.POSITIVE_INFINITY);
}

export async function oneTimeLink(
  control: Control,
  consoleUrl: string,
  link: { readonly kind: 'first-administrator' } | { readonly kind: 'reset'; readonly email: string },
): Promise<{ readonly url: string; readonly expiresAt: Date }> {
  const { linkAddress, makeLink } = await import('@foreshard/core/adapters/identity');
  const made = await makeLink(control.links, { ...link, createdBy: operatorHere() }, Date.now());
  return { url: linkAddress(consoleUrl, made.secret), expiresAt: made.expiresAt };
}

/** Answers why not, or undefined. */
export async function createAdministrator(control: Control, email: string, password: string) {
  const identity = await import('@foreshard/core/adapters/identity');
  const made = await identity.createAdministrator(control.people, { email, password });
  return 'kind' in made ? made.detail : undefined;
}

export function engineAt(url: string): HostEngine {
  return ENGINE_ADAPTERS[engineOf(url)];
}

/** Connects to a storage server that nobody trusts yet: whatever run of it answers. */
export function connectHost(url: string): Promise<EventHost> {
  return engineAt(url).connect({ url, expectedIncarnation: undefined });
}
