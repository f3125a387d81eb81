/**
 * The first two phases: hosts that died, then hosts an operator drains. They come before everything else because
 * their shardlets need a place whatever the load is, and all later phases must see how full that makes the others.
 */
import { HOST_STATUS } from '../columns.ts';
import type { Phase, PlanContext } from '../context.ts';
import { emptyHost } from '../moving.ts';

export const repairDeadHosts: Phase = {
  name: 'repair-dead-hosts',
  run: (context) => emptyAll(context, 'repair-dead-hosts', HOST_STATUS.dead),
};

export const evacuateDrained: Phase = {
  name: 'evacuate-drained',
  run: (context) => emptyAll(context, 'evacuate-drained', HOST_STATUS.draining),
};

function emptyAll(context: PlanContext, phase: Phase['name'], status: number): void {
  const { cluster, skips } = context;
  for (let host = 0; host < cluster.hostCount; host++) {
    if (cluster.input.hosts.status[host] !== status) continue;
    emptyHost(context, phase, host);
    if (cluster.owned[host]! > 0) skips.host(phase, host, 'not-empty-yet');
  }
}
