import { describe, expect, it } from 'vitest';
import { colourOf, describeCell } from './host-cells.tsx';

describe('a host as a cell', () => {
  it('that will be full soon is coloured by its memory, and is reachable', () => {
    expect(colourOf(['a', 'reachable', 40, 7])).toBe(colourOf(['b', 'draining', 49, 0]));
    expect(describeCell(['a', 'reachable', 40, 7])).toBe('a: reachable, 40 % of its memory used, 7 events/s');
  });

  it('looks different when it is unreachable, quarantined or recovering, whatever its memory', () => {
    const looks = (['unreachable', 'alarmed', 'readmitting', 'reachable'] as const).map((condition) =>
      colourOf(['a', condition, 95, 0]),
    );
    expect(new Set(looks).size).toBe(4);
    expect(colourOf(['a', 'regressed', 1, 0])).toBe(colourOf(['a', 'alarmed', 99, 0]));
    expect(describeCell(['a', 'alarmed', -1, 0])).toBe(
      'a: quarantined, memory without a limit or not measured, 0 events/s',
    );
  });

  it.each([
    [24, 25],
    [49, 50],
    [74, 75],
    [89, 90],
  ])('changes its colour between %i and %i %% of its memory', (below, above) => {
    expect(colourOf(['a', 'reachable', below, 0])).not.toBe(colourOf(['a', 'reachable', above, 0]));
    expect(colourOf(['a', 'reachable', -1, 0])).not.toBe(colourOf(['a', 'reachable', 0, 0]));
  });
});
