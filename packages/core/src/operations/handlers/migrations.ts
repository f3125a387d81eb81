/** What is done for operations on migrations. */
import { ForeshardError } from '../../kernel/index.ts';
import {
  type Move,
  orderMove,
  pauseAllMoves,
  type Requested,
  requestMoveBack,
  requestMoves,
  secondsLeft,
} from '../../moves/index.ts';
import type { Host, Topology } from '../../topology/index.ts';
import type { Caller } from '../caller.ts';
import type { migrations } from '../migrations.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import { operatorOf, type TopologyStores } from './operator.ts';
import { refused } from './refusals.ts';

const MS_PER_SECOND = 1_000;

type Ordered = OutputOf<typeof migrations.pause>;
type MigrationDocument = Ordered['migration'];
type Controls = OutputOf<typeof migrations.pauseAll>;
type Result = OutputOf<typeof migrations.moveBack>;

export function migrationHandlers(stores: TopologyStores): RouterHandlers<typeof migrations> {
  const { topology, moves } = stores;

  async function order(id: number, given: Move['order'], reason: string, caller: Caller): Promise<Ordered> {
    const { dryRun } = caller;
    caller.note?.({ before: await documentNow(id) });
    const move = dryRun ? await wouldBeOrdered(id) : await orderedNow(id, given, reason, caller);
    const { hosts } = await topology.snapshot();
    return { migration: documentOf(move, hosts), dryRun };
  }

  async function documentNow(id: number): Promise<Pick<Ordered, 'migration'> | undefined> {
    const [move, { hosts }] = await Promise.all([moves.find(id), topology.snapshot()]);
    return move && { migration: documentOf(move, hosts) };
  }

  async function orderedNow(id: number, given: Move['order'], reason: string, caller: Caller): Promise<Move> {
    const reply = await orderMove(operatorOf(stores, caller), id, given, reason);
    if (reply.kind === 'unknown') throw unknown(id);
    if (reply.kind === 'tooLate') throw tooLate(reply.move);
    return reply.move;
  }

  async function wouldBeOrdered(id: number): Promise<Move> {
    const move = await moves.find(id);
    if (move === undefined) throw unknown(id);
    if (move.endedAtMs !== null || move.order === 'abort') throw tooLate(move);
    return move;
  }

  async function pauseAll(paused: boolean, reason: string, caller: Caller): Promise<Controls> {
    const kept = paused ? reason : '';
    caller.note?.({ before: await moves.controls() });
    if (!caller.dryRun) return pauseAllMoves(operatorOf(stores, caller), paused, kept);
    return { ...(await moves.controls()), paused, reason: kept };
  }

  return {
    async list(listed) {
      const [found, controls, { hosts }] = await Promise.all([
        moves.list(listed),
        moves.controls(),
        topology.snapshot(),
      ]);
      return { migrations: found.map((move) => documentOf(move, hosts)), controls };
    },
    async show({ migration: id }) {
      const [move, journal, { hosts }] = await Promise.all([
        moves.find(id),
        moves.journal(id),
        topology.snapshot(),
      ]);
      if (move === undefined) throw unknown(id);
      const steps = journal.map(({ atMs, worker, what, bytes, detail }) => {
        return { at: new Date(atMs).toISOString(), worker, what, bytes, detail };
      });
      return { migration: documentOf(move, hosts), journal: steps };
    },
    /** Some may move while others are refused; where all are, that is a problem. */
    async start({ shardlets, to, reason, windowSeconds, bytesPerSecondMax }, caller) {
      const dest = hostNamed(await topology.snapshot(), to);
      const windowMs = windowSeconds === undefined ? undefined : windowSeconds * MS_PER_SECOND;
      const request = { shardlets, dest, reason, windowMs, bytesPerSecondMax };
      const answers = await requestMoves(operatorOf(stores, caller), request, caller.dryRun);
      const results = answers.map((answer) => resultOf(answer, caller.dryRun));
      const [first] = answers;
      if (first?.kind === 'refused' && answers.every((a) => a.kind === 'refused'))
        throw refused(first.refusal, 'unknown_shardlet', { results });
      return { results };
    },
    pause: ({ migration, reason }, caller) => order(migration, 'pause', reason, caller),
    resume: ({ migration, reason }, caller) => order(migration, 'go', reason, caller),
    abort: ({ migration, reason }, caller) => order(migration, 'abort', reason, caller),
    async moveBack({ migration: id, reason }, caller) {
      const reply = await requestMoveBack(operatorOf(stores, caller), id, reason, caller.dryRun);
      if (reply.kind === 'unknown') throw unknown(id);
      if (reply.kind === 'notMoved')
        throw new ForeshardError(
          'conflict',
          `Migration ${id} has not ended at its destination; abort it instead.`,
        );
      if (reply.kind === 'refused') throw refused(reply.refusal, 'unknown_shardlet');
      return resultOf(reply, caller.dryRun);
    },
    pauseAll: ({ reason }, caller) => pauseAll(true, reason, caller),
    resumeAll: ({ reason }, caller) => pauseAll(false, reason, caller),
    async limit({ bytesPerSecondMax, concurrencyMax }, { actor, dryRun, note }) {
      const before = await moves.controls();
      note?.({ before });
      const change = {
        ...(bytesPerSecondMax === undefined ? {} : { bytesPerSecondMax }),
        ...(concurrencyMax === undefined ? {} : { concurrencyMax }),
      };
      return dryRun ? { ...before, ...change } : moves.setControls(change, actor);
    },
  };
}

/** A name comes before a number: a host may be called 7. */
function hostNamed({ hosts }: Topology, named: number | string): number {
  const found = hosts.find((h) => h.name === named) ?? hosts.find((h) => String(h.id) === String(named));
  if (found !== undefined) return found.id;
  throw new ForeshardError('unknown_host', `There is no host ${JSON.stringify(named)}.`, { pointer: '/to' });
}

function resultOf(answer: Requested, dryRun: boolean): Result {
  const { shardlet } = answer;
  if (answer.kind === 'refused') {
    const { reason, detail } = answer.refusal;
    const nothing = { migration: null, from: null, to: null };
    return { shardlet, result: 'refused', ...nothing, refusal: { reason, detail } };
  }
  const { move, source: from, dest: to } = answer;
  return { shardlet, result: dryRun ? 'would move' : 'moving', migration: dryRun ? null : move, from, to };
}

/** Hosts by name, times as texts, and how long it still takes. */
function documentOf(move: Move, hosts: readonly Host[]): MigrationDocument {
  const side = (id: number) => ({ host: id, name: hosts.find((h) => h.id === id)?.name ?? null });
  const { id, shardlet, kind, phase, result, order, orderReason, orderedBy, actor, reason } = move;
  const { bytes, records, bytesPerSecond, bytesPerSecondMax, obstacle, detail, worker } = move;
  return {
    ...{ id, shardlet, kind, from: side(move.source), to: side(move.dest), phase, result },
    ...{ order, orderReason, orderedBy, actor, reason },
    createdAt: new Date(move.createdAtMs).toISOString(),
    startedAt: timeOf(move.startedAtMs),
    endedAt: timeOf(move.endedAtMs),
    deadlineAt: timeOf(move.deadlineAtMs),
    ...{ bytes, records, bytesPerSecond, bytesPerSecondMax },
    lag: Math.max(0, move.sourceSeq - move.copiedSeq),
    secondsLeft: move.endedAtMs === null ? (secondsLeft(move) ?? null) : null,
    ...{ obstacle, detail, worker },
  };
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function unknown(id: number): ForeshardError {
  return new ForeshardError('unknown_migration', `There is no migration ${id}.`, { pointer: '{id}' });
}

function tooLate({ id, result }: Move): ForeshardError {
  if (result === null) return new ForeshardError('conflict', `Migration ${id} is being aborted already.`);
  const cure = result === 'moved' ? ' Move it back instead.' : '';
  return new ForeshardError('conflict', `Migration ${id} has ended: it was ${result}.${cure}`);
}
