/**
 * The one place where the command chooses adapters. Those that need Prisma's client are loaded when they are
 * used: in a fresh checkout the client has to be generated first.
 */
import { hostname, userInfo } from 'node:os';
import { hasAdministrator } from '@foreshard/core/access';
import type { Control } from '@foreshard/core/adapters/control';
import { ENGINE_ADAPTERS, type HostEngine } from '@foreshard/core/adapters/engines';
import type { ReadSource } from '@foreshard/core/external';
import type { EventHost } from '@foreshard/core/hosts';
import { networksSchema } from '@foreshard/core/notifying';
import type { OperationStores } from '@foreshard/core/operations/handlers';
import type { ClientBase } from 'pg';
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

export async function openControl(access: ControlAccess): Promise<Control> {
  await generateClient();
  const { connectControl } = await import('@foreshard/core/adapters/control');
  return connectControl({ ...access, actor: PROCESS });
}

/** What operations are carried out on without an edge. */
export async function operationStores(control: Control): Promise<OperationStores> {
  const adapter = await import('@foreshard/core/adapters/operation-stores');
  const { TopologyMap } = await import('@foreshard/core/topology');
  const { HostPool } = await import('@foreshard/core/adapters/event-hosts');
  const { GroupService } = await import('@foreshard/core/consuming');
  const map = new TopologyMap(await control.topology.snapshot());
  // its connections end with the command
  const hosts = new HostPool(map);
  const stores = adapter.operationStores(control, {
    map: () => map,
    webhookNetworks: webhookNetworks(),
    // an empty variable means an unset one
    consoleUrl: process.env.FORESHARD_CONSOLE_URL || undefined,
    // at the machine the reason helps
    onUnsuitableHost: (cause) => void process.stderr.write(`${cause}\n`),
  });
  const groupService = new GroupService({
    ...{ store: control.groups, map, host: (id) => hosts.get(id) },
    // the map was read just now
    refresh: async () => {},
  });
  return { ...stores, groupService };
}

/** The key of the chain over the audit log, and heads that were published. */
export const auditKeys = () => import('@foreshard/core/adapters/audit');

/** Answers the names of what was applied now. */
/** What may be sent to is the same as for the worker that sends. @throws CommandFailure */
function webhookNetworks(): readonly string[] {
  const networks = networksSchema.safeParse(process.env.FORESHARD_WEBHOOK_NETWORKS);
  if (networks.success) return networks.data;
  throw badInput(`the variable FORESHARD_WEBHOOK_NETWORKS ${networks.error.issues[0]!.message}`);
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
export const readSource: ReadSource = async (source, range) =>
  (await import('@foreshard/core/adapters/prometheus')).readPrometheus(source, range);

/** When the token expires (`Infinity`: never); undefined: it holds no more. The store keeps only hashes. */
export async function tokenExpiryMs(control: Control, token: string): Promise<number | undefined> {
  const { hashToken } = await import('@foreshard/core/adapters/prisma');
  const found = (await control.tokens.activeHashes()).find(({ hash }) => hash === hashToken(token));
  return found && (found.expiresAtMs ?? Number.POSITIVE_INFINITY);
}

/** A link that makes the first administrator; undefined: there is one. */
export async function firstAdministratorLink(control: Control, consoleUrl: string) {
  if (await hasAdministrator(control.people)) return undefined;
  return oneTimeLink(control, consoleUrl, { kind: 'first-administrator' });
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
