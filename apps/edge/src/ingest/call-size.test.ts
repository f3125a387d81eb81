import { describe, expect, it } from 'vitest';
import { CallSize } from './call-size.ts';

const MS = 1_000;
const LIMITS = { eventsMax: 4_000, bytesMax: 1, groupsMax: 1, microsMax: 1_000 * MS };

describe('the size of a call', () => {
  it('is all that a call may have while calls are done in time', () => {
    const size = new CallSize(LIMITS);
    size.answered(4_000, 900 * MS);
    expect(size.eventsMax).toBe(4_000);
  });

  it('is what would have been done in time after a call that was not, and never more than it had', () => {
    const size = new CallSize(LIMITS);
    size.answered(400, 4_000 * MS);
    expect(size.eventsMax).toBe(100);
    size.answered(4_000, 2_000 * MS); // sent before that was known
    expect(size.eventsMax).toBe(100);
  });

  it('falls with calls that were given up, but never to nothing', () => {
    const size = new CallSize(LIMITS);
    size.unanswered(4_000);
    expect(size.eventsMax).toBe(2_000);
    for (let i = 0; i < 20; i++) size.unanswered(size.eventsMax);
    expect(size.eventsMax).toBe(8);
    size.answered(1, 60_000 * MS);
    expect(size.eventsMax).toBe(8);
  });

  it('rises again while full calls are done in half of the time', () => {
    const size = new CallSize(LIMITS);
    size.unanswered(200);
    size.answered(3, 10 * MS); // tells nothing of a full one
    expect(size.eventsMax).toBe(100);
    size.answered(100, 700 * MS);
    expect(size.eventsMax).toBe(100);
    for (let i = 0; i < 10; i++) size.answered(size.eventsMax, 10 * MS);
    expect(size.eventsMax).toBe(4_000);
  });
});
