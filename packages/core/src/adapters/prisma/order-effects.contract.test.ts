/** Every write that an order may make in PostgreSQL names the order; one that changes nothing does not. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { DEFAULT_POLICY_VERSION } from '../../advising/index.ts';
import { EMPTY_GROUP } from '../../consuming/index.ts';
import { PrismaAnnotationStore } from './annotation-store.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { PrismaClusterStore } from './cluster-store.ts';
import { PrismaDeviceStore } from './device-store.ts';
import { PrismaGroupStore } from './group-store.ts';
import { PrismaHintStore } from './hint-store.ts';
import { PrismaHostOrders } from './host-order-store.ts';
import { PrismaLinkStore } from './link-store.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';
import { PrismaModelRegistry } from './model-registry.ts';
import { PrismaMoveLog } from './move-log.ts';
import { PrismaNotificationStore } from './notification-store.ts';
import { forOrder } from './order-effects.ts';
import { PrismaPersonStore } from './person-store.ts';
import { PrismaPlanBook } from './plan-book.ts';
import { PrismaPolicyStore } from './policy-store.ts';
import { PrismaQuotaStore } from './quota-store.ts';
import { PrismaRecommendationLog } from './recommendation-log.ts';
import { PrismaSessionStore } from './session-store.ts';
import { PrismaTokenStore } from './token-store.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const ROW = '42';
const NO_ID = '01a1ff5c-50c3-7438-a09a-41089442e032';
const SOON = new Date(Date.now() + 60_000);
const EMAIL = 'ada@example.org';

let prisma: PrismaClient;
let stores: ReturnType<typeof openStores>;
let person: string;

beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'effects');
  prisma = openPrisma(url);
  stores = openStores(url);
  person = (await stores.people.create({ email: EMAIL, name: 'Ada', roles: [] }))!.id;
});
afterAll(() => prisma.$disconnect());
beforeEach(async () => {
  await prisma.auditEffect.deleteMany();
});

function openStores(url: string) {
  return {
    clusters: new PrismaClusterStore(prisma, url),
    devices: new PrismaDeviceStore(prisma, url),
    groups: new PrismaGroupStore(prisma, url),
    annotations: new PrismaAnnotationStore(prisma, url),
    hints: new PrismaHintStore(prisma, url),
    hostOrders: new PrismaHostOrders(prisma, url),
    links: new PrismaLinkStore(prisma, url),
    models: new PrismaModelRegistry(prisma, url),
    moves: new PrismaMoveLog(prisma, url),
    notices: new PrismaNotificationStore(prisma, url),
    people: new PrismaPersonStore(prisma, url),
    plans: new PrismaPlanBook(prisma, url),
    policies: new PrismaPolicyStore(prisma, url),
    quotas: new PrismaQuotaStore(prisma, url),
    recommendations: new PrismaRecommendationLog(prisma, url),
    sessions: new PrismaSessionStore(prisma, url),
    tokens: new PrismaTokenStore(prisma, url),
  };
}
type Stores = typeof stores;
const effects = async () => (await prisma.auditEffect.findMany()).map(({ rowId }) => String(rowId));
const group = (name: string) => ({ name, stream: 1, sessionMs: 1_000 });
const hint = {
  ...{ id: 'h1', stream: 'main', fromMs: NOW, toMs: NOW + 1, factor: 2, perSecond: null },
  ...{ scope: { kind: 'stream' }, repeat: null, because: 'a', createdMs: NOW, createdBy: 'ann' },
} as unknown as Parameters<Stores['hints']['add']>[0];
const annotation = {
  ...{ id: 'a1', stream: 'main', fromMs: NOW, toMs: NOW, range: null, text: 'sale' },
  ...{ createdMs: NOW, createdBy: 'ann' },
};
const cluster = {
  ...{ name: 'theirs', number: 1, revision: 0, version: 1, hosts: [], partitions: [] },
} as unknown as Parameters<Stores['clusters']['add']>[0];
const target = {
  ...{
    name: 'ops',
    url: 'https://example.org',
    format: 'standard',
    kinds: [],
    secret: 's',
    enabled: true,
    pauseSeconds: 0,
  },
  ...{ createdMs: NOW, createdBy: 'ann', quietUntilMs: 0 },
} as unknown as Parameters<Stores['notices']['add']>[0];
const delivery = { id: 'd1', target: 'ops', title: 't', body: '{}', createdMs: NOW };
const hostOrder = {
  ...{ recommendation: 1, provider: 'none', kind: 'add', count: 1, zone: '', afterHost: 0, host: null },
  ...{ hostName: '', hostUrl: '', state: 'asked', detail: '', createdMs: NOW },
} as unknown as Parameters<Stores['hostOrders']['add']>[0];
const quota = {
  scope: 'stream',
  subject: 'main',
  eventsPerSecond: 1,
  bytesPerSecond: undefined,
} as Parameters<Stores['quotas']['set']>[0];

/** In this order: later ones need what earlier ones have made. */
const WRITES: readonly (readonly [string, (all: Stores) => Promise<unknown>])[] = [
  ['a cluster is added', ({ clusters }) => clusters.add(cluster)],
  ['a cluster is changed', ({ clusters }) => clusters.save(cluster, cluster)],
  ['a cluster is removed', ({ clusters }) => clusters.remove('theirs')],
  ['a group is created', ({ groups }) => groups.create(group('g'), EMPTY_GROUP)],
  ['a group is removed', ({ groups }) => groups.remove('g')],
  ['an annotation is added', ({ annotations }) => annotations.add(annotation)],
  ['an annotation is removed', ({ annotations }) => annotations.remove('a1', 'ann', NOW)],
  ['an annotation is restored', ({ annotations }) => annotations.restore('a1')],
  ['a hint is added', ({ hints }) => hints.add(hint)],
  ['a hint is removed', ({ hints }) => hints.remove('h1', 'ann', NOW)],
  ['a hint is restored', ({ hints }) => hints.restore('h1')],
  ['hosts are ordered', ({ hostOrders }) => hostOrders.add(hostOrder)],
  ['moves are limited', ({ moves }) => moves.setControls({ paused: true } as never, 'ann')],
  ['a target is added', ({ notices }) => notices.add(target)],
  ['a target is changed', ({ notices }) => notices.change('ops', { enabled: true })],
  ['a message is queued', ({ notices }) => notices.queue(delivery, [])],
  ['a message is sent again', ({ notices }) => notices.redeliver('d1', NOW)],
  ['a target is removed', ({ notices }) => notices.remove('ops')],
  ['a person is changed', ({ people }) => people.change(person, { name: 'Ada L' })],
  ['a person is invited', ({ links }) => links.create(linkOf('1'))],
  ['a quota is set', ({ quotas }) => quotas.set(quota)],
  ['a quota is removed', ({ quotas }) => quotas.remove('stream', 'main')],
  ['a token is made', ({ tokens }) => tokens.create({ name: 't' })],
  [
    'a token is rotated',
    async ({ tokens }) => tokens.rotate(await tokenId(), { oldExpiresAt: SOON, expiresAt: undefined }),
  ],
  ['a token is revoked', async ({ tokens }) => tokens.revoke(await tokenId())],
  ['the policy is changed', ({ policies }) => policies.add(policyChange(0))],
  ['a plan is rejected', async ({ recommendations }) => recommendations.reject(await plan(), 'ann', '', NOW)],
  ['a plan is undone', async ({ plans }) => plans.undo(await planOfParts(), undone)],
  ['moves back are noted', async ({ plans }) => plans.noteUndoMoves(await planOfParts(), [7])],
  ['a model is promoted', async ({ models }) => models.promote(await model(), why)],
  ['sessions are ended', async ({ sessions }) => sessions.end(await session())],
  ['a device is let in', async ({ devices }) => devices.decide(await device(), person, true)],
  ['an invitation is revoked', async ({ links }) => links.revoke((await links.create(linkOf('2'))).id)],
  ['a person is removed', ({ people }) => people.remove(person)],
];

const NOTHING: readonly (readonly [string, (all: Stores) => Promise<unknown>])[] = [
  ['no cluster', ({ clusters }) => clusters.remove('none')],
  ['no group', ({ groups }) => groups.remove('none')],
  ['no annotation', ({ annotations }) => annotations.remove('none', 'ann', NOW)],
  ['no hint', ({ hints }) => hints.remove('none', 'ann', NOW)],
  ['no target', ({ notices }) => notices.change('none', { enabled: true })],
  ['nobody', ({ people }) => people.change(NO_ID, { name: 'x' })],
  ['no token', ({ tokens }) => tokens.revoke(NO_ID)],
  ['a plan that was undone before', ({ plans }) => plans.undo(0, undone)],
  ['no session', ({ sessions }) => sessions.end(NO_ID)],
  ['a policy that somebody has changed meanwhile', ({ policies }) => policies.add(policyChange(7))],
  ['a read', ({ people }) => people.list()],
];

const undone = { atMs: NOW, by: 'ann', note: '', moves: [] };
const why = { actor: 'ann', reason: '', atMs: NOW };
const linkOf = (digit: string) =>
  ({
    ...{ hash: digit.repeat(64), kind: 'invitation', email: `${digit}@example.org`, createdBy: 'ann' },
    expiresAt: SOON,
  }) as Parameters<Stores['links']['create']>[0];
const policyChange = (from: number) => ({
  ...{ from, policy: DEFAULT_POLICY_VERSION.policy, actor: 'ann', note: '' },
  ...{ createdMs: NOW, effectiveMs: NOW },
});
const tokenId = async () => (await stores.tokens.list()).find(({ revokedAt }) => revokedAt === undefined)!.id;

async function plan(): Promise<number> {
  const fields = { topologyVersion: 1, policyVersion: 1, firstMs: NOW, lastMs: NOW, expiresMs: NOW };
  const data = { key: 'k', essence: 'e', revision: 1, state: 'open', body: '{}', ...fields };
  return Number((await prisma.recommendation.create({ data })).id);
}

async function planOfParts(): Promise<number> {
  const times = { topologyVersion: 1, policyVersion: 1, firstMs: NOW, lastMs: NOW };
  return Number(
    (await prisma.plan.create({ data: { cluster: '', revision: 1, essence: 'e', summary: '{}', ...times } }))
      .id,
  );
}

async function model() {
  return { id: 1, streamId: 1, resolution: 'minute' } as unknown as Parameters<
    Stores['models']['promote']
  >[0];
}

async function session(): Promise<string> {
  const made = { hash: '3'.repeat(64), personId: person, expiresAt: SOON, address: '', userAgent: '' };
  return (await stores.sessions.create(made)).id;
}

async function device(): Promise<string> {
  await stores.devices.create({ hash: '4'.repeat(64), userCode: 'AAAA', device: 'd', expiresAt: SOON });
  return (await stores.devices.byUserCode('AAAA'))!.id;
}

describe('for an order', () => {
  it.each(WRITES)('%s, and that names the order', async (_, write) => {
    await forOrder(ROW, () => write(stores));
    expect(await effects()).toEqual([ROW]);
  });

  it.each(NOTHING)('%s names nothing', async (_, write) => {
    await forOrder(ROW, () => write(stores));
    expect(await effects()).toEqual([]);
  });
});

it('what no order has asked for names nothing', async () => {
  await stores.quotas.set(quota);
  await stores.policies.add(policyChange(1));
  expect(await effects()).toEqual([]);
});

it('orders that are carried out at the same time have their own, and a write that fails names nothing', async () => {
  const elsewhere = { ...delivery, id: 'd9', target: 'none' };
  const failing = forOrder('9', () => stores.notices.queue(elsewhere, []));
  const rows = ['7', '8'];
  await Promise.all([
    expect(failing).rejects.toThrow(),
    ...rows.map((row) => forOrder(row, () => stores.quotas.set({ ...quota, subject: row }))),
  ]);
  expect((await effects()).sort()).toEqual(rows);
});
