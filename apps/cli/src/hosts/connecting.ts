/** Connects to a storage server that nobody trusts yet: whatever run of it answers. */
import { connectPostgresHost } from '@foreshard/core/adapters/postgres';
import { connectRedisHost } from '@foreshard/core/adapters/redis';
import type { EventHost } from '@foreshard/core/hosts';
import { engineOf } from './address.ts';

export function connectHost(url: string): Promise<EventHost> {
  const connect = engineOf(url) === 'redis' ? connectRedisHost : connectPostgresHost;
  return connect({ url, expectedIncarnation: undefined });
}
