/**
 * What a reader meets, in order: events, and what it has to know beside them. A reader that only handles `event` has decided
 * to pass over the rest.
 */
import type { StoredEvent } from '../events.ts';
import type { HostRef, Lost, Page, Trimmed } from './pages.ts';

export type ReadItem =
  | (StoredEvent & {
      readonly kind: 'event';
      /** where to go on after this event; undefined where only the next `position` has one */
      readonly cursor: string | undefined;
    })
  /** before the events that follow the loss; some may come twice then, and none is missed */
  | (Lost & { readonly kind: 'lost' })
  | (Trimmed & { readonly kind: 'trimmed' })
  /** the log stops before these hosts, which do not answer; none: it goes on */
  | { readonly kind: 'waitingFor'; readonly hosts: readonly HostRef[] }
  | { readonly kind: 'skipped'; readonly hosts: NonNullable<Page['skipped']> }
  | { readonly kind: 'position'; readonly cursor: string; readonly atHead: boolean };

type Remarks = Pick<Page, 'lost' | 'trimmed' | 'waitingFor' | 'skipped'>;

/** Hosts are named again only when they are others. */
export class Remarking {
  private waitingFor = '[]';
  private skipped = '[]';

  *before({ lost = [], trimmed = [] }: Remarks): Generator<ReadItem> {
    for (const each of lost) yield { kind: 'lost', ...each };
    for (const each of trimmed) yield { kind: 'trimmed', ...each };
  }

  *after({ waitingFor: hosts = [], skipped = [] }: Remarks): Generator<ReadItem> {
    const [waits, skips] = [JSON.stringify(hosts), JSON.stringify(skipped)];
    if (waits !== this.waitingFor) yield { kind: 'waitingFor', hosts };
    if (skips !== this.skipped) yield { kind: 'skipped', hosts: skipped };
    [this.waitingFor, this.skipped] = [waits, skips];
  }
}
