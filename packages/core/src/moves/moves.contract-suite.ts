/**
 * Moves between two real hosts under what a network, a second worker and wrong clocks can do to them. After
 * each case the log of every shardlet is what was acknowledged, in order, and T and the hosts agree.
 */
import { differingCopies } from './differing-copies.contract-suite.ts';
import { lateCalls } from './late-calls.contract-suite.ts';
import { scenarioOn } from './moves.fixture.ts';
import { movesAtEveryStep } from './moves-at-every-step.contract-suite.ts';
import { retriesAroundMoves } from './retries.contract-suite.ts';
import type { HostServer } from './server-cluster.fixture.ts';

export function movesContract(name: string, servers: () => readonly [HostServer, HostServer]): void {
  const scenario = scenarioOn(servers);
  movesAtEveryStep(name, scenario);
  lateCalls(name, scenario);
  differingCopies(name, scenario);
  retriesAroundMoves(name, scenario);
}
