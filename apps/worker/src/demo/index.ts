/** The job that carries "Watch it work" out. */
import type { BlockStore } from '@foreshard/core/telemetry';
import type { Processors } from '../jobs/registry.ts';
import { DemoJob, type DemoJobParts } from './demo-job.ts';

export interface DemoParts extends Omit<DemoJobParts, 'exclusively'> {
  readonly telemetry: BlockStore;
}

export function demoJobs(parts: DemoParts): Pick<Processors, 'demo'> {
  const job = new DemoJob({
    ...parts,
    exclusively: (work) => parts.telemetry.exclusively('demo', work),
  });
  return { demo: (_, signal) => job.run(signal) };
}
