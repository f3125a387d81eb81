export type { PostgresHostOptions } from './postgres-connection.ts';
export { connectPostgresHost } from './postgres-host.ts';
