/**
 *      +<-----------------------------------------------------------------------------------+
 *      v                                                                                    |
 *   read the topology store --something opens or closes there--> finish it -----------------+
 *      |                                                                                    |
 *      +--without new epochs--> describe, where writes may be lost --> readmit a batch -----+
 *      +--nothing left--> mark the host --> publish the run --> (finished)
 *      +--another run is noted--> (stale)
 *
 * Gives every shardlet that takes appends on a restarted host a new epoch, and then lets the topology store trust the
 * run. First what is opening or closing there is finished; then at most 100 shardlets a decision, each batch finished
 * before the next is decided. The topology store tells what is left, so it does not matter who began it.
 */

import {
  type Action,
  type Answer,
  finish,
  type Machine,
  type Outcome,
  type Step,
  settled,
  stale,
  unexpected,
} from '../machines/index.ts';
import { finishingMachines } from '../moves/index.ts';
import {
  type Decision,
  type Host,
  type LostAt,
  needsNewEpoch,
  publishIncarnation,
  READMISSION_BATCH_MAX,
  readmitBatch,
  type TopologyMap,
} from '../topology/index.ts';

interface State {
  readonly batch: readonly number[];
  /** of how many of them the host is asked for the lastSeq, as it may have lost its last writes */
  readonly asked: number;
  readonly lost: readonly LostAt[];
  readonly publishing: boolean;
}

const LOOKING: State = { batch: [], asked: 0, lost: [], publishing: false };

/** @param noted the run whose readmission the topology store has noted */
export function renewingMachine(host: Host, noted: string): Machine<State> {
  const name = `new epochs on host ${host.id}`;
  return {
    name,
    start: look,
    step(state, answer) {
      switch (answer.kind) {
        case 'readTopology':
          return choose(host, noted, answer.reply);
        case 'prove':
          return decide(state, publishIncarnation(host.id, noted, host.incarnation));
        case 'run':
          return afterRun(answer.reply);
        case 'describe':
          return afterDescribe(host, noted, state, answer);
        case 'decide':
          return afterDecision(name, state, answer);
        default:
          return unexpected(name, answer);
      }
    },
  };
}

function look(): Step<State> {
  return { state: LOOKING, actions: [{ kind: 'readTopology' }] };
}

function choose(before: Host, noted: string, map: TopologyMap): Step<State> {
  const host = map.host(before.id);
  if (host?.readmission?.incarnation !== noted)
    return finish(LOOKING, {
      kind: 'stale',
      detail: `host ${before.id} is not being readmitted as run ${noted}`,
    });
  const machines = finishingMachines(map, host.id);
  if (machines.length > 0) return { state: LOOKING, actions: [{ kind: 'run', machines }] };
  const batch = nextBatch(map, host);
  if (batch.length > 0) return prepare(map, host, noted, batch);
  return { state: { ...LOOKING, publishing: true }, actions: [{ kind: 'prove', host: host.id }] };
}

function nextBatch(map: TopologyMap, host: Host): number[] {
  const todo = [...map.shardlets()].filter((s) => needsNewEpoch(s, host)).map((s) => s.id);
  return todo.sort((a, b) => a - b).slice(0, READMISSION_BATCH_MAX);
}

function prepare(map: TopologyMap, host: Host, noted: string, batch: readonly number[]): Step<State> {
  const own = batch.filter((id) => map.shardlet(id)?.owner === host.id);
  const state = { ...LOOKING, batch };
  if (host.durability === 'always' || own.length === 0)
    return decide(state, readmitBatch(host.id, noted, batch, []));
  const actions = own.map((shardlet): Action => ({ kind: 'describe', host: host.id, shardlet }));
  return { state: { ...state, asked: own.length }, actions };
}

function afterDescribe(
  host: Host,
  noted: string,
  before: State,
  { action, reply }: Extract<Answer, { kind: 'describe' }>,
): Step<State> {
  if ('kind' in reply) return finish(before, stale(`shardlet ${action.shardlet} on host ${host.id}`, reply));
  const lost = [...before.lost, { shardlet: action.shardlet, lastSeq: reply.lastSeq }];
  const state = { ...before, lost };
  if (lost.length < before.asked) return { state, actions: [] };
  return decide(state, readmitBatch(host.id, noted, before.batch, lost));
}

function afterRun(outcomes: readonly Outcome[]): Step<State> {
  const unfinished = outcomes.find((o) => o.kind !== 'finished');
  return unfinished === undefined ? look() : finish(LOOKING, unfinished);
}

function afterDecision(
  name: string,
  state: State,
  { reply }: Extract<Answer, { kind: 'decide' }>,
): Step<State> {
  if (state.publishing || reply.kind === 'refused') return finish(state, settled(name, reply));
  return look();
}

function decide(state: State, decision: Decision<unknown>): Step<State> {
  return { state, actions: [{ kind: 'decide', decision }] };
}
