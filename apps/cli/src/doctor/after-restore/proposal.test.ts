import { describe, expect, it } from 'vitest';
import { compare } from './compare.ts';
import { propose } from './proposal.ts';
import type { Survey } from './survey.ts';
import { LEFT, RIGHT, replica, shardlet, survey, topologyOf, VERSION } from './world.fixture.ts';

const LATER = VERSION + 5;
const JUMP = 2 ** 40;

function proposed(topology: ReturnType<typeof topologyOf>, surveys: readonly Survey[]) {
  const proposal = propose(topology, surveys, compare(topology, surveys), 0);
  const steps = proposal.steps.map((step) => `${step.action} ${step.shardlet} at ${step.host}`);
  return { ...proposal, stepTexts: steps };
}

const T = topologyOf([shardlet(1)]);

describe('what a restored topology store should say', () => {
  it('lies above everything that anybody has seen', () => {
    const { version, nextIds } = proposed(T, [survey(1, [replica(1, 1, 'open')], JUMP + 3), survey(2, [])]);
    expect([version, nextIds.shardlet]).toEqual([2 * JUMP, JUMP]);
  });

  it('follows a move that it has forgotten: the open replica, at a new epoch', () => {
    const hosts = [survey(1, [replica(1, 1, 'sealed')]), survey(2, [replica(2, 1, 'open', LATER)])];
    const { stepTexts, adopted, version } = proposed(T, hosts);
    expect(stepTexts).toEqual(['adopt 1 at 2']);
    expect(adopted.shardlets).toMatchObject([
      { id: 1, owner: 2, epoch: version, state: { kind: 'opening', job: { kind: 'raise' } } },
    ]);
    expect(adopted.garbage).toMatchObject([{ host: 1, shardlet: 1, epoch: 10 }]);
  });

  it('drops a copy that could be opened by a decision still under way', () => {
    const hosts = [survey(1, [replica(1, 1, 'open')]), survey(2, [replica(2, 1, 'ready', LATER)])];
    const { stepTexts, hostSteps } = proposed(T, hosts);
    expect(stepTexts).toEqual(['adopt 1 at 1']);
    expect(hostSteps).toMatchObject([{ host: 2, kind: 'drop', shardlet: 1, epoch: LATER }]);
  });

  it('finds a split again by ids and ranges', () => {
    const children = [replica(1, 2, 'open', LATER, LEFT), replica(2, 3, 'open', LATER, RIGHT)];
    const hosts = [survey(1, [replica(1, 1, 'sealed'), children[0]!]), survey(2, [children[1]!])];
    const { stepTexts, adopted } = proposed(T, hosts);
    expect(stepTexts).toEqual(['close 1 at 1', 'adopt 2 at 1', 'adopt 3 at 2']);
    expect(adopted.shardlets[0]).toMatchObject({
      state: { kind: 'closed', successors: [2, 3], finalSeq: 5 },
    });
  });

  it('creates the child of a split that was never made', () => {
    const hosts = [survey(1, [replica(1, 1, 'sealed'), replica(1, 2, 'open', LATER, LEFT)]), survey(2, [])];
    const { stepTexts, hostSteps } = proposed(T, hosts);
    expect(stepTexts).toEqual([`create ${JUMP} at 1`, 'close 1 at 1', 'adopt 2 at 1']);
    expect(hostSteps).toMatchObject([{ host: 1, kind: 'create', shardlet: JUMP, from: { range: RIGHT } }]);
  });

  it('leaves to a person what is open on two hosts, or nowhere', () => {
    const twice = [survey(1, [replica(1, 1, 'open')]), survey(2, [replica(2, 1, 'open', LATER)])];
    expect(proposed(T, twice).stepTexts).toEqual(['unresolved 1 at 0']);
    expect(proposed(T, [survey(1, []), survey(2, [])]).stepTexts).toEqual(['unresolved 1 at 0']);
    // a copy that never was complete is nothing to go on with
    expect(proposed(T, [survey(1, []), survey(2, [replica(2, 1, 'shadow', LATER)])]).stepTexts).toEqual([
      'unresolved 1 at 0',
    ]);
  });

  it('ends a stream of which only later tombstones are left', () => {
    const { stepTexts, adopted } = proposed(T, [survey(1, [replica(1, 1, 'dropped', LATER)]), survey(2, [])]);
    expect([stepTexts, adopted.streamsRemoved]).toEqual([['end 1 at 0'], [1]]);
  });

  it('takes in a host that joined after the backup', () => {
    const hosts = [
      survey(1, [replica(1, 1, 'sealed')]),
      survey(2, []),
      survey(3, [replica(3, 1, 'open', LATER)]),
    ];
    const { stepTexts, adopted, nextIds } = proposed(T, hosts);
    expect(stepTexts).toEqual(['adopt 1 at 3']);
    expect(adopted.hosts).toMatchObject([{ id: 3, engine: 'redis', state: 'active' }]);
    expect(nextIds.host).toBeGreaterThan(3);
  });
});
