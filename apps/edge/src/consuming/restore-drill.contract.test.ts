/** A restore drill over HTTP on real servers: contents as the client library writes them, a host, a worker that drills too. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { EdgeCluster, eventOf, until } from '../edge-process.fixture.ts';
import { digestOf, StatefulMember } from './stateful-member.fixture.ts';

const GROUP = 'totals';
let cluster: EdgeCluster;
let folder: string;
let shardlet: number;
let member: StatefulMember;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreshard-drills-'));
  const settings = { CHECKPOINT_STORE: `file://${folder}` };
  cluster = await EdgeCluster.start(1, inject('postgresUrl'), settings);
  await cluster.startEdge();
  await cluster.createStream({ name: GROUP, shardCount: 1, splitKeys: false });
  member = new StatefulMember({ url: () => cluster.edgeUrl, token: () => cluster.token }, GROUP, 'a');
  const created = await member.ask('POST', '/v1/groups', {
    ...{ name: GROUP, stream: GROUP, sessionMs: 120_000, checkpoints: {} },
  });
  expect(created.status).toBe(201);
  await append(30);
});
afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

let sent = 0;
async function append(count: number): Promise<void> {
  const events = Array.from({ length: count }, () => ({ id: String(++sent), subject: `key-${sent % 10}` }));
  const { status } = await cluster.post(events.map(eventOf), `/v1/streams/${GROUP}/events`);
  expect(status).toBe(200);
  await until('all is processed', async () => {
    await member.turn();
    [shardlet] = [...member.held.keys()] as [number];
    return shardlet !== undefined && member.held.get(shardlet)!.seq >= sent;
  });
}

/** As the client library writes it. */
async function checkpoint(keys: number, stated = keys): Promise<string> {
  const { seq, epoch } = member.held.get(shardlet)!;
  const header = { v: 1, kind: 'full', shardlet, seq, epoch, handlerVersion: '1' };
  const lines = [header, ...Array.from({ length: keys }, (_, i) => [`key-${i}`, { count: i }])];
  const content = gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const announced = await member.announce(shardlet, {
    ...{ bytes: content.length, digest: digestOf(content), keys: stated },
  });
  expect((await member.upload(announced.body.id, content)).status).toBe(200);
  return announced.body.id;
}

const drill = (more: object = {}) => member.ask('POST', member.at('drills'), { shardlet, ...more });
const objectOf = async (id: string) => {
  const row = await cluster.control.stateCheckpoints.find(GROUP, id);
  return join(folder, row!.object);
};

it('says what a member would do and in what time, and what is wrong', async () => {
  const first = await checkpoint(10);
  await append(12);
  const second = await checkpoint(7);
  await append(5);
  const whole = await drill();
  expect(whole).toMatchObject({
    status: 200,
    body: {
      ...{
        group: GROUP,
        shardlet,
        ok: true,
        failures: [],
        seq: 47,
        keys: 7,
        events: 5,
        lost: [],
        unusable: [],
      },
      steps: [
        { kind: 'restore', checkpoint: second, seq: 42, entries: 7, unread: null, base: null },
        { kind: 'replay', shardlet, after: 42, through: 47 },
      ],
    },
  });
  expect(whole.body.readyMs).toBeGreaterThanOrEqual(whole.body.replayMs);
  // a member did restore from the log when it began, and said how long it took
  expect(whole.body.estimatedRestoreMs).toBeGreaterThan(0);
  await rm(await objectOf(second));
  const damaged = await drill();
  expect(damaged.body).toMatchObject({
    ...{ ok: false, failures: [expect.stringContaining(`The content of ${second} is not in the store`)] },
    ...{ keys: 10, events: 17, unusable: [{ checkpoint: second, shardlet, seq: 42 }] },
    steps: [{ checkpoint: first }, { after: 30, through: 47 }],
  });
  const listed = await member.ask('GET', member.at('checkpoints'));
  expect(listed.body.checkpoints.map((one: { verifyError: unknown }) => one.verifyError === null)).toEqual([
    false,
    true,
  ]);
});

it('refuses what nobody could recover', async () => {
  expect(await drill({ shardlet: 999 })).toMatchObject({ status: 404, body: { code: 'unknown_shardlet' } });
  expect(await drill({ shardlet: 0 })).toMatchObject({ status: 400 });
  const nowhere = await member.ask('POST', '/v1/groups/nowhere/drills', { shardlet });
  expect(nowhere).toMatchObject({ status: 404, body: { code: 'unknown_group' } });
});

it('is done by the worker as well, which marks what it cannot restore', async () => {
  await append(1);
  const fewer = await checkpoint(4, 5);
  // a new one looks at once, and not only in the next minute
  await cluster.startWorkerAgain();
  await until('a worker has looked at it', async () => {
    const row = await cluster.control.stateCheckpoints.find(GROUP, fewer);
    return row?.verifyError === `${fewer} was stored with 5 keys, and restores 4.`;
  });
});
