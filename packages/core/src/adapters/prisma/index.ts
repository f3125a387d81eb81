export { PrismaAnnotationStore } from './annotation-store.ts';
export { PrismaAssertionKeys } from './assertion-key-store.ts';
export { PrismaAuditChain, type SealReply } from './audit-chain.ts';
export { PrismaAuditLog } from './audit-log.ts';
export { openPrisma, type PrismaClient, reaching } from './client.ts';
export { PrismaClusterIdentity } from './cluster-identity.ts';
export { PrismaClusterStore } from './cluster-store.ts';
export { DatabaseUnreachable, databaseUnreachable, isConnectionFailure } from './database-unreachable.ts';
export { PrismaDemoStore } from './demo-store.ts';
export { PrismaDeviceStore } from './device-store.ts';
export { PrismaForecastRecords } from './forecast-records.ts';
export { PrismaGroupOutlooks } from './group-outlooks.ts';
export { PrismaGroupProgress } from './group-progress.ts';
export { PrismaGroupStore } from './group-store.ts';
export { PrismaHealthStore } from './health-store.ts';
export { PrismaHintStore } from './hint-store.ts';
export { PrismaHostOrders } from './host-order-store.ts';
export { PrismaHostProofs } from './host-proof-store.ts';
export { PrismaLinkStore } from './link-store.ts';
export {
  applyMigrations,
  applyMigrationsWithin,
  MigrationRefused,
  pendingMigrations,
} from './migrator.ts';
export { PrismaModelRegistry } from './model-registry.ts';
export { PrismaMoveLog } from './move-log.ts';
export { PrismaNotificationStore } from './notification-store.ts';
export { PrismaPersonStore } from './person-store.ts';
export { PrismaPlanBook } from './plan-book.ts';
export { PrismaPolicyStore } from './policy-store.ts';
export { PrismaProfileStore } from './profile-store.ts';
export { PrismaQuotaStore } from './quota-store.ts';
export { PrismaRecommendationLog } from './recommendation-log.ts';
export { PrismaRecoveryRecords } from './recovery-records.ts';
export { PrismaRestoration, type Restoration, type RestoredClock, type RestoredMark } from './restoration.ts';
export { PrismaSessionStore } from './session-store.ts';
export { PrismaSliceStore } from './slice-store.ts';
export { PrismaStateCheckpoints } from './state-checkpoints.ts';
export * from './token-store.ts';
export { PrismaTopologyStore } from './topology-store.ts';
