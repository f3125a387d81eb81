export { postgresEngine } from './engine.ts';
export type { PostgresHostOptions } from './postgres-connection.ts';
export { connectPostgresHost } from './postgres-host.ts';
export { postgresSettings } from './questions.ts';
