/** The person at the command line, as recommendations know one. */
import type { Adviser } from '@foreshard/core/advising';
import type { Control } from '../composition.ts';
import { operatorOf } from '../restructure/operator.ts';

export function adviserOf(control: Control): Adviser {
  const { recommendations: log, policies, topology, clusters, jobs } = control;
  const { actor, nowMs } = operatorOf(control);
  const wake = async () =>
    void (await Promise.all([jobs.wake('carryOut'), jobs.wake('plan'), jobs.wake('clusters')]));
  return { log, policies, topology, clusters, wake, nowMs, actor };
}
