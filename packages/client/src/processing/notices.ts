/** What happens to the state of a processor, beside the notices of every member. */
import type { Notice } from '../consuming/notices.ts';
import type { CheckpointReason } from './checkpoint-calls.ts';
import type { Saved } from './kept-shardlet.ts';
import type { RecoveredState } from './recovery.ts';

interface Of {
  readonly group: string;
  readonly shardlet: number;
}

export type ProcessorNotice =
  | Notice
  /** checkpoints were read: those of the shardlet itself, or of the ones that it came from */
  | (Of & {
      readonly kind: 'restored';
      readonly checkpoints: readonly {
        readonly id: string;
        readonly shardlet: number;
        readonly seq: number;
      }[];
      readonly keys: number;
      readonly bytes: number;
      readonly restoreMs: number;
    })
  /** events were handled once more, because the state was older than the position of the group */
  | (Of & {
      readonly kind: 'replayed';
      readonly events: number;
      readonly replayMs: number;
      /** no checkpoint was used: there is none, or none of this version of the handler */
      readonly fromLog: boolean;
    })
  | (Of & { readonly kind: 'checkpointed' } & Omit<Saved, 'shardlet'>)
  /** it is tried again */
  | (Of & { readonly kind: 'checkpoint-failed'; readonly reason: CheckpointReason; readonly error: unknown })
  /** events of the state are past their retention: it goes on without them, as `onStateLost` says */
  | (Of & { readonly kind: 'state-lost'; readonly error: unknown });

export function recoveredNotices(of: Of, recovered: RecoveredState): ProcessorNotice[] {
  const { lost: error, restored, state, bytes, restoreMs, replayedEvents: events, replayMs } = recovered;
  const notices: ProcessorNotice[] = [];
  const checkpoints = restored.map(({ id, shardlet, seq }) => ({ id, shardlet, seq }));
  if (error !== undefined) notices.push({ kind: 'state-lost', ...of, error });
  if (restored.length > 0)
    notices.push({ kind: 'restored', ...of, checkpoints, keys: state.keys, bytes, restoreMs });
  if (events > 0) notices.push({ kind: 'replayed', ...of, events, replayMs, fromLog: restored.length === 0 });
  return notices;
}
