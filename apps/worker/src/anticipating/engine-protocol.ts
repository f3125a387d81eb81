/** What passes between a worker and the thread its models run in. A request is answered once, in the order of requests. */
import type { SampledEvent, SliceReport, SliceSettings } from '@foreshard/core/anticipating';

export type EngineRequest = { readonly slice: string } & (
  | { readonly kind: 'open'; readonly settings: SliceSettings; readonly state: Uint8Array | undefined }
  /** `isGap`: events were lost before these */
  | { readonly kind: 'learn'; readonly events: readonly SampledEvent[]; readonly isGap: boolean }
  | { readonly kind: 'save' }
  | {
      readonly kind: 'report';
      readonly learned: number;
      readonly dropped: number;
      readonly behind: number;
      readonly nowMs: number;
    }
  | { readonly kind: 'close' }
);

export type EngineAnswer = object | Uint8Array | SliceReport;
export type EngineReply =
  | { readonly id: number; readonly answer: EngineAnswer }
  | { readonly id: number; readonly failed: string };
