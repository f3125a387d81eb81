/** Redis and Valkey in the record of engines. */
import { ReplyError } from 'ioredis';
import { judgeRedis, type Standing } from '../../hosts/index.ts';
import { functionLibrary } from './function-library.ts';
import { createFloor, redisFacts, redisLibraries } from './questions.ts';
import { connectRedisHost } from './redis-host.ts';
import { resourcesOf } from './resources.ts';

export const redisEngine = {
  connect: connectRedisHost,
  settings: async (subject: string, url: string, standing: Standing) =>
    judgeRedis(subject, await redisFacts(url), standing),
  isReply: (error: unknown) => error instanceof ReplyError,
  resources: resourcesOf,
  dataFolder: async (url: string) => (await redisFacts(url)).config?.dir,
  createFloor,
  functions: { name: () => functionLibrary().name, loaded: redisLibraries },
};
