/**
 * What operations are carried out on: the stores of the control plane, and ways to hosts and targets. What serves
 * groups is the caller's.
 */
import { randomUUID } from 'node:crypto';
import type { OperationStores } from '../../operations/handlers/index.ts';
import type { LossSources } from '../../readmission/index.ts';
import { TelemetryStore } from '../../telemetry/index.ts';
import type { TopologyMap } from '../../topology/index.ts';
import { chainStateReader } from '../audit/index.ts';
import type { Control } from '../control/index.ts';
import { connectAnyHost } from '../event-hosts/index.ts';
import { admitHost, tryAdmission } from '../host-admission/index.ts';
import { identityParts } from '../identity/index.ts';
import { type NotificationServiceParts, notificationService } from '../webhooks/index.ts';

export interface OperationStoreOptions
  extends Pick<NotificationServiceParts, 'webhookNetworks' | 'consoleUrl'> {
  /** as it is now: of what was counted of keys, and for names of streams */
  readonly map: () => TopologyMap;
  /** why a host was not taken, for who may know what listens at an address */
  readonly onUnsuitableHost: (cause: string, actor: string) => void;
}

export function operationStores(
  control: Control,
  { map, onUnsuitableHost, webhookNetworks, consoleUrl }: OperationStoreOptions,
): Omit<OperationStores, 'groupService'> {
  const { topology, proofs, moves, jobs, drainFacts, groups, quotas, tokens } = control;
  const { recommendations, policies, inquiries, clusters, models } = control;
  const telemetry = new TelemetryStore({ blocks: control.telemetry, map, nowMs: Date.now });
  return {
    ...{ topology, proofs, moves, drainFacts, groups, quotas, tokens, map },
    ...{ recommendations, policies, inquiries, clusters, models },
    ...{ onRun, onHost: onRun, nowMs: Date.now },
    ...{ audit: control.audit, chainState: chainStateReader(control.redis) },
    ...{ people: control.people, sessions: control.sessions, links: control.links, consoleUrl },
    devices: control.devices,
    ...identityParts(),
    ...{ hints: control.hints, blocks: control.telemetry, newId: randomUUID },
    notifications: notificationService({
      ...{ store: control.notifications, webhookNetworks, consoleUrl },
      wake: () => jobs.wake('notify'),
    }),
    wakeClusters: () => jobs.wake('clusters'),
    wake: (job, payload) => jobs.wake(job, payload),
    async admit(request, dryRun) {
      const reply = await (dryRun ? tryAdmission : admitHost)(topology, request);
      if (reply.kind === 'refused' && reply.cause !== undefined) onUnsuitableHost(reply.cause, request.actor);
      return reply;
    },
    countedKeys: (query) => telemetry.topKeys(query),
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
