/** What a processor has and has done, for its metrics. */
import type { KeptShardlet } from './kept-shardlet.ts';
import type { ProcessorNotice } from './notices.ts';

export interface ProcessorStats {
  readonly shardlets: number;
  /** of them: their state is on its way, and they handle no events yet */
  readonly recovering: number;
  readonly keys: number;
  /** of keys and states as JSON; memory is about a byte of each (2 with letters beyond Latin-1) and 130 a key */
  readonly chars: number;
  /** handled since the last checkpoint: what a replacement would replay */
  readonly unsavedEvents: number;
  readonly checkpoints: number;
  readonly checkpointBytes: number;
  readonly checkpointsFailed: number;
  readonly recoveries: number;
  readonly replayedEvents: number;
}

export class Tally {
  private checkpoints = 0;
  private checkpointBytes = 0;
  private checkpointsFailed = 0;
  private recoveries = 0;
  private replayedEvents = 0;

  note(notice: ProcessorNotice): void {
    if (notice.kind === 'checkpointed') {
      this.checkpoints++;
      this.checkpointBytes += notice.bytes;
    } else if (notice.kind === 'checkpoint-failed') this.checkpointsFailed++;
    else if (notice.kind === 'restored') this.recoveries++;
    else if (notice.kind === 'replayed') {
      if (notice.fromLog) this.recoveries++;
      this.replayedEvents += notice.events;
    }
  }

  stats(kept: Iterable<KeptShardlet>): ProcessorStats {
    const { checkpoints, checkpointBytes, checkpointsFailed, recoveries, replayedEvents } = this;
    const now = { shardlets: 0, recovering: 0, keys: 0, chars: 0, unsavedEvents: 0 };
    for (const { state, saved } of kept) {
      now.shardlets++;
      if (state === undefined) {
        now.recovering++;
        continue;
      }
      now.keys += state.keys;
      now.chars += state.chars;
      now.unsavedEvents += Math.max(0, state.seq - Math.max(0, saved));
    }
    return { ...now, checkpoints, checkpointBytes, checkpointsFailed, recoveries, replayedEvents };
  }
}
