/**
 * Reads any part of any shardlet through any edge, again and again, as members of groups do: what an edge has is given
 * out without its host. Nobody goes on from what it reads; the watch over caches looks at each answer.
 */
import type { Scene } from './scene.ts';
import { VirtualProcess } from './virtual-process.ts';

const PAUSE_MS_MAX = 150;
const RECORDS_MAX = 40;
const FROM_MAX = 60;
/** so often its edge hears of the host, as it does while members wait */
const HEARS_SHARE = 0.6;

export class ShardletReaderParty {
  readonly name = 'shardlet-reader';
  private readonly scene: Scene;
  private readonly process: VirtualProcess;

  constructor(scene: Scene) {
    this.scene = scene;
    this.process = new VirtualProcess(this.name, scene.schedule);
  }

  start(): void {
    void this.process.run(async () => {
      for (;;) {
        await this.read();
        await new Promise((resolve) => setTimeout(resolve, this.scene.draws.below(PAUSE_MS_MAX)));
      }
    });
  }

  private async read(): Promise<void> {
    const { network, draws, edges, shardletIds } = this.scene;
    const ids = shardletIds();
    if (ids.length === 0) return;
    const edge = draws.pick(edges);
    const shardlet = draws.pick(ids);
    const from = 1 + draws.below(draws.chance(0.5) ? 1 : FROM_MAX);
    const [count, hears] = [1 + draws.below(RECORDS_MAX), draws.chance(HEARS_SHARE)];
    const call = () => edge.read({ shardlet, from, count, hears });
    await network
      .call(this.process, edge, 'GET shardlet', call, (reason) => new Error(reason))
      .catch(() => undefined);
  }
}
