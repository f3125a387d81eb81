/**
 * Every view of the console over real stores: what it refuses and why, and which server it cannot do without. There is
 * no worker and no edge; with them see e2e/src/views.
 */
import type { AuditEntry } from '@foreshard/core/audit';
import { startTcpProxy, type TcpProxy } from '@foreshard/local';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { askBy, callerOf, contextOf, procedures, type TestConsole, testConsole } from '../console.fixture.ts';
import { consoleWorld, type World } from '../console-world.fixture.ts';
import { WINDOW_SECONDS } from '../load/load-window.ts';
import { appRouter } from '../router.ts';
import { SampleRun } from '../sample/sample-run.ts';
import { APART, VIEWS } from './view-rows.fixture.ts';

let world: World;
let proxy: TcpProxy;
let known: TestConsole;
/** PostgreSQL went away after it had read the map */
let cut: TestConsole;
/** no server has ever answered it */
let blind: TestConsole;

beforeAll(async () => {
  world = await consoleWorld(inject('postgresUrl'), 'views');
  known = world.console;
  proxy = await startTcpProxy({ port: Number(new URL(world.databaseUrl).port) });
  cut = testConsole({ databaseUrl: proxy.through(world.databaseUrl), redisUrl: world.redisUrl });
  await cut.server.map.catchUp();
  proxy.admit(false);
  proxy.cut();
  blind = testConsole();
});
afterAll(async () => {
  await Promise.all([world, cut, blind].map((one) => one?.close()));
  await proxy?.stop();
});

/** Whose rows ask for what is not there. */
const ABSENT = ['hints.effect', 'migrations.show', 'clusters.detail', 'notifications.delivery'];
/** They ask the edge, and there is none. */
const AT_EDGE = ['events.page', 'consumers.list', 'consumers.detail', 'consumers.caches'];
/** Whatever is away is named. */
const AWAY =
  /PostgreSQL (has not answered yet|at \S+ (cannot be reached|does not answer))|control Redis|The edge at/;

it('every view has a row, or a reason why not, and every row a view', () => {
  const views = procedures().filter(({ path }) => !path.startsWith('operations.'));
  expect([...Object.keys(VIEWS), ...Object.keys(APART)].sort()).toEqual(views.map(({ path }) => path).sort());
});

describe.each(Object.entries(VIEWS))('%s', (path, { input, bad = [], ...without }) => {
  async function askWithout(which: 'blind' | 'cut', console: TestConsole): Promise<void> {
    const answer = askBy(console.ask, path, input);
    if (without[which] === 'answered') return void (await answer);
    const refusal = await answer.catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'SERVICE_UNAVAILABLE', message: expect.stringMatching(AWAY) });
    expect((refusal as Error).message).not.toContain('hunter2');
  }

  it('is answered, or refused for what is not there', async () => {
    const answer = askBy(known.ask, path, input);
    const code = AT_EDGE.includes(path) ? 'SERVICE_UNAVAILABLE' : 'NOT_FOUND';
    if (AT_EDGE.includes(path) || ABSENT.includes(path)) await expect(answer).rejects.toMatchObject({ code });
    else await answer;
  });

  it.each(bad)('refuses %j: %s', async (wrong, member) => {
    const refusal = await askBy(known.ask, path, wrong).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'BAD_REQUEST', cause: expect.any(z.ZodError) });
    expect(z.prettifyError((refusal as { cause: z.ZodError }).cause)).toContain(member);
  });

  it(`is ${without.blind} before the topology is known`, () => askWithout('blind', blind));
  it(`is ${without.cut} when PostgreSQL has gone away`, () => askWithout('cut', cut));
});

describe('what is absent is refused by its name', () => {
  const WINDOW = { fromMs: 0, toMs: 3_600_000 };
  it.each([
    ['heat.picture', { ...WINDOW, stream: 'nowhere' }, 'There is no stream "nowhere".'],
    [
      'heat.cell',
      { ...WINDOW, stream: 'nowhere', from: '4000000000000000', to: '8000000000000000' },
      'There is no stream "nowhere".',
    ],
    ['heat.forecast', { ...WINDOW, stream: 'nowhere' }, 'There is no stream "nowhere".'],
    ['hot.list', { stream: 'nowhere' }, 'There is no stream "nowhere".'],
    ['shardMap.picture', { stream: 'nowhere' }, 'There is no stream "nowhere".'],
    ['forecasts.picture', { stream: 'nowhere' }, 'There is no stream "nowhere".'],
    ['forecasts.models', { stream: 'nowhere' }, 'There is no stream "nowhere".'],
    ['forecasts.ranking', { stream: 'nowhere', inMs: 1 }, 'There is no stream "nowhere".'],
    ['forecasts.picture', { shardlet: 999 }, 'There is no shardlet 999.'],
    ['forecasts.probability', { shardlet: 999, horizonMs: 60_000 }, 'There is no shardlet 999.'],
    ['migrations.show', { id: 7 }, 'There is no move 7.'],
    ['clusters.detail', { name: 'kafka' }, 'There is no cluster "kafka".'],
    ['notifications.delivery', { id: 'msg_1' }, 'There is no delivery msg_1.'],
    [
      'hints.effect',
      { id: '01a1ff5c-50c3-7438-a09a-41089442e032' },
      'There is no such hint: 01a1ff5c-50c3-7438-a09a-41089442e032.',
    ],
  ])('%s %j: %s', async (path, input, message) => {
    await expect(askBy(known.ask, path, input)).rejects.toMatchObject({ code: 'NOT_FOUND', message });
  });

  it('a host has the reason why it cannot go', async () => {
    expect((await known.ask.hosts.removable({ host: 999 })).because).toContain('999');
    expect((await known.ask.hosts.removable({ host: 1 })).because).toMatch(/shardlet/);
  });

  it('a file of hosts has its wrong lines, and how many more there are', async () => {
    const csv = `host,events_per_second\n${'a,-1\n'.repeat(30)}`;
    await expect(known.ask.clusters.readHosts({ csv })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(
        /^The file of hosts cannot be understood:\n.*line 2.*\n(.*\n)+and \d+ more$/,
      ),
    });
  });
});

it('before there is a stream every question about one says so', async () => {
  const empty = await consoleWorld(inject('postgresUrl'), 'views_empty', { isEmpty: true });
  try {
    const { ask } = empty.console;
    const none = { code: 'NOT_FOUND', message: 'There is no stream yet.' };
    await expect(ask.hot.list({})).rejects.toMatchObject(none);
    await expect(ask.heat.picture({ fromMs: 0, toMs: 3_600_000 })).rejects.toMatchObject(none);
    await expect(ask.forecasts.models({})).rejects.toMatchObject(none);
    expect(await ask.streams.list()).toEqual([]);
    expect(await ask.hosts.list()).toEqual([]);
    expect(await ask.shardlets.list({})).toMatchObject({ rows: [], total: 0, page: 1, pages: 1 });
    expect(await ask.shardMap.picture({})).toMatchObject({ hosts: [], streams: [], total: 0, ids: '' });
    expect(await ask.overview.standing()).toMatchObject({ p99: null, imbalance: null, moves: 0 });
  } finally {
    await empty.close();
  }
});

describe('without what it asks', () => {
  it.each([
    ['no worker runs', () => known, /no worker has answered/],
    ['the control Redis is away', () => blind, /control Redis does not answer: check REDIS_URL/],
  ] as const)('a question to a worker is answered with the reason: %s', async (_, console, away) => {
    const answer = await console().ask.policies.firings({ policy: {} });
    expect(answer).toEqual({ answer: null, away: expect.stringMatching(away) });
  });

  it('what if is answered with the reason as well', async () => {
    const answer = await known.ask.whatIf.ask({ changes: [] });
    expect(answer).toEqual({ picture: null, away: expect.stringMatching(/no worker has answered/) });
  });

  it('the map is drawn without sizes, and moves without how far they are', async () => {
    expect(await cut.ask.shardMap.picture({})).toMatchObject({ total: 4, sizesKnown: false });
    expect(await cut.ask.shardMap.moves()).toEqual([]);
  });

  it('the API of the edge has its links', async () => {
    expect(await known.ask.api.describe()).toEqual({
      ...{ edgeUrl: 'http://127.0.0.1:1', docsUrl: 'http://127.0.0.1:1/docs' },
      ...{ openApiUrl: 'http://127.0.0.1:1/v1/openapi.json', version: null, openapi: null },
      ...{ tags: [], operations: [] },
    });
  });
});

describe('the live picture', () => {
  it('brings the whole window, then only what is new, and ends with the console', async () => {
    const console = testConsole();
    const updates = [];
    for await (const update of await console.ask.overview.live()) {
      updates.push(update);
      if (updates.length === 2) console.end();
    }
    const [first, second] = updates.map(({ points }) => points.map(({ second: at }) => at));
    expect(updates).toHaveLength(2);
    expect(first).toHaveLength(WINDOW_SECONDS);
    expect(second!.length).toBeLessThan(5);
    if (second!.length > 0) expect(second![0]).toBe(first!.at(-1)! + 1);
    expect(updates[0]!.frame.verdict.headline).toBe('The console cannot read the topology');
    await console.close();
  });
});

describe('the sample', () => {
  it('is not started twice', async () => {
    const command = { program: process.execPath, args: ['-e', 'setTimeout(() => {}, 60_000)'] };
    const sample = new SampleRun('http://127.0.0.1:1', () => ({ ...command, cwd: '/', dataDir: '/nowhere' }));
    const rows: AuditEntry[] = [];
    const audit = { done: async (entry: AuditEntry) => void rows.push(entry) };
    const token = { make: async () => ({ id: 't', plaintext: 'x' }), revoke: async () => true };
    const parts = { sample, sampleTokens: () => token, audit: audit as typeof blind.server.audit };
    const ask = callerOf({ ...blind.server, ...parts });
    try {
      expect(await ask.sample.start()).toMatchObject({ kind: 'running' });
      await expect(ask.sample.start()).rejects.toMatchObject({
        ...{ code: 'CONFLICT', message: 'The sample is already being replayed.' },
      });
      expect(await ask.sample.stop()).toMatchObject({ kind: 'running', stopping: true });
      expect(rows.map(({ operation }) => operation)).toEqual(['sample.start', 'sample.start', 'sample.stop']);
    } finally {
      sample.kill();
    }
  });
});

describe('a page of another origin', () => {
  const mutations = procedures().filter(({ type }) => type === 'mutation');

  it.each(mutations.map(({ path }) => path))('cannot ask for %s', async (path) => {
    const elsewhere = { host: '127.0.0.1:3000', origin: 'http://evil.test' };
    await expect(askBy(callerOf(known.server, elsewhere), path, {})).rejects.toMatchObject({
      ...{ code: 'FORBIDDEN', message: 'This request does not come from a page of the console' },
    });
  });

  it('can be told from a page of the console', async () => {
    const own = { host: '127.0.0.1:3000', origin: 'http://127.0.0.1:3000' };
    expect(await callerOf(known.server, own).sample.stop()).toEqual({ kind: 'idle' });
  });
});

describe('over HTTP', () => {
  async function errorOf(path: string, input: unknown, console = known) {
    const url = `http://127.0.0.1/api/trpc/${path}?input=${encodeURIComponent(JSON.stringify(input))}`;
    const options = {
      endpoint: '/api/trpc',
      router: appRouter,
      createContext: () => contextOf(console.server),
    };
    const response = await fetchRequestHandler({ ...options, req: new Request(url) });
    const { error } = (await response.json()) as {
      error: { message: string; data: Record<string, unknown> };
    };
    return { status: response.status, ...error };
  }

  it('a refusal is in words, and says nothing of the inside', async () => {
    const { status, message, data } = await errorOf('shardlets.list', { pageSize: 201 });
    expect(status).toBe(400);
    expect(message).toBe('✖ Too big: expected number to be <=200\n  → at pageSize');
    expect(data).not.toHaveProperty('stack');
  });

  it('a refused order has the code of the table, and its cure', async () => {
    const { status, data } = await errorOf('operations.shardlets.show', { shardlet: 999 });
    expect(status).toBe(404);
    expect(data).toMatchObject({ refusal: 'unknown_shardlet', cure: expect.stringMatching(/\S/) });
  });

  it('what is away is 503', async () => {
    expect((await errorOf('hosts.list', undefined, blind)).status).toBe(503);
  });
});
