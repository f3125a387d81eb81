export { postgresAnswers, redisAnswers } from './answers.ts';
export { findChromium } from './chromium.ts';
export { type EtcdCluster, type EtcdOptions, startEtcd } from './etcd.ts';
export { freePort, isFree } from './free-port.ts';
export {
  diskFull,
  howItEnded,
  type LocalServer,
  lastLines,
  type ServerPlan,
  startServer,
} from './local-server.ts';
export { findNode } from './node-releases.ts';
export type { ProcessEnd } from './owned-process.ts';
export { createDatabase, ownedBy, type PostgresOptions, startPostgres } from './postgres.ts';
export { ARCHIVING, backUpPostgres, recoverPostgres } from './postgres-backup.ts';
export { type Standby, startSynchronousStandby } from './postgres-standby.ts';
export { endProcess, identityOf, isRunning, type ProcessIdentity } from './process-identity.ts';
export { startPrometheus } from './prometheus.ts';
export { promtoolFindings } from './promtool.ts';
export { type RedisOptions, startRedis } from './redis.ts';
export { findRedis, findRedisTool } from './redis-programs.ts';
export { SetupFailure } from './setup-failure.ts';
export { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
export { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';
