/** The edge process: chooses what stands behind the ports, and ends cleanly when told to. */
import { publishCache, publishPrefetching } from '@foreshard/core/adapters/caching';
import { digestOf } from '@foreshard/core/adapters/checkpoints';
import { connectControl, knownIdentity } from '@foreshard/core/adapters/control';
import { HostPool, openEventHost } from '@foreshard/core/adapters/event-hosts';
import { operationStores } from '@foreshard/core/adapters/operation-stores';
import { HOT_KEYS_KEY, hotKeyField } from '@foreshard/core/advising';
import { SHADOW_DIFFERENCES_KEY } from '@foreshard/core/telemetry';
import { pino } from 'pino';
import { type RunningEdge, startEdge } from './edge.ts';
import type { EdgeParts } from './edge-parts.ts';
import { type EdgeSettings, hostPatienceMs, readSettings } from './settings.ts';
import { type ShadowObserver, shadowed } from './shadow/index.ts';

const settings = settingsOrExit();
const log = pino({ name: 'edge', level: settings.logLevel, base: { edge: settings.edgeId } });
if (settings.networksWarning !== undefined) log.warn(settings.networksWarning);
const control = connectControl({ ...settings, actor: settings.edgeId });

const parts: EdgeParts = {
  settings,
  store: control.topology,
  notifier: control.notifier,
  activeHashes: () => control.tokens.activeHashes(),
  assertionKeys: () => control.assertionKeys.list(),
  onTokensChange: (listener) => control.tokenChanges.subscribe(listener),
  markTokensUsed: (ids) => control.tokens.markUsed(ids, new Date()),
  proofs: control.proofs,
  groups: control.groups,
  checkpoints: {
    ...{ records: control.stateCheckpoints, recoveries: control.recoveries, due: control.recoveries },
    ...{ stores: control.checkpointStores(settings.checkpointPlace), digestOf },
  },
  hotKeys: {
    policies: control.policies,
    async report(hot) {
      await control.redis.hset(HOT_KEYS_KEY, hotKeyField(hot), JSON.stringify(hot));
      await control.jobs.wake('relieveHotKeys');
    },
  },
  publishCache: (report) => publishCache(control.redis, report),
  prefetching: {
    async expectations() {
      const { anticipation } = (await control.policies.at(Date.now())).policy;
      const slices = anticipation.sample_share === 0 ? [] : await control.slices.list();
      const keys = slices.flatMap(({ report }) => report?.expected ?? []);
      return { threshold: anticipation.prefetch_threshold, keys };
    },
    publish: (report) => publishPrefetching(control.redis, report),
  },
  operations: (map) =>
    operationStores(control, {
      ...settings,
      map: () => map,
      onUnsuitableHost: (cause, actor) => log.warn({ cause, actor }, 'a host was not taken'),
    }),
  audit: control.audit,
  hostAlarms: control.hostAlarms,
  identity: knownIdentity(control.identity, Date.now),
  ownQuotas: () => control.quotas.list(),
  demoLimit: () => control.demo.limit(),
  redis: control.redis,
  connectHosts: (map) => {
    const pool = new HostPool(map, (host, run, options) =>
      openEventHost(host, run, { ...options, callTimeoutMs: hostPatienceMs(settings) }),
    );
    return shadowed(pool, map, shadowObserver, { nowMs: Date.now, random: Math.random });
  },
  log,
};

const shadowObserver: ShadowObserver = {
  writes: (outcome, records) => log.debug({ outcome, records }, 'shadow write'),
  reads: (outcome) => log.debug({ outcome }, 'shadow read'),
  differs(move, detail) {
    log.error({ move, detail }, 'a read differs from the copy of a move: it is stopped');
    control.redis.hset(SHADOW_DIFFERENCES_KEY, move, detail).catch(() => {});
  },
};

let running: RunningEdge | undefined;
let stopping = false;

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await running?.stop();
  await control.close();
  process.exit(0);
}

process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());

try {
  running = await startEdge(parts);
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException;
  const cure = code === 'EADDRINUSE' ? ' Set EDGE_PORT to a free port, or stop what listens there.' : '';
  log.fatal({ err: error }, `the edge cannot start: ${message}.${cure}`);
  process.exit(1);
}

function settingsOrExit(): EdgeSettings {
  try {
    return readSettings(process.env);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(2);
  }
}
