/** Below which time nothing more comes of a shardlet: a promise of its host counts only with what it was made about. */
import { expect, it } from 'vitest';
import type { ReplicaInfo } from '../hosts/index.ts';
import { LogLane } from './log-lane.ts';
import { ServiceWorld } from './service-world.fixture.ts';

const PROMISED = 1_000;
const AT_END: ReplicaInfo = { shardlet: 1, epoch: 1, mode: 'open', firstSeq: 1, lastSeq: 5 };

it.each([
  ['open, of the epoch of the map, and read to its end', {}, PROMISED],
  ['sealed: it is on its way to another host', { mode: 'sealed' }, 0],
  ['of an epoch before the one of the map', { epoch: 0 }, 0],
  ['not read to its end', { lastSeq: 6 }, 0],
] as const)('a shardlet that is %s', (_, more, bound) => {
  const shardlet = new ServiceWorld([1]).map.shardlet(1)!;
  const position = { shardlet: 1, seq: 5, epoch: 1, assignment: 1 };
  const lane = new LogLane(shardlet, { ...position, member: 'm', revoking: false, skipped: 0 }, 5);
  const tables = { hostLast: () => PROMISED, replica: () => ({ ...AT_END, ...more }) };
  expect(lane.bound(tables)).toBe(bound);
});
