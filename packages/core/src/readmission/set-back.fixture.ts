/**
 * A cluster whose hosts can be set back to any state they were in, with a journal of what was acknowledged
 * and a check that knows nothing of the code it checks: each acknowledged event is where readers that follow
 * T find it, or `lost` names it.
 */
import { HostUnreachable, markAfter } from '../hosts/index.ts';
import { range } from '../keyspace/index.ts';
import { TestCluster } from '../machines/cluster.fixture.ts';
import { drive, driveAll, type Outcome, type Perform } from '../machines/index.ts';
import { moveMachine, movingShardlets } from '../moves/index.ts';
import { dueGarbage, GARBAGE_GRACE_MS, garbageMachine } from '../retention/index.ts';
import {
  acceptLoss,
  beginReadmission,
  prepareMigration,
  restructure,
  type Shardlet,
} from '../topology/index.ts';
import { regressionMachine } from './regression.ts';

export interface Acknowledged {
  readonly shardlet: number;
  readonly epoch: number;
  readonly seq: number;
  readonly id: string;
}

export const CHANGES = [
  'append',
  'mark',
  'roll',
  'split',
  'move',
  'halfMove',
  'finish',
  'tidy',
  'floor',
] as const;
export type ChangeKind = (typeof CHANGES)[number];

/** Longer than the tolerance for clocks of edges, so that timestamps tell when an event came. */
const STEP_MICROS = 2_500_000;

export class SetBackCluster extends TestCluster {
  readonly acknowledged: Acknowledged[] = [];
  stream = 0;
  private readonly states = new Map<number, unknown[]>();
  private readonly marks = new Map<number, string>();
  private events = 0;

  static async of(hosts: number, shards: number): Promise<SetBackCluster> {
    const cluster = new SetBackCluster();
    for (let i = 0; i < hosts; i++) await cluster.addHost();
    cluster.stream = await cluster.addStream(shards);
    await cluster.finishAll();
    await cluster.keepStates();
    return cluster;
  }

  /** One change, drawn by `pick`; each host keeps the state it is in after it. */
  async change(kind: ChangeKind, pick: number): Promise<void> {
    this.clock.advance(STEP_MICROS);
    const open = this.open(this.stream);
    const shardlet = open[pick % open.length];
    if (kind === 'mark') await this.markAll();
    else if (kind === 'tidy') await this.tidy();
    else if (kind === 'floor')
      for (const host of this.hosts.values()) await host.createFloor(this.map.version + 1);
    else if (shardlet === undefined) return;
    else if (kind === 'append') await this.store1(shardlet);
    else if (kind === 'roll') await this.restructureTo(shardlet, [shardlet.range]);
    else if (kind === 'split') await this.split(shardlet);
    else if (kind === 'finish') await this.finishAll();
    else await this.move(shardlet, kind === 'move');
    await this.keepStates();
  }

  /** How many states a host has been in. */
  statesOf(host: number): number {
    return this.states.get(host)!.length;
  }

  setBack(host: number, to: number): void {
    Reflect.set(this.hosts.get(host)!, 'state', structuredClone(this.states.get(host)![to]));
  }

  async suspend(host: number): Promise<void> {
    const store = this.hosts.get(host)!;
    const { markPromise } = await store.identify();
    const loss = { detail: 'set back', byMarks: true, certainTs: markPromise, promise: markPromise };
    await this.decide(beginReadmission(host, this.runs.get(host)!, loss));
    await this.decide(acceptLoss(host, this.runs.get(host)!));
  }

  async readmit(host: number, wrap: (perform: Perform) => Perform = (p) => p): Promise<Outcome> {
    await this.refresh();
    const run = this.runs.get(host)!;
    const { markPromise } = await this.hosts.get(host)!.identify();
    const machine = regressionMachine(this.map.host(host)!, run, markPromise);
    return drive(machine, wrap(this.performer(run))).finally(() => this.refresh());
  }

  /**
   * Requests of callers with any older map, carried out after the host went back: they have seen nothing that
   * shows it, so they take the answers. Closed shardlets are sealed by a late restructure.
   */
  async late(host: number, count: number): Promise<void> {
    const store = this.hosts.get(host)!;
    const open = (await store.list(0, 1_000)).filter((r) => r.mode === 'open').slice(0, count);
    for (const [i, { shardlet, epoch }] of open.entries()) {
      const known = this.map.shardlet(shardlet)!;
      for (let n = 0; n <= i; n++) {
        const id = `late-${shardlet}-${n}`;
        const reply = await this.appendBy(store, { ...known, epoch }, id);
        if (reply.kind === 'appended') this.acknowledged.push({ shardlet, epoch, seq: reply.firstSeq, id });
      }
      if (known.state.kind === 'closed') await store.seal(shardlet, known.epoch);
    }
  }

  /** What is missing although nothing names it, and what is there in another's place. */
  async unexplained(): Promise<string[]> {
    const wrong: string[] = [];
    for (const { shardlet, epoch, seq, id } of this.acknowledged) {
      const now = this.map.shardlet(shardlet)!;
      const excused = now.lost.some((lost) => epoch < lost.epoch && seq > lost.seq);
      if (excused) continue;
      const held = await this.idsOn(now.owner, now.id);
      if (held[seq - 1] !== id) wrong.push(`${id}: shardlet ${shardlet} has ${held[seq - 1]} at ${seq}`);
      const { state } = now;
      if ('finalSeq' in state && seq > state.finalSeq)
        wrong.push(`${id}: shardlet ${shardlet} ends at ${state.finalSeq}`);
    }
    return wrong;
  }

  async store1(shardlet: Shardlet): Promise<void> {
    const id = `event-${++this.events}`;
    const reply = await this.append(shardlet, id);
    if (reply.kind === 'appended' && reply.stored === 1)
      this.acknowledged.push({ shardlet: shardlet.id, epoch: shardlet.epoch, seq: reply.firstSeq, id });
  }

  private async markAll(): Promise<void> {
    for (const [id, host] of this.hosts) {
      const held = this.marks.get(id) ?? '';
      const next = markAfter([held], 'r');
      await host.mark(held, next, this.clock.nowMicros(), 0);
      this.marks.set(id, next);
    }
  }

  private async tidy(): Promise<void> {
    const nowMs = this.clock.nowMicros() / 1_000 + GARBAGE_GRACE_MS;
    for (const host of this.hosts.keys())
      await driveAll(
        dueGarbage(this.map, host, nowMs).map((batch) => garbageMachine(batch, this.map)),
        this.performer(),
      );
    await this.refresh();
  }

  private async split(shardlet: Shardlet): Promise<void> {
    const { from, to } = shardlet.range;
    const middle = { hi: Math.floor((from.hi + to.hi) / 2), lo: 0 };
    await this.restructureTo(shardlet, [range(from, middle), range(middle, to)]);
  }

  private async restructureTo(
    { id, epoch }: Shardlet,
    children: readonly Shardlet['range'][],
  ): Promise<void> {
    await this.decide(restructure({ parents: [{ id, epoch }], children }));
    await this.finishAll();
  }

  /** Half of a move: the destination owns it and has not opened it. */
  private async move({ id, epoch, owner }: Shardlet, whole: boolean): Promise<void> {
    const dest = [...this.hosts.keys()].find((host) => host !== owner);
    if (dest === undefined) return;
    await this.decide(prepareMigration({ id, epoch, dest }));
    const perform = this.performer();
    const half: Perform = (action) => {
      if (action.kind === 'open') throw new HostUnreachable('connection', 'cut off before it opens');
      return perform(action);
    };
    const machines = movingShardlets(this.map).map((s) => moveMachine(this.map, s));
    await driveAll(machines, whole ? perform : half);
    await this.refresh();
    if (whole) await this.finishAll();
  }

  private async keepStates(): Promise<void> {
    for (const [id, host] of this.hosts) {
      const states = this.states.get(id) ?? [];
      states.push(structuredClone(Reflect.get(host, 'state')));
      this.states.set(id, states);
    }
  }
}
