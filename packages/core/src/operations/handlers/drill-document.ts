/** A restore drill as operations answer it. */
import { type Drill, type DrilledStep, failuresOf } from '../../group-state/index.ts';
import type { checkpoints } from '../checkpoints.ts';
import type { OutputOf } from '../operation.ts';

type Document = OutputOf<typeof checkpoints.drill>;

export function drillDocument(drill: Drill): Document {
  const { group, shardlet, seq, bytes, events, estimate, lost, unusable } = drill;
  const failures = failuresOf(drill);
  return {
    ...{ group, shardlet, seq, bytes, events, failures, ok: failures.length === 0, lost: [...lost] },
    steps: drill.steps.map(stepDocument),
    unusable: unusable.map(({ checkpoint, error }) => ({
      ...{ checkpoint: checkpoint.id, shardlet: checkpoint.shardlet, seq: checkpoint.seq, error },
    })),
    keys: drill.keys ?? null,
    stateBytes: drill.stateBytes ?? null,
    restoreMs: Math.round(drill.restoreMs),
    estimatedRestoreMs: Math.round(estimate.restoreMs),
    restoreErrorShare: estimate.restoreErrorShare ?? null,
    replayMs: Math.round(estimate.replayMs),
    readyMs: Math.round(drill.restoreMs + estimate.replayMs),
  };
}

function stepDocument(step: DrilledStep): Document['steps'][number] {
  if (step.kind === 'replay') return step;
  const { id, shardlet, seq, base = null, handlerVersion, bytes } = step.checkpoint;
  return {
    ...{ kind: 'restore', checkpoint: id, shardlet, seq, base, handlerVersion, bytes },
    ...{ entries: step.entries ?? null, unread: step.unread ?? null, ms: Math.round(step.ms) },
  };
}
