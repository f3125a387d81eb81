/** A host is demoted to a copy of earlier and promoted again; a person reviews its loss and accepts it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LocalServer, startRedis } from '@foreshard/local';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Control, openControl } from '../composition.ts';
import { RealEdge } from '../replay/real-edge.fixture.ts';

const WITHIN = { timeout: 30_000, interval: 100 };
const EARLY = 20;
const LATE = 30;

let edge: RealEdge;
let control: Control;
let standby: LocalServer;

beforeAll(async () => {
  edge = await RealEdge.start(inject('postgresUrl'), 1, 'accept_loss');
  control = await openControl(edge.stores);
  standby = await startRedis({
    dir: join(edge.dataDir, 'standby'),
    config: { 'repl-diskless-sync-delay': '0' },
  });
}, 150_000);
afterAll(async () => {
  await control?.close();
  await standby?.stop();
  await edge?.stop();
});

const foreshard = (...args: string[]) => edge.run(args);
const hostRow = async () => (await control.topology.snapshot()).hosts[0]!;

/** What the edge says of hosts while it is ready. */
async function waiting(): Promise<unknown> {
  const { edgeUrl } = JSON.parse(await readFile(join(edge.dataDir, 'credentials.json'), 'utf8'));
  const response = await fetch(`${edgeUrl}/readyz`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { waiting: unknown }).waiting;
}

async function send(from: number, count: number): Promise<number> {
  const { edgeUrl, token } = JSON.parse(await readFile(join(edge.dataDir, 'credentials.json'), 'utf8'));
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      ...{ specversion: '1.0', id: `${from + i}`, source: '/s', type: 't', subject: `k${i}` },
    }),
  );
  const response = await fetch(`${edgeUrl}/v1/events`, {
    method: 'POST',
    body: lines.join('\n'),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
  });
  return response.status;
}

/** After this all that was acknowledged before is under a mark. */
async function marked(times = 2): Promise<void> {
  for (let i = 0; i < times; i++) {
    const before = (await control.proofs.proofs()).get(1)?.held;
    await expect.poll(async () => (await control.proofs.proofs()).get(1)?.held, WITHIN).not.toBe(before);
  }
}

async function linked(server: Redis): Promise<void> {
  await expect.poll(() => server.info('replication'), WITHIN).toContain('master_link_status:up');
}

test('a loss is shown, changes nothing until it is accepted, and then the host is used again', async () => {
  const { url } = await hostRow();
  const [engine, copy] = [new Redis(url), new Redis(standby.url)];
  expect(await foreshard('hosts', 'accept-loss', '1', '--yes')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('has not gone back'),
  });
  expect(await send(0, EARLY)).toBe(200);
  await marked();
  await copy.replicaof('127.0.0.1', Number(new URL(url).port));
  await linked(copy);
  await copy.replicaof('NO', 'ONE');
  expect(await send(1_000, LATE)).toBe(200);
  await marked(3);

  await engine.config('SET', 'repl-diskless-sync-delay', '0');
  await engine.replicaof('127.0.0.1', standby.port);
  await linked(engine);
  await engine.replicaof('NO', 'ONE');
  await expect.poll(async () => (await hostRow()).readmission?.regressed?.detail, WITHIN).toBeDefined();
  await expect.poll(() => send(2_000, 1), WITHIN).toBe(503);

  const { version } = await control.topology.snapshot();
  const shown = await foreshard('hosts', 'accept-loss', '1', '--dry-run', '--json');
  expect(shown, shown.stderr).toMatchObject({ exitCode: 0 });
  const review = JSON.parse(shown.stdout);
  expect(review).toMatchObject({ host: 1, isAccepted: false, absent: 0, atRisk: LATE });
  expect(Math.abs(Date.parse(review.suspendedAt) - Date.now())).toBeLessThan(60_000);
  for (const { lastSeqBefore, lastSeqNow, certainSeq, atRisk } of review.shardlets)
    expect([lastSeqBefore - certainSeq, lastSeqNow]).toEqual([atRisk, certainSeq]);
  const preview = await foreshard('hosts', 'accept-loss', '1', '--dry-run');
  expect(preview.stdout).toMatch(/went back to an older state, suspended since 20/);
  expect(preview.stdout).toContain(`${LATE} events at risk`);
  expect((await foreshard('hosts')).stdout).toContain('foreshard hosts accept-loss 1 --dry-run');
  expect(await waiting()).toMatchObject([
    { host: 1, what: 'Host host-1 went back to an older state', why: review.detail },
  ]);
  expect(await foreshard('hosts', 'accept-loss', '1')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('--yes'),
  });
  expect((await control.topology.snapshot()).version).toBe(version);

  const accepted = await foreshard('hosts', 'accept-loss', '1', '--yes');
  expect(accepted, accepted.stderr).toMatchObject({ exitCode: 0 });
  await expect.poll(async () => (await hostRow()).state, WITHIN).toBe('active');
  await expect.poll(() => send(3_000, 5), WITHIN).toBe(200);
  const { shardlets } = await control.topology.snapshot();
  for (const { shardlet, certainSeq } of review.shardlets)
    expect(shardlets.find((s) => s.id === shardlet)!.lost.at(-1)?.seq).toBe(certainSeq);
  expect((await foreshard('hosts')).stdout).not.toContain('went back');
  await expect.poll(waiting, WITHIN).toEqual([]);
  engine.disconnect();
  copy.disconnect();
}, 150_000);
