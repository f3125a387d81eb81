/**
 * Puts the control plane's stores together for one process: T and the tokens on PostgreSQL, notifications
 * and wake-ups over the control Redis. Nothing is connected before it is used, and nothing here fails while
 * a server is away: the calls do, in one clear line.
 */
import type { Redis } from 'ioredis';
import type { ChangeNotifier, TopologyStore } from '../../topology/index.ts';
import {
  openPrisma,
  PrismaRestoration,
  PrismaTokenStore,
  PrismaTopologyStore,
  type Restoration,
  type TokenStore,
} from '../prisma/index.ts';
import { RedisChangeNotifier } from './change-notifier.ts';
import { openControlRedis } from './control-redis.ts';
import { within } from './deadline.ts';
import { BullJobProducer, type JobProducer } from './job-producer.ts';
import { NotifyingTopologyStore } from './notifying-topology-store.ts';

export interface ControlSettings {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** names the connections of this process in the servers' own lists */
  readonly actor?: string;
}

export interface Control {
  readonly topology: TopologyStore;
  readonly notifier: ChangeNotifier;
  readonly jobs: JobProducer;
  readonly tokens: TokenStore;
  /** whether T was restored from a backup, and the end of that state */
  readonly restoration: Restoration;
  /** the control Redis, for what else a process keeps there */
  readonly redis: Redis;
  close(): Promise<void>;
}

const CLOSE_PATIENCE_MS = 1_000;

export function connectControl({ databaseUrl, redisUrl, actor = 'process' }: ControlSettings): Control {
  const name = `foreshard-${actor}`;
  const redis = openControlRedis(redisUrl, name);
  const prisma = openPrisma(databaseUrl, name);
  const notifier = new RedisChangeNotifier(redis);
  const jobs = new BullJobProducer(redis);
  return {
    topology: new NotifyingTopologyStore(new PrismaTopologyStore(prisma, databaseUrl), notifier),
    notifier,
    jobs,
    tokens: new PrismaTokenStore(prisma, databaseUrl),
    restoration: new PrismaRestoration(prisma, databaseUrl),
    redis,
    async close() {
      notifier.close();
      await jobs.close();
      await prisma.$disconnect();
      // QUIT goes out behind the last notification
      await within(CLOSE_PATIENCE_MS, redis.quit(), 'not connected').catch(() => {});
      redis.disconnect();
    },
  };
}
