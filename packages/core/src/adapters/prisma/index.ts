export { openPrisma, type PrismaClient } from './client.ts';
export { DatabaseUnreachable, databaseUnreachable, isConnectionFailure } from './database-unreachable.ts';
export { PrismaGroupStore } from './group-store.ts';
export { applyMigrations, MigrationRefused } from './migrator.ts';
export { PrismaMoveLog } from './move-log.ts';
export { PrismaProfileStore } from './profile-store.ts';
export { PrismaRestoration, type Restoration, type RestoredClock, type RestoredMark } from './restoration.ts';
export * from './token-store.ts';
export { PrismaTopologyStore } from './topology-store.ts';
