/**
 * Marks every host once a second, and whenever something is decided on what a host has shown; looks at the claims
 * of processes that saw one go back (docs/architecture/protocol.md, Progress). All that must last stands in the
 * topology store: each mark is stored before it is sent, and sent once; what is sent again is another mark with the
 * same number.
 *
 * What it finds wrong it leaves to the reconciler, which looks at the host itself before it suspends it.
 */
import { randomBytes } from 'node:crypto';
import {
  certainBefore,
  certainUnder,
  type EventHost,
  earlierWith,
  type HostClaim,
  type HostProof,
  type HostProofStore,
  HostUnreachable,
  isOnTop,
  markAfter,
  markOnTop,
  type OlderMark,
  ordinalOf,
  withWriter,
} from '@foreshard/core/hosts';
import { MICROS_PER_MS } from '@foreshard/core/kernel';
import { beginReadmission, type Host, type TopologyMap, type TopologyStore } from '@foreshard/core/topology';
import type { Logger } from 'pino';

/** A host that hangs is left out of the runs that follow until its call has ended. */
const PATIENCE_MS = 800;
const RANDOM_BYTES = 6;
/** One answer that was lost, and one other worker at the same time. */
const PROVING_ATTEMPTS = 8;

export interface ProverParts {
  readonly follower: { readonly map: TopologyMap };
  readonly topology: Pick<TopologyStore, 'decide'>;
  readonly proofs: HostProofStore;
  readonly host: (id: number) => Promise<EventHost>;
  /** wakes the reconciler */
  readonly wake: () => Promise<void>;
  /** the host was in an older state when it answered, whatever it is in when the reconciler looks */
  readonly older: (host: Host, seen: OlderMark) => void;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly actor: string;
  readonly random?: () => string;
}

/** A mark that is written to the topology store, and then sent. */
interface Sending {
  readonly host: Host;
  readonly handle: EventHost;
  readonly before: HostProof | undefined;
  readonly after: HostProof;
}

/** One proof of a host at a time; what is asked for meanwhile waits for the next. */
interface Proving {
  readonly proof: Promise<void>;
  following?: Promise<void>;
}

/** What this worker was answered, and the topology store is told next. */
interface Confirmed {
  /** holds as long as the topology store has this as the mark that was sent last */
  readonly asked: string;
  readonly proof: HostProof;
}

/** What one host told with its marks; kept by this worker only, for the preview of a loss. */
interface Reported {
  readonly generation: number;
  since: number;
  readonly lastSeqs: Map<number, number>;
}

export class HostProver {
  private readonly parts: ProverParts;
  /** names this process in the marks that it sends */
  private readonly process: string;
  private sent = 0;
  private readonly reported = new Map<number, Reported>();
  private readonly underWay = new Set<number>();
  private readonly confirmed = new Map<number, Confirmed>();
  private readonly proving = new Map<number, Proving>();

  constructor(parts: ProverParts) {
    this.parts = parts;
    this.process = (parts.random ?? (() => randomBytes(RANDOM_BYTES).toString('hex')))();
  }

  /** @throws when the topology store does not answer; hosts that do not answer wait for the next run */
  async run(): Promise<object | undefined> {
    const { proofs, follower } = this.parts;
    const known = await proofs.proofs();
    const usable = [...follower.map.hosts()].filter((host) => host.state !== 'readmitting');
    // one that is proven meanwhile is marked by that
    const free = usable.filter(({ id }) => !this.underWay.has(id) && !this.proving.has(id));
    const reached = await Promise.all(
      free.map((host) => this.inTime(host, this.reach(host, known.get(host.id)))),
    );
    const sendings = reached.filter((sending) => sending !== undefined);
    const written = await proofs.replace(sendings);
    const sent = sendings.filter(({ host }) => written.has(host.id));
    await Promise.all(sent.map((sending) => this.inTime(sending.host, this.sendOn(sending))));
    await proofs.replace(
      sent.flatMap((sending) => {
        const after = this.confirmation(sending);
        return after === undefined ? [] : [{ before: sending.after, after }];
      }),
    );
    for (const claim of await proofs.claims()) await this.examine(claim);
    return undefined;
  }

  /**
   * The host is as far as the topology store knows it to be, by a mark that was sent after this call began: what it
   * has shown before is still there. And nobody says that it went back.
   *
   * @throws HostUnreachable
   */
  prove(id: number): Promise<void> {
    const running = this.proving.get(id);
    if (running === undefined) return this.startProof(id);
    // it began before this call: all that ask meanwhile share the one after it
    running.following ??= running.proof.catch(() => {}).then(() => this.startProof(id));
    return running.following;
  }

  /**
   * The same for a run that is being readmitted, by a handle that goes to no other run. After an accepted loss it is
   * marked in the generation that it has begun, which nobody else uses yet.
   *
   * @throws HostUnreachable
   */
  proveRun(host: Host, handle: EventHost): Promise<void> {
    const generation = host.readmission?.regressed?.accepted ?? host.generation;
    return this.proveOnce(host.id, { host: { ...host, generation }, handle });
  }

  /** The next mark of a run that is being readmitted is sent on top of the one it holds, whichever that is. */
  async forgetMarks({ id, generation }: Host): Promise<void> {
    const { proofs } = this.parts;
    const before = (await proofs.proofs()).get(id);
    if (before !== undefined) await proofs.replace([{ before, after: { ...before, generation } }]);
  }

  private startProof(id: number): Promise<void> {
    const proof = this.proveOnce(id);
    const running: Proving = { proof };
    this.proving.set(id, running);
    const end = () => {
      if (this.proving.get(id) === running && running.following === undefined) this.proving.delete(id);
    };
    proof.then(end, end);
    return proof;
  }

  private async proveOnce(
    id: number,
    run?: { readonly host: Host; readonly handle: EventHost },
  ): Promise<void> {
    const { proofs, follower } = this.parts;
    for (let attempt = 1; attempt <= PROVING_ATTEMPTS; attempt++) {
      const host = run?.host ?? follower.map.host(id);
      if (host === undefined) break;
      const sending = await this.reach(host, (await proofs.proofs()).get(id), run?.handle);
      if (sending === undefined) break;
      if (!(await proofs.replace([sending])).has(id)) continue;
      const reply = await this.send(sending);
      const confirmed = this.confirmation(sending);
      const isRecorded = confirmed !== undefined && (await this.isRecorded(sending.after, confirmed));
      if (reply !== 'confirmed' || !isRecorded) continue;
      if (run === undefined && (await this.wasClaimed(id))) break;
      return;
    }
    throw new HostUnreachable('connection', `host ${id} could not be proven to be whole`);
  }

  /**
   * A mark does not show what was lost since the one before it, and who was answered by the host may have noticed: its claim
   * is answered first. What is decided on this proof may take a shardlet from the host, and then the claim proves nothing.
   */
  private async wasClaimed(id: number): Promise<boolean> {
    const claims = (await this.parts.proofs.claims()).filter(({ host }) => host === id);
    for (const claim of claims) await this.examine(claim);
    return claims.length > 0;
  }

  /** A host could go back unseen to before a mark that nobody but this process knows to be confirmed. */
  private async isRecorded(after: HostProof, confirmed: HostProof): Promise<boolean> {
    const { proofs } = this.parts;
    const { host: id } = after;
    if ((await proofs.replace([{ before: after, after: confirmed }])).has(id)) return true;
    // another worker has written that it will send one on top of the same mark: that one comes too late
    const now = (await proofs.proofs()).get(id);
    if (now?.held !== after.held || now.generation !== after.generation) return false;
    return (await proofs.replace([{ before: now, after: { ...confirmed, writers: now.writers } }])).has(id);
  }

  /** For the topology store, of a mark that was confirmed; not yet, or not any more: nothing. */
  private confirmation({ host, after }: Sending): HostProof | undefined {
    const confirmed = this.confirmed.get(host.id);
    if (confirmed?.asked !== after.next) return undefined;
    const { held } = confirmed.proof;
    // of an earlier one the one after it was refused: it is late wherever it comes
    return held === after.held ? undefined : { ...confirmed.proof, next: held };
  }

  /** What is known of the shardlets of a host from before it went back, for the preview of its loss. */
  async remember(host: number): Promise<void> {
    const reported = this.reported.get(host);
    if (reported !== undefined) await this.parts.proofs.remember(host, reported.lastSeqs);
  }

  /** A host that hangs is left alone by the runs that follow, until its call has ended. */
  private async inTime<R>(host: Host, call: Promise<R>): Promise<R | undefined> {
    this.underWay.add(host.id);
    const ended = call
      .catch((error: unknown) => this.failed(host, error))
      .finally(() => this.underWay.delete(host.id));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
    });
    const reply = await Promise.race([ended, late]);
    clearTimeout(timer);
    return reply;
  }

  /** A handle on the host, and what the topology store is to keep before the next mark is sent by it. */
  private async reach(
    host: Host,
    before: HostProof | undefined,
    opened?: EventHost,
  ): Promise<Sending | undefined> {
    const handle = opened ?? (await this.parts.host(host.id));
    if (before === undefined || before.generation < host.generation) return this.first(host, handle, before);
    const confirmed = this.confirmed.get(host.id);
    const isNewer = confirmed?.asked === before.next && confirmed.proof.generation === before.generation;
    const proof = isNewer ? confirmed.proof : before;
    const next = markOnTop(proof.held, before.next, this.sending());
    return { host, handle, before, after: { ...proof, next, writers: withWriter(proof, this.process) } };
  }

  private async first(
    host: Host,
    handle: EventHost,
    before: HostProof | undefined,
  ): Promise<Sending | undefined> {
    const { id, generation } = host;
    const { mark, markPromise, progress } = await handle.identify();
    if (progress.generation !== generation || (before === undefined && mark !== '')) {
      await this.parts.wake();
      return undefined;
    }
    const next = markAfter([mark, before?.next ?? ''], this.sending());
    const writers = withWriter(before ?? { writers: [] }, this.process);
    const { count } = progress;
    const promise = Math.min(markPromise, certainAtLoss(host));
    const earlier =
      before === undefined ? [] : [before.promise, ...before.earlier].filter((p) => p < promise);
    const after = { host: id, held: mark, next, writers, generation, count, promise, earlier };
    return { host, handle, before, after };
  }

  /**
   * Where an earlier mark was found, at once another on top of it: other workers would undo what is found by waiting.
   */
  private async sendOn(sending: Sending): Promise<void> {
    if ((await this.send(sending)) === 'earlier') await this.prove(sending.host.id);
  }

  private async send({ host, handle, after }: Sending): Promise<'confirmed' | 'earlier' | undefined> {
    const reported = this.reportedBy(host);
    const upTo = this.parts.nowMs() * MICROS_PER_MS;
    const reply = await handle.mark(after.held, after.next, upTo, reported.since);
    if (reply.kind === 'otherMark') return this.foundOther(host, after, reply.mark);
    reported.since = reply.since;
    for (const { shardlet, lastSeq } of reply.changed) reported.lastSeqs.set(shardlet, lastSeq);
    const { generation, count } = reply.progress;
    this.confirmed.set(host.id, {
      asked: after.next,
      proof: {
        ...{ host: host.id, held: after.next, next: after.next, generation, count },
        ...{ promise: Math.max(after.promise, reply.hostLast), earlier: earlierWith(after) },
        writers: after.writers,
      },
    });
    return 'confirmed';
  }

  /** An earlier sending was carried out, and its answer was lost: the next mark is sent on top of it. */
  private async foundOther(host: Host, after: HostProof, found: string): Promise<'earlier' | undefined> {
    if (!isOnTop(after, found)) {
      this.noteOlder(host, after, found);
      await this.parts.wake();
      return undefined;
    }
    this.confirmed.set(after.host, { asked: after.next, proof: { ...after, held: found } });
    return 'earlier';
  }

  /** The mark that it was sent on top of had been confirmed by then. */
  private noteOlder(host: Host, after: HostProof, mark: string): void {
    if (host.readmission?.regressed !== undefined || ordinalOf(mark) >= ordinalOf(after.held)) return;
    const detail = `host ${host.id}: it held mark ${mark || 'none'} again, after ${after.held}`;
    this.parts.older(host, { mark, certainTs: certainUnder(after, mark), detail });
  }

  private sending(): string {
    return `${this.process}-${++this.sent}`;
  }

  private reportedBy({ id, generation }: Host): Reported {
    let reported = this.reported.get(id);
    if (reported?.generation !== generation) {
      reported = { generation, since: 0, lastSeqs: new Map() };
      this.reported.set(id, reported);
    }
    return reported;
  }

  private async failed({ id }: Host, error: unknown): Promise<undefined> {
    if (!(error instanceof HostUnreachable)) throw error;
    this.parts.log.debug({ host: id, detail: error.message }, 'host cannot be marked');
    if (error.reason === 'regressed' || error.reason === 'incarnation') await this.parts.wake();
    return undefined;
  }

  /** A claim counts when this worker sees the same: a wrong number of one process stops no host. */
  private async examine(claim: HostClaim): Promise<void> {
    const { follower, proofs, log } = this.parts;
    const host = follower.map.host(claim.host);
    if (host === undefined || host.generation !== claim.generation) return proofs.answer(claim, 'denied');
    if (host.state === 'readmitting') {
      if (host.readmission?.regressed !== undefined) await proofs.answer(claim, 'confirmed');
      return;
    }
    try {
      const confirmed = await this.isTrue(claim);
      if (confirmed) log.error(claim, 'a process saw a host go back to an older state: it is suspended');
      else
        log.error(
          claim,
          'a process says that a host went back, and its last event there does not show it: compare them',
        );
      if (confirmed) await this.suspend(host, claim);
      await proofs.answer(claim, confirmed ? 'confirmed' : 'denied');
    } catch (error) {
      // it is asked again a second later
      if (!(error instanceof HostUnreachable)) throw error;
      if (error.reason === 'regressed') await this.parts.wake();
    }
  }

  /** A count proves nothing: a wrong one would stop a whole host. A record that is missing does. */
  private async isTrue({ host: id, acknowledged }: HostClaim): Promise<boolean> {
    if (acknowledged === undefined) return false;
    const handle = await this.parts.host(id);
    const { shardlet, seq, ts } = acknowledged;
    // what has moved to another host since proves nothing about this one
    if (this.parts.follower.map.shardlet(shardlet)?.owner !== id) return false;
    const reply = await handle.read(shardlet, seq, 0, { maxRecords: 1, maxBytes: 1 });
    return reply.kind === 'records' && reply.records[0]?.ts !== ts;
  }

  private async suspend(host: Host, { claimant, seen, answered, acknowledged }: HostClaim): Promise<void> {
    const { proofs, topology, actor } = this.parts;
    const { id } = host;
    const handle = await this.parts.host(id);
    const { incarnation, mark, markPromise } = await handle.identify();
    const proof = (await proofs.proofs()).get(id);
    const promise = Math.max(proof?.promise ?? 0, markPromise);
    // the newest marks may have been written after it went back
    const certainTs = Math.min(markPromise, certainBefore(proof, acknowledged?.ts ?? 0));
    const detail = `host ${id}: ${claimant} was answered change ${answered} after ${seen}`;
    const loss = { detail, byMarks: false, certainTs, promise };
    const decision = beginReadmission(id, incarnation, loss);
    // the record may be back when the claim is looked at again
    this.parts.older(host, { mark, certainTs, detail });
    await topology.decide(decision, actor);
    await this.remember(id);
    await this.parts.wake();
  }
}

/**
 * An accepted loss leaves what was certain as it was, so these promises hold in the next generation as well. Those above
 * may be of another state than the one that was accepted, which may be put back.
 */
function certainAtLoss({ readmission }: Host): number {
  return readmission?.regressed?.certainTs ?? 0;
}
