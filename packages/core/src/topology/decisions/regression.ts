/**
 * A host that went back to an older state. What it lost, nobody can give back; what the topology store does here
 * makes it known:
 *
 *   suspend  (beginReadmission with `regressed`) nobody uses the host
 *   accept   a person accepts the loss; the version of that decision is the host's next generation
 *   (host)   begins that generation, so that no answer to an older request counts any more
 *   batches  each shardlet it owns gets a new epoch at what the host still has, and `lost (epoch, certain seq)`
 *   publish  as after a restart
 *
 * A reader or group whose position was made below that epoch is set back to the certain seq: above it the
 * host may have given numbers a second time.
 */
import { invariant } from '../../kernel/index.ts';
import type { Garbage, Host, Shardlet } from '../model.ts';
import type { Decision, TopologyView } from '../topology-store.ts';
import { isRemnant, READMISSION_BATCH_MAX, type Readmitting, readmittingHost } from './readmission.ts';
import { accept, refuse } from './verdict.ts';

/** A person accepts what the host lost. `incarnation`: the run whose preview the person has seen. */
export function acceptLoss(hostId: number, incarnation: string): Decision<Host> {
  return {
    name: 'acceptLoss',
    needs: {},
    rule(view) {
      const host = readmittingHost(view, hostId, incarnation);
      if ('kind' in host) return host;
      const { regressed } = host.readmission;
      if (regressed === undefined) return refuse('not_allowed', `host ${hostId} has lost nothing`);
      if (regressed.accepted !== undefined) return refuse('changed', `the loss was accepted before`);
      const readmission = {
        ...host.readmission,
        since: view.version,
        regressed: { ...regressed, accepted: view.version },
      };
      const after: Host = { ...host, readmission };
      return accept({ hosts: [after] }, after);
    },
  };
}

/**
 * The host went back once more before it was readmitted: what was noted of it does not hold any more, and every
 * shardlet is asked about again. `certainTs`: hostLast of the mark it holds now.
 */
export function askAgain(hostId: number, incarnation: string, certainTs: number): Decision<Host> {
  return {
    name: 'askAgain',
    needs: {},
    rule(view) {
      const host = readmittingHost(view, hostId, incarnation);
      if ('kind' in host) return host;
      const { readmission } = host;
      const { regressed } = readmission;
      if (regressed?.accepted === undefined)
        return refuse('not_allowed', `nobody has accepted what host ${hostId} lost`);
      const lower = { ...regressed, certainTs: Math.min(regressed.certainTs, certainTs) };
      const after: Host = { ...host, readmission: { ...readmission, since: view.version, regressed: lower } };
      return accept({ hosts: [after] }, after);
    },
  };
}

/** What a host that went back still has of a shardlet it owns. */
export interface Remnant {
  readonly shardlet: number;
  /** of the replica that was found; 0: none */
  readonly epoch: number;
  /** false: no log that could go on (absent, dropped, or a copy that was never completed) */
  readonly held: boolean;
  /** no record up to it was lost or replaced; at most lastSeq, 0 where nothing is held */
  readonly certainSeq: number;
  readonly lastSeq: number;
  /** highest timestamp given or promised there */
  readonly last: number;
}

/** At most READMISSION_BATCH_MAX. Those that another worker has done are left out of the result. */
export function readmitRemnants(
  hostId: number,
  incarnation: string,
  remnants: readonly Remnant[],
): Decision<{ readonly after: readonly Shardlet[] }> {
  invariant(remnants.length <= READMISSION_BATCH_MAX, `a batch has at most ${READMISSION_BATCH_MAX}`);
  return {
    name: 'readmitRemnants',
    needs: { shardlets: remnants.map((r) => r.shardlet) },
    rule(view) {
      const host = readmittingHost(view, hostId, incarnation);
      if ('kind' in host) return host;
      if (host.readmission.regressed?.accepted === undefined)
        return refuse('not_allowed', `nobody has accepted what host ${hostId} lost`);
      const after: Shardlet[] = [];
      const garbage: Garbage[] = [];
      for (const remnant of remnants) {
        const before = view.shardlet(remnant.shardlet);
        if (before === undefined || !isRemnant(before, host)) continue;
        const now = goingOn(view, before, host, remnant);
        garbage.push(...givenUpCopy(before, view.nowMs), ...leftAtSource(before, now, view.nowMs));
        after.push(now);
      }
      if (after.length === 0) return refuse('changed', 'nothing of this is left to readmit');
      return accept({ shardlets: after, garbage }, { after });
    },
  };
}

/**
 * The host held an open replica that the topology store has elsewhere: whatever was given to it below `epoch` and
 * above `seq` is lost with it. Refused as `exists` when it is named already.
 */
export function nameLost(
  hostId: number,
  incarnation: string,
  { shardlet, epoch, seq }: { readonly shardlet: number; readonly epoch: number; readonly seq: number },
): Decision<Shardlet> {
  return {
    name: 'nameLost',
    needs: { shardlets: [shardlet] },
    rule(view) {
      const host = readmittingHost(view, hostId, incarnation);
      if ('kind' in host) return host;
      const before = view.shardlet(shardlet);
      if (before === undefined) return refuse('unknown', `no shardlet ${shardlet}`);
      const named = before.lost.some((lost) => lost.epoch >= epoch && lost.seq <= seq);
      if (named) return refuse('exists', `it is named already`);
      const after = { ...before, lost: [...before.lost, { epoch, seq }] };
      return accept({ shardlets: [after] }, after);
    },
  };
}

function goingOn(view: TopologyView, before: Shardlet, host: Readmitting, remnant: Remnant): Shardlet {
  if (before.owner !== host.id) return withoutMove(view, before);
  const epoch = view.version;
  const { state } = before;
  // an earlier loss that the copy it has now does not know of was noted for readers that know no later one
  const unknown = before.lost.filter((loss) => loss.epoch > remnant.epoch).map((loss) => loss.seq);
  const lost = (seq: number) => [...before.lost, { epoch, seq: Math.min(seq, ...unknown) }];
  switch (state.kind) {
    case 'open':
    case 'moving':
      return { ...before, epoch, state: opening(remnant), lost: lost(remnant.certainSeq) };
    case 'opening':
      // the source of the move still holds all of it, sealed, until the opening is settled; unless it lost something
      // since
      if (state.job.kind === 'migrate' && !isItsCopy(before, remnant) && isAtSource(view, before))
        return {
          ...{ ...before, owner: state.job.source, epoch, state: RAISE },
          lost: lost(state.job.finalSeq),
        };
      return { ...before, epoch, state: opening(remnant), lost: lost(remnant.certainSeq) };
    default: {
      const { successors } = state;
      // of what is there now: it may be more than when a loss was accepted before
      const closed = {
        kind: 'closed',
        successors,
        finalSeq: remnant.lastSeq,
        finalTs: remnant.last,
      } as const;
      return { ...before, epoch, state: closed, lost: lost(remnant.certainSeq) };
    }
  }
}

/** What a host holds that is to open a copy: that copy, not a replica of before it gave the shardlet away. */
export function isItsCopy({ epoch }: Shardlet, found: Pick<Remnant, 'held' | 'epoch'>): boolean {
  return found.held && found.epoch >= epoch;
}

const RAISE: Shardlet['state'] = { kind: 'opening', job: { kind: 'raise' } };

/** It was being opened after a move, and the source of that move has lost nothing since. */
export function isAtSource(hosts: Pick<TopologyView, 'host'>, { state, epoch }: Shardlet): boolean {
  if (state.kind !== 'opening' || state.job.kind !== 'migrate') return false;
  const source = hosts.host(state.job.source);
  return source !== undefined && source.generation < epoch && source.readmission?.regressed === undefined;
}

function opening({ held }: Remnant): Shardlet['state'] {
  return held ? RAISE : { kind: 'opening', job: { kind: 'recreate' } };
}

/** The owner is another host, which has lost nothing: only the copy that was under way is given up. */
function withoutMove(view: TopologyView, before: Shardlet): Shardlet {
  const { state } = before;
  if (state.kind !== 'closedMoving') return { ...before, epoch: view.version, state: RAISE };
  const { successors, finalSeq, finalTs } = state;
  return { ...before, state: { kind: 'closed', successors, finalSeq, finalTs } };
}

/** The move ends here without being settled: the source has a sealed copy that nobody needs any more. */
function leftAtSource({ id, state }: Shardlet, now: Shardlet, since: number): Garbage[] {
  if (state.kind !== 'opening' || state.job.kind !== 'migrate' || now.owner === state.job.source) return [];
  return [{ host: state.job.source, shardlet: id, epoch: state.job.sourceEpoch, since }];
}

function givenUpCopy({ id, state }: Shardlet, since: number): Garbage[] {
  if (state.kind !== 'moving' && state.kind !== 'closedMoving') return [];
  return [{ host: state.dest, shardlet: id, epoch: state.nextEpoch, since }];
}
