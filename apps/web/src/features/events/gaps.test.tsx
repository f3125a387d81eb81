import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import type { Gap } from '../../server/events/placed-event.ts';
import { Gaps, withGaps } from './gaps.tsx';

const lost = (shardlet: number, seq = 41): Gap => ({ kind: 'lost', shardlet, seq });

function textOf(gaps: readonly Gap[]): string {
  return renderToStaticMarkup(<Gaps gaps={gaps} />).replace(/<[^>]*>/g, '');
}

it('names each shardlet with the first number that is lost', () => {
  expect(textOf([lost(13), lost(14, 1)])).toContain(
    'A host lost events: shardlet 13 from seq 41 on, shardlet 14 from seq 1 on.',
  );
});

it('tells what retention removed apart from what a host lost', () => {
  const text = textOf([{ kind: 'trimmed', shardlet: 4, seq: 500 }]);
  expect(text).toBe('Retention removed events before they were read: shardlet 4 before seq 500.');
});

it('counts the shardlets of a large host beyond the first five', () => {
  const many = Array.from({ length: 200 }, (_, i) => lost(i + 1));
  expect(textOf(many)).toContain('shardlet 5 from seq 41 on, 195 more shardlets.');
});

it('shows nothing without a gap', () => {
  expect(textOf([])).toBe('');
});

it('keeps the newest gap of a shardlet while the tail goes on', () => {
  const both = withGaps(withGaps([], [lost(13), lost(14)]), [lost(13, 30)]);
  expect(both).toEqual([lost(13, 30), lost(14)]);
  expect(withGaps(both, [])).toBe(both);
});
