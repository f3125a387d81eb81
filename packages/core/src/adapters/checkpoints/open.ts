/** The stores that a process can reach: the one that is set, and PostgreSQL, where contents may be of before. */
import { createHash } from 'node:crypto';
import type { CheckpointPlace, CheckpointStore } from '../../checkpointing/index.ts';
import type { PrismaClient } from '../prisma/index.ts';
import { FolderCheckpointStore } from './folder-store.ts';
import { PostgresCheckpointStore } from './postgres-store.ts';
import { S3CheckpointStore } from './s3-store.ts';

export interface OpenCheckpointStores {
  readonly current: CheckpointStore;
  named(kind: string): CheckpointStore | undefined;
}

export function openCheckpointStores(
  place: CheckpointPlace,
  prisma: PrismaClient,
  databaseUrl: string,
): OpenCheckpointStores {
  const postgres = new PostgresCheckpointStore(prisma, databaseUrl);
  const current = storeAt(place, postgres);
  return {
    current,
    named: (kind) => [current, postgres].find((one) => one.kind === kind),
  };
}

function storeAt(place: CheckpointPlace, postgres: PostgresCheckpointStore): CheckpointStore {
  switch (place.kind) {
    case 'postgres':
      return postgres;
    case 'folder':
      return new FolderCheckpointStore(place.folder);
    case 's3':
      return new S3CheckpointStore(place);
  }
}

export function digestOf(content: Uint8Array): string {
  return `sha-256:${createHash('sha256').update(content).digest('hex')}`;
}
