/**
 * A host that came back as another run of its engine may have lost its last writes, and old requests may
 * still be on their way to it. It is used again only after every shardlet it takes appends for has a new
 * epoch. All progress stands in the topology store, so any worker can go on where another one stopped:
 *
 *   begin    the host notes the new run and the version it began at (`since`)
 *   (host)   the worker seals what is open there and not the topology store's, and finishes what is opening or closing there
 *   batches  what the host owns below `since` gets a new epoch and is raised; its migrations are aborted
 *   publish  with nothing left, the noted run becomes the one topology store trusts
 *
 * Another restart in between is another run: the worker begins again, and `since` rises above every epoch
 * given so far, so nothing that was raised on the lost run counts as readmitted.
 */
import { invariant } from '../../kernel/index.ts';
import type { Garbage, Host, Regressed, Shardlet } from '../model.ts';
import type { Decision, Refusal, TopologyView } from '../topology-store.ts';
import { accept, refuse } from './verdict.ts';

/** Bounds the time the clock row is held, and what one lost decision makes worth repeating. */
export const READMISSION_BATCH_MAX = 100;

export type Readmitting = Host & { readonly readmission: NonNullable<Host['readmission']> };

/**
 * `notedIncarnation`: the run that was found at the host's address, other than the one topology store trusts unless
 * the host has `regressed`. A loss that was accepted stays accepted over restarts: the host has begun its new
 * generation. `seen`: the readmission that this was decided on; a suspension that was noted meanwhile stays.
 */
export function beginReadmission(
  hostId: number,
  notedIncarnation: string,
  regressed?: Omit<Regressed, 'accepted'>,
  seen?: Host['readmission'],
): Decision<Host> {
  return {
    name: regressed === undefined ? 'beginReadmission' : 'suspendHost',
    needs: {},
    rule(view) {
      const host = view.host(hostId);
      if (host === undefined) return refuse('unknown', `no host ${hostId}`);
      if (host.state !== 'readmitting' && host.incarnation === notedIncarnation && regressed === undefined)
        return refuse('changed', `host ${hostId} is trusted as this run`);
      const noted = host.readmission;
      const asBefore = (noted?.regressed === undefined) === (regressed === undefined);
      const accepted = noted?.regressed?.accepted !== undefined;
      const isOlder = endsItself(noted?.regressed) && !endsItself(regressed);
      if (noted?.incarnation === notedIncarnation && ((asBefore && !isOlder) || accepted))
        return refuse('changed', `the readmission of this run has begun`);
      const isNew = noted?.regressed !== undefined && noted.since !== seen?.since;
      const isFinal = noted?.regressed !== undefined && !endsItself(noted.regressed);
      if (regressed === undefined && (isNew || isFinal) && !accepted)
        return refuse('changed', `host ${hostId} went back to an older state: ${noted.regressed!.detail}`);
      const before = noted?.before ?? (host.state === 'draining' ? 'draining' : 'active');
      const loss = accepted ? noted.regressed : regressed && withLimitsOf(noted?.regressed, regressed);
      const after: Host = {
        ...host,
        state: 'readmitting',
        readmission: {
          ...{ incarnation: notedIncarnation, since: view.version, before },
          ...(loss === undefined ? {} : { regressed: loss }),
        },
      };
      return accept({ hosts: [after] }, after);
    },
  };
}

/**
 * Another run may hold marks that were written after the host went back, so it proves no more than the suspended one:
 * what was certain then is the most that is certain now, until the loss is accepted.
 */
function withLimitsOf(
  before: Regressed | undefined,
  loss: Omit<Regressed, 'accepted'>,
): Omit<Regressed, 'accepted'> {
  if (before === undefined) return loss;
  const certainTs = Math.min(before.certainTs, loss.certainTs);
  const limited = { ...loss, certainTs, promise: Math.max(before.promise, loss.promise) };
  if (endsItself(before)) return limited;
  // an older state was found before: somebody may have been acknowledged something by that
  const { foundEmpty: _, comparedAt: __, ...final } = limited;
  return final;
}

/** Without a person, when the host is whole again. */
function endsItself(regressed: Omit<Regressed, 'accepted'> | undefined): boolean {
  return regressed?.foundEmpty === true || regressed?.comparedAt !== undefined;
}

export interface LostAt {
  readonly shardlet: number;
  /** of the replica as the restarted host has it */
  readonly lastSeq: number;
}

/**
 * New epochs for the named shardlets, at most 100. Those that need none any more (another worker was faster)
 * are left out of the result. `lost` must name what a host that is not `always` owns of them.
 */
export function readmitBatch(
  hostId: number,
  notedIncarnation: string,
  shardletIds: readonly number[],
  lost: readonly LostAt[],
): Decision<{ readonly raised: readonly Shardlet[] }> {
  invariant(shardletIds.length <= READMISSION_BATCH_MAX, `a batch has at most ${READMISSION_BATCH_MAX}`);
  return {
    name: 'readmitBatch',
    needs: { shardlets: shardletIds },
    rule(view) {
      const host = readmittingHost(view, hostId, notedIncarnation);
      if ('kind' in host) return host;
      if (host.readmission.regressed !== undefined)
        return refuse('not_allowed', `host ${hostId} went back to an older state`);
      const todo = shardletIds
        .map((id) => view.shardlet(id))
        .filter((s): s is Shardlet => s !== undefined && needsNewEpoch(s, host));
      if (todo.length === 0) return refuse('changed', `nothing of this is left to readmit`);
      const lastSeqs = new Map(lost.map((l) => [l.shardlet, l.lastSeq]));
      const unreported = todo.find((s) => s.owner === hostId && mayLose(host) && !lastSeqs.has(s.id));
      if (unreported !== undefined)
        return refuse('not_allowed', `shardlet ${unreported.id} needs its lastSeq`);
      const raised = todo.map((s) => raise(view, s, s.owner === hostId && mayLose(host), lastSeqs));
      const garbage = todo.flatMap((s) => abortedShadow(s, view.nowMs));
      return accept({ shardlets: raised, garbage }, { raised });
    },
  };
}

export function readmittingHost(
  view: TopologyView,
  id: number,
  noted: string,
): Readmitting | { readonly kind: 'refuse'; readonly refusal: Refusal } {
  const host = view.host(id);
  if (host === undefined) return refuse('unknown', `no host ${id}`);
  const { readmission } = host;
  if (readmission?.incarnation !== noted)
    return refuse('changed', `host ${id} is not being readmitted as this run`);
  return { ...host, readmission };
}

function mayLose(host: Host): boolean {
  return host.durability !== 'always';
}

/**
 * What `readmitBatch` gives a new epoch: shardlets that take appends on the host since before the
 * readmission, and every migration to it, also one that was prepared meanwhile. Workers use it to fill batches.
 */
export function needsNewEpoch(shardlet: Shardlet, host: Host): boolean {
  const { state, owner, epoch } = shardlet;
  if (host.readmission === undefined) return false;
  if (state.kind === 'moving' && state.dest === host.id) return true;
  const takesAppends = state.kind === 'open' || state.kind === 'moving';
  return takesAppends && owner === host.id && epoch < host.readmission.since;
}

/** Aborts a migration as well: the source is raised, whether it was sealed or not. */
function raise(
  view: TopologyView,
  shardlet: Shardlet,
  noteLost: boolean,
  lastSeqs: ReadonlyMap<number, number>,
): Shardlet {
  const epoch = view.version;
  const noted = noteLost ? [{ epoch, seq: lastSeqs.get(shardlet.id)! }] : [];
  const state: Shardlet['state'] = { kind: 'opening', job: { kind: 'raise' } };
  return { ...shardlet, epoch, state, lost: [...shardlet.lost, ...noted] };
}

function abortedShadow({ id, state }: Shardlet, since: number): Garbage[] {
  if (state.kind !== 'moving') return [];
  return [{ host: state.dest, shardlet: id, epoch: state.nextEpoch, since }];
}

/** Trusts the new run. Refused as long as anything on the host is opening, closing or not readmitted. */
export function publishIncarnation(hostId: number, incarnation: string, expectedOld: string): Decision<Host> {
  return {
    name: 'publishIncarnation',
    needs: { shardletsOfHost: hostId },
    rule(view) {
      const host = readmittingHost(view, hostId, incarnation);
      if ('kind' in host) return host;
      const { regressed } = host.readmission;
      if (regressed !== undefined && regressed.accepted === undefined)
        return refuse('not_allowed', `nobody has accepted what host ${hostId} lost`);
      if (host.incarnation !== expectedOld) return refuse('changed', `host ${hostId} trusts another run`);
      const left = view.shardlets().find((s) => isUnfinished(s, host));
      if (left !== undefined)
        return refuse('in_use', `shardlet ${left.id} is ${left.state.kind}, not readmitted`);
      const { readmission, ...rest } = host;
      const generation = readmission.regressed?.accepted ?? host.generation;
      const after: Host = { ...rest, incarnation, generation, state: readmission.before };
      return accept({ hosts: [after] }, after);
    },
  };
}

function isUnfinished(shardlet: Shardlet, host: Host): boolean {
  const { kind } = shardlet.state;
  const waitsForHost = shardlet.owner === host.id && (kind === 'opening' || kind === 'closing');
  const takesAppends = kind === 'open' || kind === 'moving';
  return waitsForHost || needsNewEpoch(shardlet, host) || (takesAppends && isRemnant(shardlet, host));
}

/**
 * What the host has not been asked about since its loss was accepted: all it owns that is still kept, and every
 * move to it. `lost` tells, not the epoch: a move that is given up meanwhile raises its source and asks nobody.
 */
export function isRemnant(shardlet: Shardlet, host: Host): boolean {
  const { readmission } = host;
  if (readmission?.regressed?.accepted === undefined || shardlet.state.kind === 'gone') return false;
  if (isMoveTo(shardlet, host.id)) return true;
  return shardlet.owner === host.id && !shardlet.lost.some(({ epoch }) => epoch >= readmission.since);
}

function isMoveTo({ state }: Shardlet, host: number): boolean {
  return (state.kind === 'moving' || state.kind === 'closedMoving') && state.dest === host;
}
