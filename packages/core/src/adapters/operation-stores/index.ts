/**
 * What operations are carried out on: the stores of the control plane, and ways to hosts and targets. What serves
 * groups is the caller's.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ForecastStore } from '../../forecast-service/index.ts';
import type { OperationStores } from '../../operations/handlers/index.ts';
import type { LossSources } from '../../readmission/index.ts';
import { TelemetryStore } from '../../telemetry/index.ts';
import type { TopologyMap } from '../../topology/index.ts';
import { chainStateReader } from '../audit/index.ts';
import { cacheReportsReader, prefetchReportsReader } from '../caching/index.ts';
import type { Control } from '../control/index.ts';
import { connectAnyHost } from '../event-hosts/index.ts';
import { admitHost, tryAdmission } from '../host-admission/index.ts';
import { identityParts } from '../identity/index.ts';
import { guardOfServers, type NotificationServiceParts, notificationService } from '../webhooks/index.ts';
import { arrivalsOf } from './arrivals.ts';
import { demoParts } from './demo-parts.ts';
import { rememberedHistory } from './rule-history.ts';

export { arrivalsOf, demoParts };

export interface OperationStoreOptions
  extends Pick<NotificationServiceParts, 'webhookNetworks' | 'consoleUrl'> {
  /** as it is now: of what was counted of keys, and for names of streams */
  readonly map: () => TopologyMap;
  /** what hosts may be in beside public ones; undefined: any */
  readonly serverNetworks: readonly string[] | undefined;
  /** why a host was not taken, for who may know what listens at an address */
  readonly onUnsuitableHost: (cause: string, actor: string) => void;
}

export function operationStores(
  control: Control,
  { map, onUnsuitableHost, webhookNetworks, serverNetworks, consoleUrl }: OperationStoreOptions,
): Omit<OperationStores, 'groupService' | 'letters' | 'upkeep' | 'drill' | 'oldestEvent'> {
  const { topology, proofs, moves, jobs, drainFacts, groups, quotas, tokens } = control;
  const { recommendations, plans, policies, inquiries, clusters, models } = control;
  const guard = guardOfServers(serverNetworks);
  const telemetry = new TelemetryStore({ blocks: control.telemetry, map, nowMs: Date.now });
  const { forecasts: records, hints, telemetry: blocks, groupProgress, groupOutlooks, recoveries } = control;
  const forecasts = new ForecastStore({ records, hints, telemetry, blocks, map, nowMs: Date.now });
  return {
    ...{ topology, proofs, moves, drainFacts, groups, quotas, tokens, map },
    ...{ recommendations, plans, policies, inquiries, clusters, models },
    ...{ onRun, onHost: onRun, nowMs: Date.now },
    ...{ audit: control.audit, chainState: chainStateReader(control.redis) },
    ...{ people: control.people, sessions: control.sessions, links: control.links, consoleUrl },
    checkpoints: control.stateCheckpoints,
    cacheReports: cacheReportsReader(control.redis),
    prefetchReports: prefetchReportsReader(control.redis),
    devices: control.devices,
    ...identityParts(),
    ...{ hints: control.hints, annotations: control.annotations },
    ...{ blocks: control.telemetry, newId: randomUUID },
    notifications: notificationService({
      ...{ store: control.notifications, webhookNetworks, consoleUrl },
      wake: () => jobs.wake('notify'),
    }),
    ...demoParts(control),
    slices: control.slices,
    wakeClusters: () => jobs.wake('clusters'),
    wake: (job, payload) => jobs.wake(job, payload),
    async admit(request, dryRun) {
      const reply = await (dryRun ? tryAdmission : admitHost)(topology, request, guard);
      if (reply.kind === 'refused' && reply.cause !== undefined) onUnsuitableHost(reply.cause, request.actor);
      return reply;
    },
    countedKeys: (query) => telemetry.topKeys(query),
    ...{ groupProgress, groupOutlooks, recoveries, measuredRecoveries: recoveries },
    arrivals: (stream) => arrivalsOf({ telemetry, forecasts }, stream, Date.now()),
    ruleHistory: rememberedHistory({ telemetry, forecasts, map, nowMs: Date.now }),
    breathe: () => nextTurn(),
  };
}

const onRun: LossSources['onRun'] = async (host, use) => {
  const opened = await connectAnyHost(host);
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
};
