/**
 * Every view that is no operation, asked by every role and by nobody: each declares what it needs, and is judged by that. A
 * view of several clusters holds only what its reader may see. Operations have a walk of their own: e2e/src/operations.
 */
import {
  EVERYWHERE,
  grantsOf,
  PERMISSIONS,
  type Permission,
  ROLES,
  type Scope,
} from '@foreshard/core/access';
import { externalClusterSchema, streamIdOf } from '@foreshard/core/external';
import type { Recommendation } from '@foreshard/core/planning';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ADMINISTRATOR, askBy, type Caller, contextOf, procedures } from '../console.fixture.ts';
import { consoleWorld, type World } from '../console-world.fixture.ts';
import type { Identity } from '../identity/identify.ts';
import { appRouter } from '../router.ts';
import type { Declared } from '../trpc.ts';
import { APART, VIEWS } from './view-rows.fixture.ts';

/** Views that need something else than to see the cluster. */
const NEEDS: Readonly<Record<string, readonly Permission[]>> = {
  'session.mine': [],
  'events.page': ['events:read'],
  'events.tail': ['events:read'],
  'clusters.readHosts': ['clusters:manage'],
  'sample.start': ['events:write', 'events:read'],
  'sample.stop': ['events:write', 'events:read'],
};
const needs = (path: string) => NEEDS[path] ?? ['cluster:read'];
const WALKED = [...Object.keys(VIEWS), ...Object.keys(APART)];
/** What the rows of views do not ask. */
const INPUTS: Readonly<Record<string, unknown>> = { 'events.tail': { stream: 'main' } };
const HOUR_MS = 3_600_000;

let world: World;

beforeAll(async () => {
  world = await consoleWorld(inject('postgresUrl'), 'view_roles');
  const { server } = world.console;
  for (const name of ['kafka', 'legacy']) {
    const made = externalClusterSchema.parse({
      ...{ name, number: await server.clusters.nextNumber(), revision: 0, version: 1, webhook: null },
      ...{ source: null, hosts: [{ number: 1, name: 'broker-1' }], hostsChangedMs: null, observedToMs: null },
      ...{ partitions: [], stepMs: 60_000, shiftMs: 0, createdMs: Date.now(), createdBy: 'test' },
    });
    expect(await server.clusters.add(made)).toBe(true);
  }
  for (const cluster of [undefined, 'kafka', 'legacy']) await recommend(cluster);
}, 60_000);
afterAll(() => world?.close());

async function recommend(cluster: string | undefined): Promise<void> {
  const nowMs = Date.now();
  const body: Recommendation = {
    ...{ step: 1, action: 'move', phase: 'rebalance', shardlets: ['1'], source: '1', destination: '2' },
    ...{ reason: 'hot', urgency: 'now', overloadAt: null, gain: null, etaSeconds: null, confidence: 1 },
    ...{ cost: { objective: 0, bytes: 1 }, alternatives: [], checks: [] },
    expiresAt: new Date(nowMs + HOUR_MS).toISOString(),
  };
  const figures = { objective: 1, hottest: 1, mean: 1, hotHosts: 1, crossHostShare: null, shardlets: 1 };
  const plan = {
    ...{
      revision: 'x',
      topologyVersion: 1,
      policy: { name: 'x', version: 1 },
      now: '',
      skipped: {},
      hosts: [],
    },
    ...{ recommendations: [body], before: figures, after: figures, nothingBecause: null, pressures: [] },
  };
  const of = cluster === undefined ? {} : { cluster };
  await world.console.server.recommendations.record(plan, { policyVersion: 1, nowMs, ...of });
}

/** Undefined: nobody who is known. */
function callerAs(grants: Identity['principal']['grants'] | undefined): Caller {
  // no process is started, whoever asks
  const sample = { status: { kind: 'idle' }, start: async () => false, stop() {} } as unknown;
  const server = { ...world.console.server, sample } as typeof world.console.server;
  const { kind, id, name } = ADMINISTRATOR.principal;
  const identity = grants && { ...ADMINISTRATOR, principal: { kind, id, name, grants } };
  return appRouter.createCaller({ ...contextOf(server), identity });
}

async function codeOf(caller: Caller, path: string): Promise<string> {
  const input = path in INPUTS ? INPUTS[path] : VIEWS[path]?.input;
  try {
    const answer = await askBy(caller, path, input);
    await (answer as Partial<AsyncGenerator> | null)?.return?.(undefined);
    return 'permitted';
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return code === 'FORBIDDEN' || code === 'UNAUTHORIZED' ? `${code}: ${message}` : 'permitted';
  }
}

const within = (scope: Scope) => callerAs([{ permissions: PERMISSIONS, scope }]);

it.each(procedures().map(({ path }) => path))('%s declares what it needs', (path) => {
  const procedure = (appRouter._def.procedures as Readonly<Record<string, unknown>>)[path];
  const { meta } = (procedure as { readonly _def: { readonly meta?: Declared } })._def;
  expect(meta?.permissions).toBeDefined();
  if (!path.startsWith('operations.')) expect(meta!.permissions).toEqual(needs(path));
});

describe.each(WALKED)('%s', (path) => {
  it('is answered to nobody who is not signed in', async () => {
    expect(await codeOf(callerAs(undefined), path)).toMatch(/^UNAUTHORIZED/);
  });

  it.each(ROLES)('is judged for the role %s', async (role) => {
    const grants = grantsOf([{ role, scope: EVERYWHERE }]);
    const missing = needs(path).find((one) => !grants.some(({ permissions }) => permissions.includes(one)));
    const code = await codeOf(callerAs(grants), path);
    if (missing === undefined) expect(code).toBe('permitted');
    else expect(code).toContain(`(permission ${missing})`);
  });

  it('is refused to whoever has no role, unless it is for all who are signed in', async () => {
    const code = await codeOf(callerAs([]), path);
    if (needs(path).length === 0) expect(code).toBe('permitted');
    else expect(code).toMatch(/^FORBIDDEN/);
  });
});

/** Views that hold what their reader may see of several clusters, and of those the named one. */
const SEEN = [
  ...['recommendations.list', 'recommendations.plans', 'recommendations.waiting', 'recommendations.history'],
  ...['clusters.list', 'forecasts.runs'],
];

describe('whoever is limited to an external cluster', () => {
  const mayAsk = [...SEEN, 'clusters.detail'];
  it.each(WALKED.filter((path) => needs(path)[0] === 'cluster:read'))('asks for %s', async (path) => {
    const code = await codeOf(within({ clusters: ['kafka'] }), path);
    if (mayAsk.includes(path)) expect(code).toBe('permitted');
    else expect(code).toContain('(permission cluster:read)');
  });
});

describe('a view of several clusters holds what its reader may see', () => {
  const readers = { everything: {}, ours: { clusters: ['.'] }, kafka: { clusters: ['kafka'] } };
  async function seen(of: (ask: Caller) => Promise<readonly (string | null)[]>) {
    const all = Object.entries(readers).map(async ([who, scope]) => [
      who,
      (await of(within(scope))).toSorted(),
    ]);
    return Object.fromEntries(await Promise.all(all));
  }

  it('recommendations and plans', async () => {
    const expected = { everything: ['', 'kafka', 'legacy'], ours: [''], kafka: ['kafka'] };
    const rows = await seen(async (ask) =>
      (await ask.recommendations.list({})).rows.map(({ cluster }) => cluster ?? ''),
    );
    expect(rows).toEqual(expected);
    const plans = await seen(async (ask) =>
      (await ask.recommendations.plans()).plans.map(({ cluster }) => cluster ?? ''),
    );
    expect(plans).toEqual(expected);
    const waiting = await seen(async (ask) =>
      (await ask.recommendations.waiting()).items.map(({ cluster }) => cluster),
    );
    expect(waiting).toEqual(expected);
    const history = await seen(async (ask) =>
      (await ask.recommendations.history({})).plans.map(({ cluster }) => cluster ?? ''),
    );
    expect(history).toEqual(expected);
  });

  it('the last plan of our own is for who may see our own', async () => {
    const lastPlanOf = async (scope: Scope) => (await within(scope).recommendations.list({})).lastPlan;
    expect(await lastPlanOf({ clusters: ['.'] })).not.toBeNull();
    expect(await lastPlanOf({ clusters: ['kafka'] })).toBeNull();
  });

  it('what is counted on the overview', async () => {
    const countOf = async (scope: Scope) => (await within(scope).overview.standing()).recommended;
    expect(await Promise.all([countOf({}), countOf({ clusters: ['.'] })])).toEqual([3, 1]);
  });

  it('clusters, and the names of targets for who may choose one', async () => {
    const { server } = world.console;
    const target = { name: 'pager', url: 'http://hooks.test/', secret: 's' };
    const times = { pauseSeconds: 0, enabled: true, createdMs: 0, createdBy: 'test', quietUntilMs: 0 };
    expect(await server.notifications.add({ ...target, ...times, format: 'webhook', kinds: [] })).toBe(true);
    expect(await seen(async (ask) => (await ask.clusters.list()).rows.map(({ name }) => name))).toEqual({
      ...{ everything: ['kafka', 'legacy'], ours: [], kafka: ['kafka'] },
    });
    const targetsOf = async (permissions: readonly Permission[], scope: Scope) =>
      (await callerAs([{ permissions, scope }]).clusters.list()).targets;
    const kafka = { clusters: ['kafka'] };
    expect(await targetsOf(['cluster:read'], kafka)).toEqual([]);
    expect(await targetsOf(['cluster:read', 'clusters:manage'], kafka)).toEqual(['pager']);
    expect(await targetsOf(['cluster:read'], { clusters: ['.'] })).toEqual(['pager']);
  });

  it('trainings', async () => {
    const { models, clusters } = world.console.server;
    const kafka = streamIdOf((await clusters.find('kafka'))!);
    for (const streamId of [1, kafka]) {
      const run = await models.start({ streamId, reason: 'r', actor: 'a', startedMs: Date.now() });
      await models.end(run!, 'finished', Date.now(), '');
    }
    const runs = await seen(async (ask) =>
      (await ask.forecasts.runs()).map(({ streamId }) => String(streamId)),
    );
    expect(runs).toEqual({ everything: ['1', `${kafka}`], ours: ['1'], kafka: [`${kafka}`] });
  });
});
