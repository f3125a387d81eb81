/**
 * Shows the profiler what was stored, once a request is settled and before its bytes are let go. Whatever
 * submits events goes through here, and a profiler that fails costs its profile, never an event.
 */
import type { Profiler } from '@foreshard/core/profiling';
import { type Intake, STORED } from '../ingest/intake.ts';

interface Submitting {
  submit(intake: Intake): void;
}

export class ProfileObserver implements Submitting {
  private readonly profiler: Profiler;
  private readonly next: Submitting;
  private readonly fault: (error: unknown) => void;

  constructor(profiler: Profiler, next: Submitting, fault: (error: unknown) => void) {
    this.profiler = profiler;
    this.next = next;
    this.fault = fault;
  }

  submit(intake: Intake): void {
    if (!this.profiler.passes(intake.count)) {
      const chosen = [...this.profiler.sampled(intake.count)];
      const { onSettled } = intake;
      intake.onSettled = () => {
        this.profile(intake, chosen);
        onSettled();
      };
    }
    this.next.submit(intake);
  }

  private profile(intake: Intake, chosen: readonly number[]): void {
    const { bytes, bounds, shardlet, status, stream } = intake;
    try {
      for (const i of chosen)
        if (status[i] === STORED)
          this.profiler.add(stream.name, shardlet[i]!, bytes.subarray(bounds.from[i], bounds.to[i]));
    } catch (error) {
      this.fault(error);
    }
  }
}
