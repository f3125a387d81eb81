/**
 * Moves as a worker drives them: the real machines, begun again from the topology store at every turn, by every
 * worker, with a supervisor that now and then pauses, hands out tiny chunks, or wants the move given up.
 */
import type { LockService } from '@foreshard/core/locking';
import { drive, type MoveRef, type MoveSupervisor, performer } from '@foreshard/core/machines';
import { abortingMachine, moveMachine, moveOf, movingShardlets } from '@foreshard/core/moves';
import type { MapFollower, Shardlet, TopologyMap, TopologyStore } from '@foreshard/core/topology';
import type { HostDoors } from '../../../apps/worker/src/hosts/host-doors.ts';
import type { Scene } from './scene.ts';

const CHUNK_BYTES = [1, 4_000] as const;
const PAUSE_SHARE = 0.05;
const ABORT_SHARE = 0.03;
/** of the moves that do not get on: somebody gives them up, as they would be given up past their window */
const ABORT_STUCK_SHARE = 0.15;

export interface MoverParts {
  readonly follower: MapFollower;
  readonly topology: TopologyStore;
  readonly doors: HostDoors;
  readonly prove: (host: number) => Promise<void>;
  readonly lock: LockService;
  readonly actor: string;
}

export class MoverLoop {
  private readonly scene: Scene;
  private readonly parts: MoverParts;
  private readonly running = new Set<number>();

  constructor(scene: Scene, parts: MoverParts) {
    this.scene = scene;
    this.parts = parts;
  }

  async run(): Promise<void> {
    const { follower } = this.parts;
    // most of the time nothing moves: the map that is told of changes is new enough to see that
    if (movingShardlets(follower.map).length === 0) return;
    const map = await follower.upToDate();
    for (const shardlet of movingShardlets(map)) {
      const { nextEpoch } = moveOf(shardlet)!;
      if (this.running.has(nextEpoch)) continue;
      this.running.add(nextEpoch);
      void this.parts.lock
        .during(`move:${nextEpoch}`, () => this.carryOut(map, shardlet))
        .catch((error) => this.scene.expect(this.parts.actor, error))
        .finally(() => this.running.delete(nextEpoch));
    }
  }

  private async carryOut(map: TopologyMap, shardlet: Shardlet): Promise<void> {
    const { topology, doors, follower, actor } = this.parts;
    const perform = performer({
      host: (id) => doors.trusted(id),
      decide: (decision) => topology.decide(decision, actor),
      readTopology: () => follower.upToDate(),
      prove: this.parts.prove,
      supervisor: this.supervisor(),
    });
    const outcome = await drive(moveMachine(map, shardlet), perform);
    this.scene.history.note(actor, `move of shardlet ${shardlet.id}: ${JSON.stringify(outcome)}`, [
      shardlet.id,
    ]);
    const isStuck = outcome.kind === 'unreachable' || outcome.kind === 'blocked';
    if (isStuck && this.scene.draws.chance(ABORT_STUCK_SHARE))
      await drive(abortingMachine(map, shardlet, 'it does not get on'), perform);
  }

  private supervisor(): MoveSupervisor {
    const { draws, history, isCalm } = this.scene;
    return {
      consult: async () => {
        if (!isCalm() && draws.chance(PAUSE_SHARE)) return { kind: 'pause', reason: 'drawn' };
        if (!isCalm() && draws.chance(ABORT_SHARE)) return { kind: 'abort', reason: 'drawn' };
        return { kind: 'go', chunkBytes: Math.ceil(draws.between(...CHUNK_BYTES)) };
      },
      note: async ({ shardlet, nextEpoch }: MoveRef, { what, detail }) =>
        history.note(this.parts.actor, `move ${nextEpoch} of shardlet ${shardlet}: ${what} ${detail}`, [
          shardlet,
        ]),
    };
  }
}
