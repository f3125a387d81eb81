/**
 * Carries out what the topology store has as moving, a few at a time, whoever has asked for it and whichever worker
 * began it. Each run looks at the topology store, so a lost wake-up, a killed worker or an emptied Redis costs time
 * only; a copy that is under way goes on beside the runs that follow.
 */
import { randomUUID } from 'node:crypto';
import type { EventHost } from '@foreshard/core/hosts';
import type { LockService } from '@foreshard/core/locking';
import { drive, type MoveRef, type Outcome, performer } from '@foreshard/core/machines';
import {
  abortingMachine,
  type DrainFacts,
  type DrainMove,
  endInLog,
  endOf,
  type Move,
  type MoveControls,
  type MoveLog,
  moveMachine,
  moveOf,
  movingShardlets,
  nextDrainMoves,
} from '@foreshard/core/moves';
import type { MapFollower } from '@foreshard/core/topology';
import {
  prepareMigration,
  type Shardlet,
  type TopologyMap,
  type TopologyStore,
} from '@foreshard/core/topology';
import type { Logger } from 'pino';
import type { HostDoors } from '../hosts/host-doors.ts';
import type { Metrics } from '../process/metrics.ts';
import { AwayHosts } from './away-hosts.ts';
import { WorkerSupervisor } from './supervisor.ts';
import { awaitedHost, givenUp, inTurn, mayBeUrgent } from './turns.ts';

/** A run waits this long for the moves it begins, so that short ones are told with it. */
const PATIENCE_MS = 1_500;
/** Ended ones that are looked at again, to be told how they have ended. */
const OPEN_ROWS_MAX = 10_000;
/** How often a drain chooses anew in one run, when hosts that it chose turn out to be away. */
const CHOICES_MAX = 3;

export interface MoverParts {
  readonly follower: Pick<MapFollower, 'map' | 'upToDate'>;
  readonly topology: Pick<TopologyStore, 'decide' | 'changesAfter'>;
  /** @throws HostUnreachable when the host is not whole by a mark that is sent after this call */
  readonly prove: (host: number) => Promise<void>;
  readonly doors: Pick<HostDoors, 'trusted'>;
  readonly lock: LockService;
  readonly moves: MoveLog;
  readonly difference: (move: number) => Promise<string | undefined>;
  readonly drainFacts: (map: TopologyMap) => Promise<DrainFacts>;
  readonly metrics: Pick<Metrics, 'outcomes' | 'moving' | 'movedBytes' | 'cutoverSeconds'>;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly actor: string;
}

export class Mover {
  private readonly parts: MoverParts;
  private readonly worker = `${process.pid}-${randomUUID().slice(0, 8)}`;
  private readonly running = new Map<number, Promise<Outcome | undefined>>();
  private readonly ending = new AbortController();
  private readonly away: AwayHosts;
  /** move -> the count at which it failed last */
  private readonly failures = new Map<number, number>();
  private failureCount = 0;
  /** moves that wait for a host that is away */
  private waiting: ReadonlySet<number> = new Set();

  constructor(parts: MoverParts) {
    this.parts = parts;
    this.away = new AwayHosts({ host: (id) => this.host(id), log: parts.log });
  }

  /** @throws when the topology store or the database does not answer */
  async run(signal: AbortSignal): Promise<object | undefined> {
    const map = await this.parts.follower.upToDate();
    await this.keepRows(map);
    await this.away.askAgain((host) => map.host(host) !== undefined);
    const controls = await this.parts.moves.controls();
    if (!controls.paused) await this.drain(map, controls.concurrencyMax, signal);
    const moving = movingShardlets(map);
    this.parts.metrics.moving.set(moving.length);
    const started = await this.startAll(map, moving, controls);
    const outcomes = await inTime(started);
    const ended = outcomes.filter((o) => o !== undefined);
    return ended.length === 0 ? undefined : { ended: ended.map((o) => o.kind) };
  }

  /** Ends what is under way at its next step; another worker goes on. */
  async stop(): Promise<void> {
    this.ending.abort(new Error('the worker ends'));
    await Promise.allSettled(this.running.values());
  }

  /** The topology store says what moves and what has ended; the rows follow. */
  private async keepRows(map: TopologyMap): Promise<void> {
    const { moves, actor } = this.parts;
    const rows = await moves.list({ ended: false, limit: OPEN_ROWS_MAX });
    const known = new Set(rows.map((row) => row.id));
    const unknown = movingShardlets(map).filter((s) => !known.has(moveOf(s)!.nextEpoch));
    if (unknown.length > 0)
      await moves.add(
        unknown.map((s) => ({ move: moveOf(s)!, kind: kindOf(s), actor, reason: 'found in the topology' })),
      );
    for (const row of rows) await this.endRow(map, row);
  }

  private async endRow(map: TopologyMap, row: Move): Promise<void> {
    if (endOf(map, row) === undefined) return;
    const result = await endInLog(this.parts.topology, map.version, row);
    await this.parts.moves.end(row.id, result, row.orderReason);
  }

  /** Prepares the next moves away from hosts that drain. */
  private async drain(map: TopologyMap, concurrencyMax: number, signal: AbortSignal): Promise<void> {
    const { topology, moves, actor } = this.parts;
    if (map.hosts().every((host) => host.state !== 'draining')) return;
    const facts = await this.parts.drainFacts(map);
    for (const { shardlet, dest, reason } of await this.chooseMoves(map, concurrencyMax, facts)) {
      signal.throwIfAborted();
      const { id, epoch } = shardlet;
      const reply = await topology.decide(prepareMigration({ id, epoch, dest }), actor);
      if (reply.kind === 'refused') continue;
      const move = moveOf(reply.result)!;
      await moves.add([{ move, kind: kindOf(reply.result), actor, reason }]);
    }
    await this.parts.follower.upToDate();
  }

  /**
   * Asks the hosts it has chosen before the topology store is asked: a move to one that is away would only wait
   * there.
   */
  private async chooseMoves(
    map: TopologyMap,
    concurrencyMax: number,
    facts: DrainFacts,
  ): Promise<readonly DrainMove[]> {
    for (let choice = 0; choice < CHOICES_MAX; choice++) {
      const away = new Map([...facts.away, ...this.away.reasons]);
      const moves = nextDrainMoves(map, concurrencyMax, { ...facts, away });
      const hosts = new Set(moves.flatMap(({ shardlet, dest }) => [shardlet.owner, dest]));
      if ((await this.away.silentAmong(hosts)).length === 0) return moves;
    }
    return [];
  }

  private async startAll(map: TopologyMap, moving: readonly Shardlet[], controls: MoveControls) {
    const rows = new Map(
      (await this.parts.moves.list({ ended: false, limit: OPEN_ROWS_MAX })).map((r) => [r.id, r]),
    );
    for (const id of this.failures.keys()) if (!rows.has(id)) this.failures.delete(id);
    const waiting = new Set<number>();
    const started: Promise<Outcome | undefined>[] = [];
    for (const shardlet of inTurn(moving, this.failures)) {
      const move = moveOf(shardlet)!;
      const row = rows.get(move.nextEpoch);
      if (this.running.has(move.nextEpoch) || (isPaused(row, controls) && !mayBeUrgent(row))) continue;
      const isFree = this.running.size < controls.concurrencyMax;
      const host = await this.hostToAwait(move, row, isFree);
      if (host !== undefined) {
        waiting.add(move.nextEpoch);
        await this.reportWaiting(map, move, row, host);
      } else if (isFree) started.push(this.start(map, shardlet, move, row));
    }
    this.waiting = waiting;
    return started;
  }

  /** `isNext`: it has a place, so its hosts are asked before it takes it. */
  private async hostToAwait(move: MoveRef, row: Move | undefined, isNext: boolean) {
    const nowMs = this.parts.nowMs();
    const isAway = (host: number) => this.away.has(host);
    const known = awaitedHost(move, row, isAway, nowMs);
    if (known !== undefined || !isNext || givenUp(row, nowMs) !== undefined) return known;
    await this.away.silentAmong(new Set([move.source, move.dest].filter((host) => !isAway(host))));
    return awaitedHost(move, row, isAway, nowMs);
  }

  private async reportWaiting(map: TopologyMap, { nextEpoch }: MoveRef, row: Move | undefined, host: number) {
    const name = map.host(host)?.name ?? String(host);
    const why = `waiting for host "${name}": ${this.away.reasonOf(host)}`;
    if (row?.obstacle !== why) await this.parts.moves.obstacle(nextEpoch, this.worker, why);
  }

  private start(map: TopologyMap, shardlet: Shardlet, move: MoveRef, row: Move | undefined) {
    const run = this.parts.lock
      .during(`move:${move.nextEpoch}`, () => this.carryOut(map, shardlet, move, row))
      .catch((error): undefined => this.reportFailure(move, error))
      .finally(() => this.running.delete(move.nextEpoch));
    this.running.set(move.nextEpoch, run);
    return run;
  }

  private async carryOut(
    map: TopologyMap,
    shardlet: Shardlet,
    move: MoveRef,
    row: Move | undefined,
  ): Promise<Outcome> {
    const { signal } = this.ending;
    const supervisor = new WorkerSupervisor(
      { ...this.parts, host: this.host, sharers: this.sharers, worker: this.worker },
      signal,
    );
    const perform = performer({
      host: this.host,
      decide: (decision) => {
        signal.throwIfAborted();
        return this.parts.topology.decide(decision, this.parts.actor);
      },
      readTopology: () => this.parts.follower.upToDate(),
      prove: this.parts.prove,
      supervisor,
    });
    const end = givenUp(row, this.parts.nowMs());
    const machine = end === undefined ? moveMachine(map, shardlet) : abortingMachine(map, shardlet, end);
    let outcome = await drive(machine, perform);
    const wasUrgent = supervisor.phase === 'verify' || mayBeUrgent(row);
    if (outcome.kind === 'unreachable') this.away.mark(outcome.host, outcome.detail);
    // edges may be waiting: the source takes its shardlet back rather than wait for the destination
    if (wasUrgent && isDestinationAway(outcome, move))
      outcome = await drive(abortingMachine(map, shardlet, `host ${move.dest} does not answer`), perform);
    await supervisor.flush();
    await this.report(move, outcome);
    return outcome;
  }

  private async report({ nextEpoch }: MoveRef, outcome: Outcome): Promise<void> {
    const { moves, metrics, log } = this.parts;
    metrics.outcomes.inc({ outcome: outcome.kind });
    if (outcome.kind === 'finished') return moves.end(nextEpoch, 'moved', '');
    if (outcome.kind === 'aborted') return moves.end(nextEpoch, 'aborted', outcome.detail);
    log.warn({ move: nextEpoch, ...outcome }, 'a move does not get on');
    this.failures.set(nextEpoch, ++this.failureCount);
    // what is stale is another's by now, or is looked at again with a newer map
    if (outcome.kind !== 'stale') await moves.obstacle(nextEpoch, this.worker, outcome.detail);
  }

  private reportFailure({ nextEpoch }: MoveRef, error: unknown): undefined {
    const { log } = this.parts;
    if (this.ending.signal.aborted) return undefined;
    this.failures.set(nextEpoch, ++this.failureCount);
    log.warn({ move: nextEpoch, err: error }, 'a move was broken off: it is taken up again');
    return undefined;
  }

  private readonly host = async (id: number): Promise<EventHost> => {
    this.ending.signal.throwIfAborted();
    return this.parts.doors.trusted(id);
  };

  private readonly sharers = () =>
    movingShardlets(this.parts.follower.map).filter((s) => !this.waiting.has(moveOf(s)!.nextEpoch)).length;
}

function kindOf({ state }: Shardlet): Move['kind'] {
  return state.kind === 'moving' ? 'open' : 'closed';
}

function isPaused(row: Move | undefined, controls: MoveControls): boolean {
  return controls.paused || row?.order === 'pause';
}

function isDestinationAway(outcome: Outcome, { dest }: MoveRef): boolean {
  return outcome.kind === 'unreachable' && outcome.host === dest;
}

/** What has ended within the patience of a run; the others go on. */
async function inTime(started: readonly Promise<Outcome | undefined>[]): Promise<(Outcome | undefined)[]> {
  if (started.length === 0) return [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
  });
  const outcomes = await Promise.all(started.map((each) => Promise.race([each, late])));
  clearTimeout(timer);
  return outcomes;
}
