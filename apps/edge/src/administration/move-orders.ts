/** Moves: list, show, begin, pause, resume, abort, move back, and the switch for all. */
import { ForeshardError } from '@foreshard/core/kernel';
import {
  type Move,
  orderMove,
  pauseAllMoves,
  type Requested,
  requestMoveBack,
  requestMoves,
} from '@foreshard/core/migration';
import type { Topology } from '@foreshard/core/topology';
import type { z } from 'zod';
import { moveDocument } from './move-document.ts';
import type { AdministrationParts, Caller } from './parts.ts';
import { operatorOf, reaching, refused } from './refusing.ts';
import type {
  controlsSchema,
  limitsOrderSchema,
  moveResultSchema,
  moveResultsSchema,
  movesOrderSchema,
  movesSchema,
  orderedMoveSchema,
  shownMoveSchema,
} from './schemas.ts';

type Controls = z.output<typeof controlsSchema>;
type Ordered = z.output<typeof orderedMoveSchema>;

const MS_PER_SECOND = 1_000;

export class MoveOrders {
  private readonly parts: AdministrationParts;

  constructor(parts: AdministrationParts) {
    this.parts = parts;
  }

  list(query: { ended: boolean; limit: number }): Promise<z.output<typeof movesSchema>> {
    return reaching(async () => {
      const { topology, moves } = this.parts;
      const [found, controls, { hosts }] = await Promise.all([
        moves.list(query),
        moves.controls(),
        topology.snapshot(),
      ]);
      return { migrations: found.map((move) => moveDocument(move, hosts)), controls };
    });
  }

  show(id: number): Promise<z.output<typeof shownMoveSchema>> {
    return reaching(async () => {
      const { topology, moves } = this.parts;
      const [move, journal, { hosts }] = await Promise.all([
        moves.find(id),
        moves.journal(id),
        topology.snapshot(),
      ]);
      if (move === undefined) throw unknown(id);
      const steps = journal.map(({ atMs, worker, what, bytes, detail }) => {
        return { at: new Date(atMs).toISOString(), worker, what, bytes, detail };
      });
      return { migration: moveDocument(move, hosts), journal: steps };
    });
  }

  /** Some may move while others are refused; where all are, that is a problem. */
  begin(
    order: z.output<typeof movesOrderSchema>,
    caller: Caller,
  ): Promise<z.output<typeof moveResultsSchema>> {
    return reaching(async () => {
      const { shardlets, to, reason, windowSeconds, bytesPerSecondMax } = order;
      const dest = hostNamed(await this.parts.topology.snapshot(), to);
      const windowMs = windowSeconds === undefined ? undefined : windowSeconds * MS_PER_SECOND;
      const request = { shardlets, dest, reason, windowMs, bytesPerSecondMax };
      const answers = await requestMoves(operatorOf(this.parts, caller), request, caller.dryRun);
      const results = answers.map((answer) => resultOf(answer, caller.dryRun));
      const [first] = answers;
      if (first?.kind === 'refused' && answers.every((a) => a.kind === 'refused'))
        throw refused(first.refusal, 'unknown_shardlet', { results });
      return { results };
    });
  }

  order(id: number, order: Move['order'], reason: string, caller: Caller): Promise<Ordered> {
    return reaching(async () => {
      if (caller.dryRun) return this.wouldBeOrdered(id);
      const reply = await orderMove(operatorOf(this.parts, caller), id, order, reason);
      if (reply.kind === 'unknown') throw unknown(id);
      if (reply.kind === 'tooLate') throw tooLate(reply.move);
      return this.ordered(reply.move, false);
    });
  }

  moveBack(id: number, reason: string, caller: Caller): Promise<z.output<typeof moveResultSchema>> {
    return reaching(async () => {
      const reply = await requestMoveBack(operatorOf(this.parts, caller), id, reason, caller.dryRun);
      if (reply.kind === 'unknown') throw unknown(id);
      if (reply.kind === 'notMoved')
        throw new ForeshardError('conflict', `Migration ${id} has not ended at its destination.`);
      if (reply.kind === 'refused') throw refused(reply.refusal, 'unknown_shardlet');
      return resultOf(reply, caller.dryRun);
    });
  }

  pauseAll(paused: boolean, reason: string, caller: Caller): Promise<Controls> {
    return reaching(async () => {
      const operator = operatorOf(this.parts, caller);
      if (!caller.dryRun) return pauseAllMoves(operator, paused, paused ? reason : '');
      return { ...(await this.parts.moves.controls()), paused, reason: paused ? reason : '' };
    });
  }

  limit(
    { bytesPerSecondMax, concurrencyMax }: z.output<typeof limitsOrderSchema>,
    { actor, dryRun }: Caller,
  ): Promise<Controls> {
    const change = {
      ...(bytesPerSecondMax === undefined ? {} : { bytesPerSecondMax }),
      ...(concurrencyMax === undefined ? {} : { concurrencyMax }),
    };
    const { moves } = this.parts;
    return reaching(async () =>
      dryRun ? { ...(await moves.controls()), ...change } : moves.setControls(change, actor),
    );
  }

  private async wouldBeOrdered(id: number): Promise<Ordered> {
    const move = await this.parts.moves.find(id);
    if (move === undefined) throw unknown(id);
    if (move.endedAtMs !== null || move.order === 'abort') throw tooLate(move);
    return this.ordered(move, true);
  }

  private async ordered(move: Move, dryRun: boolean): Promise<Ordered> {
    const { hosts } = await this.parts.topology.snapshot();
    return { migration: moveDocument(move, hosts), dryRun };
  }
}

/** A name comes before a number: a host may be called 7. */
function hostNamed({ hosts }: Topology, named: number | string): number {
  const found = hosts.find((h) => h.name === named) ?? hosts.find((h) => String(h.id) === String(named));
  if (found !== undefined) return found.id;
  throw new ForeshardError('unknown_host', `There is no host ${JSON.stringify(named)}.`, { pointer: '/to' });
}

function resultOf(answer: Requested, dryRun: boolean): z.output<typeof moveResultSchema> {
  const { shardlet } = answer;
  if (answer.kind === 'refused') {
    const { reason, detail } = answer.refusal;
    return {
      shardlet,
      result: 'refused',
      migration: null,
      from: null,
      to: null,
      refusal: { reason, detail },
    };
  }
  const { move, source: from, dest: to } = answer;
  return { shardlet, result: dryRun ? 'would move' : 'moving', migration: dryRun ? null : move, from, to };
}

function unknown(id: number): ForeshardError {
  return new ForeshardError('unknown_migration', `There is no migration ${id}.`, { pointer: '{id}' });
}

function tooLate({ id, result }: Move): ForeshardError {
  const what = result === null ? 'is being aborted already' : `has ended: it was ${result}`;
  return new ForeshardError('conflict', `Migration ${id} ${what}.`);
}
