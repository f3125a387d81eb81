/**
 * The record of engines: how a server of each is asked and used. It is the one place that knows all of them; what is
 * known without asking stands in hosts/engines.ts.
 */
import type { EngineName } from '../../hosts/index.ts';
import { postgresEngine } from '../postgres/index.ts';
import { redisEngine } from '../redis/index.ts';
import type { HostEngine } from './host-engine.ts';

export const ENGINE_ADAPTERS: Readonly<Record<EngineName, HostEngine>> = Object.freeze({
  redis: redisEngine,
  postgres: postgresEngine,
});
