/**
 * The topology store as the parties reach it: linearizable and never losing a commit, but away now and then, and over
 * the network.
 */
import { MemoryHostProofs, MemoryTopologyStore } from '@foreshard/core/adapters/memory';
import type { HostProofStore } from '@foreshard/core/hosts';
import type { Schedule } from '@foreshard/core/simulation';
import type { ChangeNotifier, Decision, DecisionReply, TopologyStore } from '@foreshard/core/topology';
import type { Callee, Network } from './network.ts';
import type { VirtualProcess } from './virtual-process.ts';

export class TopologyAway extends Error {
  override readonly name = 'TopologyAway';
}

export class TopologyService implements Callee {
  readonly name = 'T';
  run = 1;
  isUp = true;
  readonly store: MemoryTopologyStore;
  readonly proofs = new MemoryHostProofs();
  onDecision: (name: string, reply: DecisionReply<unknown>, caller: string) => void = () => {};
  private readonly network: Network;
  private readonly listeners = new Map<VirtualProcess, Set<(version: number) => void>>();

  constructor(schedule: Schedule, network: Network) {
    this.store = new MemoryTopologyStore(schedule);
    this.network = network;
  }

  conditions(): [] {
    return [];
  }

  arrive(work: () => void): void {
    if (this.isUp) work();
  }

  leave(): void {
    this.isUp = false;
    this.run++;
    this.network.calleeDied(this, 'callee killed');
  }

  come(): void {
    this.isUp = true;
  }

  portFor(caller: VirtualProcess): TopologyStore {
    const call = <R>(what: string, serve: () => Promise<R>) =>
      this.network.call(caller, this, what, serve, (reason) => new TopologyAway(`T: ${reason}`));
    return {
      snapshot: () => call('snapshot', () => this.store.snapshot()),
      changesAfter: (version, limit) => call('changesAfter', () => this.store.changesAfter(version, limit)),
      decide: (decision, actor) => call(decision.name, () => this.decide(decision, actor)),
      close: async () => {},
    };
  }

  proofsFor(caller: VirtualProcess): HostProofStore {
    const { proofs } = this;
    const call = <R>(what: string, serve: () => Promise<R>) =>
      this.network.call(caller, this, what, serve, (reason) => new TopologyAway(`T: ${reason}`));
    return {
      proofs: () => call('proofs', () => proofs.proofs()),
      replace: (changes) => call('replaceProofs', () => proofs.replace(changes)),
      remember: (host, lastSeqs) => call('rememberSeqs', () => proofs.remember(host, lastSeqs)),
      remembered: (host) => call('rememberedSeqs', () => proofs.remembered(host)),
      claims: () => call('claims', () => proofs.claims()),
      claim: (claim) => call('claim', () => proofs.claim(claim)),
      answer: (claim, verdict) => call('answerClaim', () => proofs.answer(claim, verdict)),
      verdict: (claim) => call('verdict', () => proofs.verdict(claim)),
    };
  }

  notifierFor(process: VirtualProcess): ChangeNotifier {
    return {
      notify: async () => {},
      subscribe: async (listener) => {
        const own = this.listeners.get(process) ?? new Set();
        this.listeners.set(process, own.add(listener));
        return async () => void own.delete(listener);
      },
    };
  }

  async decide<R>(decision: Decision<R>, actor: string): Promise<DecisionReply<R>> {
    const reply = await this.store.decide(decision, actor);
    this.onDecision(decision.name, reply, actor);
    if (reply.kind === 'decided') this.notify(reply.version);
    return reply;
  }

  private notify(version: number): void {
    for (const [process, listeners] of this.listeners) {
      if (!process.isAlive) this.listeners.delete(process);
      else
        this.network.notify(this.name, process, () => {
          for (const listener of listeners) listener(version);
        });
    }
  }
}
