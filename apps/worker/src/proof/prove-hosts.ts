/**
 * Marks every host once a second, and looks at the claims of processes that saw one go back
 * (docs/architecture/protocol.md, Progress). All that must last stands in T: the pair of marks is stored before
 * the second of them is sent, and sent again until its answer came, by whichever worker runs this next.
 *
 * What it finds wrong it leaves to the reconciler, which looks at the host itself before it suspends it.
 */
import { randomBytes } from 'node:crypto';
import {
  certainBefore,
  type EventHost,
  earlierWith,
  type HostClaim,
  type HostProof,
  type HostProofStore,
  HostUnreachable,
  markAfter,
} from '@foreshard/core/hosts';
import { MICROS_PER_MS } from '@foreshard/core/kernel';
import { beginReadmission, type Host, type TopologyMap, type TopologyStore } from '@foreshard/core/topology';
import type { Logger } from 'pino';

/** A host that hangs is left out of the runs that follow until its call has ended. */
const PATIENCE_MS = 800;
const RANDOM_BYTES = 6;

export interface ProverParts {
  readonly follower: { readonly map: TopologyMap };
  readonly topology: Pick<TopologyStore, 'decide'>;
  readonly proofs: HostProofStore;
  readonly host: (id: number) => Promise<EventHost>;
  /** wakes the reconciler */
  readonly wake: () => Promise<void>;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly actor: string;
  readonly random?: () => string;
}

interface Change {
  readonly before: HostProof | undefined;
  readonly after: HostProof;
}

/** What one host told with its marks; kept by this worker only, for the preview of a loss. */
interface Told {
  readonly generation: number;
  since: number;
  readonly lastSeqs: Map<number, number>;
}

export class HostProver {
  private readonly parts: ProverParts;
  private readonly random: () => string;
  private readonly told = new Map<number, Told>();
  private readonly underWay = new Set<number>();

  constructor(parts: ProverParts) {
    this.parts = parts;
    this.random = parts.random ?? (() => randomBytes(RANDOM_BYTES).toString('hex'));
  }

  /** @throws when T does not answer; hosts that do not answer wait for the next run */
  async run(): Promise<object | undefined> {
    const { proofs, follower } = this.parts;
    const known = await proofs.proofs();
    const hosts = [...follower.map.hosts()].filter((host) => host.state !== 'readmitting');
    const changes = await Promise.all(hosts.map((host) => this.inTime(host, known.get(host.id))));
    await proofs.replace(changes.filter((change) => change !== undefined));
    for (const claim of await proofs.claims()) await this.examine(claim);
    return undefined;
  }

  /** What is known of the shardlets of a host from before it went back, for the preview of its loss. */
  async remember(host: number): Promise<void> {
    const told = this.told.get(host);
    if (told !== undefined) await this.parts.proofs.remember(host, told.lastSeqs);
  }

  private async inTime(host: Host, proof: HostProof | undefined): Promise<Change | undefined> {
    if (this.underWay.has(host.id)) return undefined;
    this.underWay.add(host.id);
    const marking = this.mark(host, proof)
      .catch((error: unknown) => this.failed(host, error))
      .finally(() => this.underWay.delete(host.id));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
    });
    const change = await Promise.race([marking, late]);
    clearTimeout(timer);
    return change;
  }

  /** Answers what T is to keep; the mark in it is sent by the next run, when T has it. */
  private async mark(host: Host, before: HostProof | undefined): Promise<Change | undefined> {
    const handle = await this.parts.host(host.id);
    if (before === undefined || before.generation < host.generation) return this.first(host, handle, before);
    const told = this.toldBy(host);
    const upTo = this.parts.nowMs() * MICROS_PER_MS;
    const reply = await handle.mark(before.held, before.next, upTo, told.since);
    if (reply.kind === 'otherMark') {
      await this.parts.wake();
      return undefined;
    }
    told.since = reply.since;
    for (const { shardlet, lastSeq } of reply.changed) told.lastSeqs.set(shardlet, lastSeq);
    const { generation, count } = reply.progress;
    const promise = Math.max(before.promise, reply.hostLast);
    const next = markAfter([before.next], this.random());
    const earlier = earlierWith(before);
    return { before, after: { host: host.id, held: before.next, next, generation, count, promise, earlier } };
  }

  private async first(
    { id, generation }: Host,
    handle: EventHost,
    before: HostProof | undefined,
  ): Promise<Change | undefined> {
    const { mark, markPromise, progress } = await handle.identify();
    if (progress.generation !== generation || (before === undefined && mark !== '')) {
      await this.parts.wake();
      return undefined;
    }
    const next = markAfter([mark, before?.next ?? ''], this.random());
    const { count } = progress;
    return {
      before,
      after: { host: id, held: mark, next, generation, count, promise: markPromise, earlier: [] },
    };
  }

  private toldBy({ id, generation }: Host): Told {
    let told = this.told.get(id);
    if (told?.generation !== generation) {
      told = { generation, since: 0, lastSeqs: new Map() };
      this.told.set(id, told);
    }
    return told;
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

  private async suspend({ id }: Host, { claimant, seen, answered, acknowledged }: HostClaim): Promise<void> {
    const { proofs, topology, actor } = this.parts;
    const handle = await this.parts.host(id);
    const { incarnation, markPromise } = await handle.identify();
    const proof = (await proofs.proofs()).get(id);
    const promise = Math.max(proof?.promise ?? 0, markPromise);
    // the newest marks may have been written after it went back
    const certainTs = Math.min(markPromise, certainBefore(proof, acknowledged?.ts ?? 0));
    const detail = `host ${id}: ${claimant} was answered change ${answered} after ${seen}`;
    const loss = { detail, byMarks: false, certainTs, promise };
    const decision = beginReadmission(id, incarnation, loss);
    await topology.decide(decision, actor);
    await this.remember(id);
    await this.parts.wake();
  }
}
