/** What a Redis or Valkey uses, as its INFO says. */
import { Redis } from 'ioredis';
import { parseInfo } from './server-facts.ts';

const TIMEOUT_MS = 3_000;

export function resourcesOf(url: string, nowMs: () => number) {
  const redis = new Redis(url, {
    connectionName: 'foreshard-resources',
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    maxRetriesPerRequest: 1,
  });
  // the call that fails tells it
  redis.on('error', () => {});
  return {
    read: async () => fromInfo(parseInfo(await redis.info()), nowMs()),
    close: () => redis.disconnect(),
  };
}

function fromInfo(fields: ReadonlyMap<string, string>, atMs: number) {
  const sum = (...names: string[]) => {
    const values = names.map((name) => fields.get(name)).filter((value) => value !== undefined);
    return values.length === 0 ? {} : { value: values.reduce((total, value) => total + Number(value), 0) };
  };
  const named = <N extends string>(name: N, { value }: { value?: number }) =>
    (value === undefined ? {} : { [name]: value }) as { [K in N]?: number };
  return {
    atMs,
    run: fields.get('run_id') ?? '',
    ...named(
      'cpuSeconds',
      sum('used_cpu_sys', 'used_cpu_user', 'used_cpu_sys_children', 'used_cpu_user_children'),
    ),
    ...named('memoryBytes', sum('used_memory_rss')),
    ...named('diskBytes', sum('aof_current_size')),
    ...named('networkInBytes', sum('total_net_input_bytes')),
    ...named('networkOutBytes', sum('total_net_output_bytes')),
    ...named('commands', sum('total_commands_processed')),
  };
}
