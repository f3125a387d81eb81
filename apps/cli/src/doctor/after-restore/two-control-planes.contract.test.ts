/**
 * Two workers with two databases over the same hosts: the second database is a copy of the first that nobody
 * told that it is one. Only one of them ever decides, and which one is an order of a person.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applyMigrations } from '@foreshard/core/adapters/prisma';
import { describeHost } from '@foreshard/core/topology';
import { createDatabase, freePort, type LocalServer, startRedis } from '@foreshard/local';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { restore } from '../../backup/restore.ts';
import { ROOT } from '../../checkout.ts';
import { type Control, openControl } from '../../composition.ts';
import { RealEdge } from '../../replay/real-edge.fixture.ts';

const WITHIN = { timeout: 30_000, interval: 100 };
const MIGRATIONS = join(ROOT, 'prisma/migrations');

let edge: RealEdge;
let original: Control;
let copy: Control;
let copyRedis: LocalServer;
let copyDir: string;
let copyStores: { databaseUrl: string; redisUrl: string };
let copyWorker: ChildProcess | undefined;

beforeAll(async () => {
  edge = await RealEdge.start(inject('postgresUrl'), 2, 'two_planes');
  original = await openControl(edge.stores);
  copyRedis = await startRedis({ dir: join(edge.dataDir, 'copy-redis') });
  copyStores = {
    databaseUrl: await createDatabase(inject('postgresUrl'), `two_planes_copy_${process.pid}`),
    redisUrl: copyRedis.url,
  };
  copyDir = join(edge.dataDir, 'copy');
  await mkdir(copyDir);
  const credentials = { edgeUrl: 'http://127.0.0.1:1', token: 'none', ...copyStores };
  await writeFile(join(copyDir, 'credentials.json'), JSON.stringify(credentials));
}, 150_000);
afterAll(async () => {
  // what inherits the output of the tests keeps them from ending
  copyWorker?.kill('SIGKILL');
  await Promise.all([original?.close(), copy?.close()]);
  await copyRedis?.stop();
  await edge?.stop();
});

async function copied(): Promise<void> {
  const file = join(edge.dataDir, 'copy.gz');
  expect(await edge.command(['backup', file]).ended).toMatchObject({ exitCode: 0 });
  await applyMigrations(copyStores.databaseUrl, MIGRATIONS);
  await restore(copyStores.databaseUrl, file, { dryRun: false, replace: false });
  // as an image of the disk or pg_restore would leave it
  const client = new Client({ connectionString: copyStores.databaseUrl });
  await client.connect();
  await client.query('UPDATE clock SET restored = NULL');
  await client.end();
  copy = await openControl(copyStores);
}

async function startCopyWorker(): Promise<void> {
  copyWorker?.kill('SIGKILL');
  copyWorker = spawn(process.execPath, [join(ROOT, 'apps/worker/src/main.ts')], {
    env: {
      ...process.env,
      ...{ DATABASE_URL: copyStores.databaseUrl, REDIS_URL: copyStores.redisUrl },
      ...{ FORESHARD_DATA_DIR: copyDir, WORKER_PORT: String(await freePort()), LOG_LEVEL: 'silent' },
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function doctorOfCopy(): ReturnType<RealEdge['command']>['ended'] {
  return edge.command(['doctor', '--after-restore', '--confirm'], undefined, {
    FORESHARD_DATA_DIR: copyDir,
  }).ended;
}

const standsStill = (control: Control) =>
  expect.poll(async () => (await control.restoration.clock()).mark, WITHIN).toBeDefined();
const decides = (control: Control, zone: string) =>
  control.topology.decide(describeHost(1, { zone }), 'test');
const UNEXAMINED = { kind: 'refused', refusal: { reason: 'unexamined' } };

async function marks(control: Control): Promise<void> {
  const held = async () => (await control.proofs.proofs()).get(1)?.held;
  const before = await held();
  await expect.poll(held, WITHIN).not.toBe(before);
}

test('a copy decides nothing beside the original, and the original nothing once the copy was ordered to go on', async () => {
  await marks(original);
  await marks(original);
  await copied();
  await marks(original);
  await marks(original);
  const { version } = await copy.topology.snapshot();
  await startCopyWorker();
  await standsStill(copy);
  expect(await decides(copy, 'a')).toMatchObject(UNEXAMINED);
  expect((await copy.topology.snapshot()).version).toBe(version);
  expect(await decides(original, 'a')).toMatchObject({ kind: 'decided' });
  await marks(original);

  const refused = await doctorOfCopy();
  expect(refused).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/another control plane is alive on host \d.*Stop it first/s),
  });
  expect(await decides(copy, 'a')).toMatchObject(UNEXAMINED);

  await edge.stopWorker();
  const taken = await doctorOfCopy();
  expect(taken, taken.stderr).toMatchObject({ exitCode: 0 });
  expect(await decides(copy, 'b')).toMatchObject({ kind: 'decided' });
  await marks(copy);

  await edge.restartWorker();
  await standsStill(original);
  expect(await decides(original, 'b')).toMatchObject(UNEXAMINED);
  await marks(copy);
  expect((await copy.restoration.clock()).mark).toBeUndefined();
  const findings = await edge.command(['doctor', '--json']).ended;
  expect(findings.stdout).toContain('another control plane uses it');
}, 180_000);
