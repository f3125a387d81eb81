/** Whoever decides restructures: at random, from a map that may be old, over the same bad network. */
import { comparePositions, hashKey, type Position, type Range, range } from '@foreshard/core/keyspace';
import {
  abortClosedMove,
  abortMigration,
  type Decision,
  prepareMigration,
  restructure,
  type Shardlet,
  type Topology,
} from '@foreshard/core/topology';
import type { Scene } from './scene.ts';
import { VirtualProcess } from './virtual-process.ts';

/** more leaves would thin out what meets in one of them */
const LEAVES_MAX = 7;

export class OperatorParty {
  readonly name = 'operator';
  private readonly scene: Scene;
  private readonly everyMs: number;
  private process: VirtualProcess;
  private isOver = false;

  constructor(scene: Scene, everyMs: number) {
    this.scene = scene;
    this.everyMs = everyMs;
    this.process = new VirtualProcess(this.name, scene.schedule);
  }

  get caller(): VirtualProcess {
    return this.process;
  }

  start(): void {
    this.process = new VirtualProcess(this.name, this.scene.schedule);
    this.process.clockOffMicros = this.scene.plan.edgeClockOffMicros[1]!;
    this.isOver = false;
    void this.process.run(async () => {
      const { draws } = this.scene;
      while (!this.isOver) {
        await new Promise((resolve) => setTimeout(resolve, draws.between(0.3, 1.7) * this.everyMs));
        if (!this.isOver) await this.act().catch(() => {});
      }
    });
  }

  kill(): void {
    this.process.kill();
    this.scene.network.callerDied(this.process);
  }

  rest(): void {
    this.isOver = true;
  }

  private async act(): Promise<void> {
    const topology = this.scene.topology.portFor(this.process);
    const map = await topology.snapshot();
    const decision = this.choose(map);
    if (decision === undefined || this.isOver) return;
    const reply = await topology.decide(decision, this.name);
    const outcome = reply.kind === 'decided' ? `version ${reply.version}` : reply.refusal.detail;
    this.scene.history.note(this.name, `${decision.name}: ${outcome}`);
  }

  private choose(map: Topology): Decision<unknown> | undefined {
    const { draws } = this.scene;
    const open = map.shardlets.filter((s) => s.state.kind === 'open');
    if (open.length === 0) return undefined;
    const shardlet = draws.pick(open);
    const kind = draws.below(8);
    if (kind >= 4) return kind === 7 ? this.moveClosedOrAbort(map) : this.move(shardlet);
    if (kind === 0) return this.into([shardlet], [shardlet.range]);
    if (kind < 3 && open.length < LEAVES_MAX) return this.split(shardlet);
    return this.merge(shardlet, open);
  }

  private move({ id, epoch, owner }: Shardlet): Decision<unknown> {
    const dest = this.scene.draws.pick([...this.scene.hosts.keys()].filter((host) => host !== owner));
    return prepareMigration({ id, epoch, dest });
  }

  private moveClosedOrAbort({ shardlets }: Topology): Decision<unknown> | undefined {
    const { draws } = this.scene;
    const moving = shardlets.filter(({ state }) => state.kind === 'moving' || state.kind === 'closedMoving');
    if (moving.length > 0 && draws.chance(0.4)) {
      const { id, state } = draws.pick(moving);
      if (state.kind === 'moving') return abortMigration(id, state.nextEpoch);
      return state.kind === 'closedMoving' ? abortClosedMove(id, state.nextEpoch) : undefined;
    }
    // also recent ones: their children are new
    const closed = shardlets.filter(({ state }) => state.kind === 'closed').slice(-8);
    return closed.length === 0 ? undefined : this.move(draws.pick(closed));
  }

  private split(shardlet: Shardlet): Decision<unknown> | undefined {
    const at = this.cutIn(shardlet.range);
    if (at === undefined) return undefined;
    return this.into([shardlet], [range(shardlet.range.from, at), range(at, shardlet.range.to)]);
  }

  private merge(shardlet: Shardlet, open: readonly Shardlet[]): Decision<unknown> | undefined {
    const right = open.find(
      (other) =>
        other.owner === shardlet.owner &&
        other.shard === shardlet.shard &&
        comparePositions(other.range.from, shardlet.range.to) === 0,
    );
    return right && this.into([shardlet, right], [range(shardlet.range.from, right.range.to)]);
  }

  private into(parents: readonly Shardlet[], children: readonly Range[]): Decision<unknown> {
    return restructure({ parents: parents.map(({ id, epoch }) => ({ id, epoch })), children });
  }

  /** Between two keys in use, or inside one where the stream allows it. */
  private cutIn({ from, to }: Range): Position | undefined {
    const { draws, keys, plan } = this.scene;
    const inside = (p: Position) => comparePositions(p, from) > 0 && comparePositions(p, to) < 0;
    const candidates = keys.flatMap((key): Position[] => {
      const hi = hashKey(key);
      const within = { hi, lo: draws.below(0x1_0000_0000) };
      return plan.splitKeys ? [within, within, { hi, lo: 0 }] : [{ hi, lo: 0 }];
    });
    const possible = candidates.filter(inside);
    return possible.length === 0 ? undefined : draws.pick(possible);
  }
}
