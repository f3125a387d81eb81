/** Learning which events announce which: the job that divides the work, and the keeper of this worker's slices. */
import type { Control } from '@foreshard/core/adapters/control';
import type { AttributeFields } from '@foreshard/core/anticipating';
import type { MapFollower } from '@foreshard/core/topology';
import type { Logger } from 'pino';
import type { Processors } from '../jobs/registry.ts';
import { DivideSlices } from './divide-slices.ts';
import { EngineHost } from './engine-host.ts';
import { SliceKeeper } from './slice-keeper.ts';
import type { LearnerParts } from './slice-learner.ts';

export interface AnticipatingParts extends Pick<LearnerParts, 'heads' | 'reads'> {
  readonly control: Pick<Control, 'slices' | 'policies'>;
  readonly follower: Pick<MapFollower, 'map' | 'upToDate'>;
  readonly fields: AttributeFields;
  readonly worker: string;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** monotonic */
  readonly monotonicMs: () => number;
}

export interface Anticipating {
  readonly jobs: Pick<Processors, 'correlate'>;
  start(): void;
  stop(): Promise<void>;
}

export function anticipating(parts: AnticipatingParts): Anticipating {
  const { control, follower, fields, worker, log, heads, reads } = parts;
  const { slices, policies } = control;
  const map = () => follower.map;
  const divide = new DivideSlices({ slices, policies, map, fields, nowMs: parts.nowMs });
  const keeper = new SliceKeeper({
    ...{ slices, engines: new EngineHost(), heads, reads, map, worker, log },
    refresh: () => follower.upToDate(),
    ...{ nowMs: parts.monotonicMs, wallMs: parts.nowMs },
  });
  return {
    jobs: { correlate: () => divide.run() },
    start: () => keeper.start(),
    stop: () => keeper.stop(),
  };
}
