/**
 * Consoles for tests of its procedures. Who asks is decided in `contextOf` alone, so that a change of what a context
 * holds is one line for all tests.
 */
import { EVERYWHERE, grantsOf } from '@foreshard/core/access';
import type { Identity } from './identity/identify.ts';
import { type ConsoleServer, openConsole } from './main.ts';
import { appRouter } from './router.ts';
import type { Settings } from './settings.ts';
import type { Context } from './trpc.ts';

export type Caller = ReturnType<typeof appRouter.createCaller>;

/** A person who may do everything. */
export const ADMINISTRATOR: Identity = {
  principal: {
    ...{ kind: 'person', id: 'ada', name: 'ada@example.org' },
    grants: grantsOf([{ role: 'administrator', scope: EVERYWHERE }]),
  },
  ...{ displayName: 'Ada', roles: ['administrator'], isProvided: false, sessionId: 's', readOnly: false },
};

/** What a procedure sees of a person who asks from a page of the console, and goes on being signed in. */
export function contextOf(
  server: ConsoleServer,
  headers: Readonly<Record<string, string>> = {},
  identity: Identity | undefined = ADMINISTRATOR,
): Context {
  return { server: { ...server, identify: async () => identity }, headers: new Headers(headers), identity };
}

export function callerOf(
  server: ConsoleServer,
  headers?: Readonly<Record<string, string>>,
  identity?: Identity,
): Caller {
  return appRouter.createCaller(contextOf(server, headers, identity));
}

/** Nothing listens there. */
const AWAY: Settings = {
  databaseUrl: 'postgresql://me:hunter2@127.0.0.1:1/nowhere',
  redisUrl: 'redis://127.0.0.1:1',
  edgeUrl: 'http://127.0.0.1:1',
  ...{
    topologyUrl: undefined,
    clusterName: undefined,
    webhookNetworks: [],
    serverNetworks: undefined,
    networksWarning: undefined,
    consoleUrl: undefined,
    provider: undefined,
  },
  ...{
    proxies: 0,
    ownTls: false,
    sessionIdleMs: 3_600_000,
    sessionAbsoluteMs: 3_600_000,
    sessionProvidedMs: 3_600_000,
    ownerSignInMs: 30 * 86_400_000,
  },
};

export interface TestConsole {
  readonly server: ConsoleServer;
  readonly ask: Caller;
  /** ends every subscription, as the end of the process does */
  end(): void;
  close(): Promise<void>;
}

/** A console whose servers are away, but for those that are named. */
export function testConsole(settings: Partial<Settings> = {}): TestConsole {
  const ending = new AbortController();
  const { server, close } = openConsole({ ...AWAY, ...settings }, ending.signal);
  return { server, ask: callerOf(server), end: () => ending.abort(), close };
}

export interface Procedure {
  readonly path: string;
  readonly type: 'query' | 'mutation' | 'subscription';
}

export function procedures(): Procedure[] {
  return Object.entries(appRouter._def.procedures).map(([path, procedure]) => ({
    path,
    type: (procedure as unknown as { _def: { type: Procedure['type'] } })._def.type,
  }));
}

/** Asks a procedure by its path, such as `heat.picture`. */
export function askBy(caller: Caller, path: string, input: unknown): Promise<unknown> {
  const procedure = path
    .split('.')
    .reduce((at: unknown, name) => (at as Record<string, unknown>)[name], caller) as (
    input: unknown,
  ) => Promise<unknown>;
  return procedure(input);
}
