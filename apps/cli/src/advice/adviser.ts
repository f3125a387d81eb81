/** The person at the command line, as recommendations know one. */
import type { Adviser } from '@foreshard/core/advising';
import type { Control } from '../composition.ts';
import { operatorOf } from '../restructure/operator.ts';

export function adviserOf(control: Control): Adviser {
  const { recommendations: log, policies, topology, jobs } = control;
  const { actor, nowMs } = operatorOf(control);
  return { log, policies, topology, wake: () => jobs.wake('plan'), nowMs, actor };
}
