/** What a member should know beside its events, each change once. */
import type { ForeshardError } from '../edge/errors.ts';
import type { Assigned, GroupPoll } from './group-calls.ts';

export type Notice =
  | { readonly kind: 'assigned'; readonly group: string; readonly assigned: readonly Assigned[] }
  /** events that were past their retention before the group came to them: it never gets them */
  | { readonly kind: 'skipped'; readonly group: string; readonly shardlet: number; readonly events: number }
  /** another member has it now, and gets what was not committed again */
  | { readonly kind: 'lost'; readonly group: string; readonly shardlet: number }
  /** no edge, or not the part of it that groups need, until the next notice of the other kind */
  | { readonly kind: 'waiting'; readonly group: string; readonly error: ForeshardError }
  | { readonly kind: 'reached'; readonly group: string }
  | {
      readonly kind: 'dead-letter';
      readonly group: string;
      readonly shardlet: number;
      readonly seq: number;
      readonly error: unknown;
    };

export type NoticeOf = Notice extends infer N ? (N extends Notice ? Omit<N, 'group'> : never) : never;

export class NoticeBoard {
  private readonly group: string;
  private readonly onNotice: (notice: Notice) => void;
  private shown = '';
  private isWaiting = false;

  constructor(group: string, onNotice: (notice: Notice) => void) {
    [this.group, this.onNotice] = [group, onNotice];
  }

  notice(notice: NoticeOf): void {
    this.onNotice({ group: this.group, ...notice } as Notice);
  }

  assigned({ assigned }: GroupPoll): void {
    if (assigned === undefined) return;
    const shown = JSON.stringify(assigned.map(({ shardlet, revoking }) => [shardlet, revoking]));
    if (shown !== this.shown) this.notice({ kind: 'assigned', assigned });
    this.shown = shown;
  }

  readonly onWaiting = (error: ForeshardError): void => {
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.notice({ kind: 'waiting', error });
  };

  reached(): void {
    if (!this.isWaiting) return;
    this.isWaiting = false;
    this.notice({ kind: 'reached' });
  }
}
