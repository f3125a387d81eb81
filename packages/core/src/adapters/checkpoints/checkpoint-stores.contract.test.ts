/** The three stores of contents on what they really are: PostgreSQL, a disk, and a server that speaks S3. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@foreshard/local';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { describeCheckpointStore } from '../../checkpointing/checkpoint-store.contract-suite.ts';
import { checkpointFields } from '../../checkpointing/index.ts';
import { openPrisma, type PrismaClient } from '../prisma/index.ts';
import { migratedDatabase } from '../prisma/migrated-database.fixture.ts';
import { FolderCheckpointStore } from './folder-store.ts';
import { openCheckpointStores } from './open.ts';
import { PostgresCheckpointStore } from './postgres-store.ts';
import { S3CheckpointStore } from './s3-store.ts';

const BUCKET = 'checkpoints';

interface S3rver {
  run(): Promise<unknown>;
  close(): Promise<void>;
}

let folder: string;
let url: string;
let prisma: PrismaClient;
let server: S3rver;
let endpoint: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreshard-stores-'));
  url = await migratedDatabase(inject('postgresUrl'), 'stores');
  prisma = openPrisma(url);
  const port = await freePort();
  endpoint = `http://127.0.0.1:${port}`;
  // @ts-expect-error: it has no types
  const { default: Server } = await import('s3rver');
  server = new Server({
    ...{ address: '127.0.0.1', port, silent: true, directory: join(folder, 's3') },
    configureBuckets: [{ name: BUCKET }],
  });
  await server.run();
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'S3RVER');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'S3RVER');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server?.close();
  await prisma?.$disconnect();
  await rm(folder, { recursive: true, force: true });
});

const s3 = (bucket = BUCKET) => ({ bucket, prefix: 'a/prefix', endpoint, region: 'us-east-1' });

describeCheckpointStore('PostgreSQL', () => new PostgresCheckpointStore(prisma, url));
describeCheckpointStore('a folder', () => new FolderCheckpointStore(join(folder, 'contents')));
describeCheckpointStore('S3', () => new S3CheckpointStore(s3()));

it('reads contents of before, when another store was chosen', async () => {
  const before = openCheckpointStores({ kind: 'postgres' }, prisma, url);
  await before.current.put('g/1/x', Buffer.from('x'));
  const now = openCheckpointStores({ kind: 'folder', folder: join(folder, 'other') }, prisma, url);
  expect(now.current.kind).toBe('folder');
  expect(Buffer.from((await now.named('postgres')!.get('g/1/x'))!).toString()).toBe('x');
  expect(now.named('s3')).toBeUndefined();
});

it('reports a store that does not do what it is asked for', async () => {
  const away = { name: 'CheckpointStoreAway' };
  await expect(new S3CheckpointStore(s3('nowhere')).put('g/1/x', Buffer.from('x'))).rejects.toMatchObject(
    away,
  );
  const file = join(folder, 'file');
  await writeFile(file, '');
  await chmod(file, 0o600);
  await expect(new FolderCheckpointStore(file).put('g/1/x', Buffer.from('x'))).rejects.toMatchObject(away);
  await expect(new FolderCheckpointStore(folder).get('../x')).rejects.toThrow('no name of an object');
});

it('is named by one setting', () => {
  const read = (text: string) => checkpointFields.CHECKPOINT_STORE.safeParse(text).data;
  expect(read('postgres')).toEqual({ kind: 'postgres' });
  expect(read('file:///var/lib/state%20of%20groups')).toEqual({
    kind: 'folder',
    folder: '/var/lib/state of groups',
  });
  expect(read('s3://bucket/a/b/?endpoint=http://127.0.0.1:1&region=eu-1')).toEqual({
    ...{ kind: 's3', bucket: 'bucket', prefix: 'a/b', endpoint: 'http://127.0.0.1:1', region: 'eu-1' },
  });
  expect(['s3:///prefix', 'file://host/path', 'redis://x', 'folder'].map(read)).toEqual(
    Array.from({ length: 4 }, () => undefined),
  );
});
