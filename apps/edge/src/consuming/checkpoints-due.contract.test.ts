/** The way of a verdict on real servers: a worker judges, the row is written, the poll says it, and alarms reach the inbox. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { EdgeCluster, eventOf, until } from '../edge-process.fixture.ts';
import { StatefulMember } from './stateful-member.fixture.ts';

const GROUP = 'totals';

let cluster: EdgeCluster;
let folder: string;
let sent = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreshard-due-'));
  const place = { CHECKPOINT_STORE: `file://${folder}` };
  cluster = await EdgeCluster.start(1, inject('postgresUrl'), place);
  await cluster.startEdge();
  await cluster.createStream({ name: GROUP, shardCount: 1, splitKeys: false });
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

const member = new StatefulMember({ url: () => cluster.edgeUrl, token: () => cluster.token }, GROUP, 'a');
async function judge(): Promise<void> {
  await cluster.control.jobs.wake('checkpoint');
  await cluster.control.jobs.wake('keepCheckpoints');
}

async function append(count: number): Promise<void> {
  const events = Array.from({ length: count }, () => eventOf({ id: String(sent++), subject: 'key' }));
  expect((await cluster.post(events, `/v1/streams/${GROUP}/events`)).status).toBe(200);
}

async function polled(): Promise<{ shardlet: number; reason: string }[]> {
  const after = Object.fromEntries(
    [...member.held].map(([id, { seq, assignment }]) => [id, { seq, assignment }]),
  );
  const { body } = await member.ask('POST', member.at('poll'), { member: 'a', after, wait: 0 });
  return body.checkpointsDue ?? [];
}
const stateShown = async () =>
  (await member.ask('GET', `/v1/groups/${GROUP}`)).body.shardlets.find(
    // biome-ignore lint/suspicious/noExplicitAny: as it was answered
    (one: any) => one.state !== null && one.state !== undefined,
  )?.state;

/** Until a look of the worker says so. */
const judged = (what: string, check: () => Promise<boolean>) =>
  until(what, async () => {
    await judge();
    return check();
  });

it('says in the poll what the worker calls due, and stops when a checkpoint is there', async () => {
  const made = await member.ask('POST', '/v1/groups', {
    ...{ name: GROUP, stream: GROUP, sessionMs: 120_000 },
    checkpoints: { checkpoint_threshold: 1, checkpoint_share_max: 1 },
  });
  expect(made.status).toBe(201);
  await append(300);
  await member.turn();
  await judged('a checkpoint is due', async () => (await polled()).length > 0);
  const [{ shardlet, reason }] = (await polled()) as [{ shardlet: number; reason: string }];
  expect(reason).toBe('backlog-above-threshold');
  expect(await stateShown()).toMatchObject({ due: true, replays: 300, checkpointAt: null });

  expect((await member.checkpoint(shardlet, 'due')).status).toBe(200);
  await judged('none is due', async () => (await polled()).length === 0);
  expect(await stateShown()).toMatchObject({ due: false, replays: 0, checkpointAt: expect.any(Number) });
}, 120_000);

it('calls it due again, and puts it in the inbox, when the worker finds the checkpoint damaged', async () => {
  const [shardlet] = [...member.held.keys()] as [number];
  const place = join(folder, GROUP, String(shardlet));
  const [content] = await readdir(place);
  await writeFile(join(place, content!), 'something else');
  // a worker that starts looks at a content with its first look
  await cluster.startWorkerAgain();
  await judged(
    'the damage is found',
    async () => (await cluster.control.stateCheckpoints.damaged()).length === 1,
  );
  await judged('it is due again', async () => (await polled()).length > 0);
  expect(await stateShown()).toMatchObject({ due: true, replays: 300, checkpointAt: null });
  await until('the inbox has it', async () => {
    await cluster.control.jobs.wake('notify');
    const { body } = await member.ask('GET', '/v1/alarms');
    return JSON.stringify(body).includes('alarm.checkpoint');
  });
  // a delta on it would be as lost as it is
  await append(1);
  await member.turn();
  expect(await member.checkpoint(shardlet, 'interval', true)).toMatchObject({ status: 409 });
}, 120_000);

it('answers what was learned of recoveries, and the last ones', async () => {
  const [shardlet] = [...member.held.keys()] as [number];
  expect((await member.checkpoint(shardlet)).status).toBe(200);
  await member.ask('POST', member.at('leave'), { member: 'a' });
  const other = new StatefulMember({ url: () => cluster.edgeUrl, token: () => cluster.token }, GROUP, 'b');
  await other.turn();
  const ask = async (query = '') => (await other.ask('GET', `${other.at('recoveries')}${query}`)).body;
  // the worker learns once a minute, and with its first look
  await cluster.startWorkerAgain();
  await judged('it is learned', async () => (await ask()).replay.count === 2);
  const answer = await ask();
  expect(answer).toMatchObject({
    ...{ learnedAtMs: expect.any(Number), replay: { count: 2, errorShare: expect.any(Number) } },
    restore: { count: 2, fixedMs: expect.any(Number), bytesPerSecond: expect.any(Number) },
  });
  expect(answer.recoveries).toMatchObject([
    { restoreMs: 1, bytes: 1, replayedEvents: 1, replayMs: 1, fromLog: false, lostEvents: 0 },
    { restoreMs: 1 },
  ]);
  expect((await ask('?limit=1')).recoveries).toHaveLength(1);
  expect((await other.ask('GET', '/v1/groups/nowhere/recoveries')).body.code).toBe('unknown_group');
}, 120_000);
