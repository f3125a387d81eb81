/** PostgreSQL in the record of engines. */
import { DatabaseError } from 'pg';
import { judgePostgres } from '../../hosts/index.ts';
import { connectPostgresHost } from './postgres-host.ts';
import { createFloor, postgresSettings } from './questions.ts';
import { resourcesOf } from './resources.ts';

export const postgresEngine = {
  connect: connectPostgresHost,
  settings: async (subject: string, url: string) => judgePostgres(subject, await postgresSettings(url)),
  isReply: (error: unknown) => error instanceof DatabaseError,
  resources: resourcesOf,
  dataFolder: async (url: string) => (await postgresSettings(url)).data_directory,
  createFloor,
  // they are part of the schema, without which it cannot be looked at
  functions: undefined,
};
