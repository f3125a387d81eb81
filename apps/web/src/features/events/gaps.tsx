/** What is missing between the events on a page: lost by a host that went back, or removed by retention unread. */
import type { Gap } from '../../server/events/placed-event.ts';

/** A host has hundreds of shardlets. */
const NAMED_MAX = 5;

export function Gaps({ gaps }: { gaps: readonly Gap[] }) {
  const lost = gaps.filter(({ kind }) => kind === 'lost');
  const trimmed = gaps.filter(({ kind }) => kind === 'trimmed');
  if (gaps.length === 0) return null;
  return (
    <div role="alert" className="grid gap-1 border-line border-t bg-bad-soft px-5 py-3 text-sm">
      {lost.length === 0 ? null : (
        <p>
          <strong className="font-medium text-bad">A host lost events:</strong>{' '}
          {named(lost, (seq) => `from seq ${seq} on`)}. Events shown there before may be gone, and new events
          get their numbers.
        </p>
      )}
      {trimmed.length === 0 ? null : (
        <p>
          <strong className="font-medium text-bad">Retention removed events before they were read:</strong>{' '}
          {named(trimmed, (seq) => `before seq ${seq}`)}.
        </p>
      )}
    </div>
  );
}

function named(gaps: readonly Gap[], place: (seq: number) => string): string {
  const texts = gaps.slice(0, NAMED_MAX).map(({ shardlet, seq }) => `shardlet ${shardlet} ${place(seq)}`);
  const others = gaps.length - texts.length;
  const rest = others === 0 ? [] : [`${others} more ${others === 1 ? 'shardlet' : 'shardlets'}`];
  return [...texts, ...rest].join(', ');
}

/** The newest gap of each shardlet and kind. */
export function withGaps(known: readonly Gap[], more: readonly Gap[]): readonly Gap[] {
  if (more.length === 0) return known;
  const isSame = (a: Gap, b: Gap) => a.kind === b.kind && a.shardlet === b.shardlet;
  return [...more, ...known.filter((old) => !more.some((gap) => isSame(gap, old)))];
}
