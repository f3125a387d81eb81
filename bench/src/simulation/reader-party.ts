/** A reader of the merged log: page after page through any edge, with the cursor it was given last. */
import { framePayload } from '@foreshard/core/hosts';
import type { Emitted } from '@foreshard/core/simulation';
import type { LogCursor } from '../../../apps/edge/src/reading/log/cursor.ts';
import type { SessionPage } from '../../../apps/edge/src/reading/log/log-session.ts';
import type { Scene } from './scene.ts';
import { VirtualProcess } from './virtual-process.ts';

const PAGE_MAX = 200;
const WAIT_MS = 10;
const PAUSE_MS_MAX = 3_000;

export class ReaderParty {
  readonly name: string;
  readonly emitted: Emitted[] = [];
  private readonly scene: Scene;
  private readonly process: VirtualProcess;
  private cursor: LogCursor | 'oldest' = 'oldest';
  private isOver = false;
  /** notified of a loss, and given nothing since */
  private isAfterLoss = false;

  constructor(name: string, scene: Scene) {
    this.name = name;
    this.scene = scene;
    this.process = new VirtualProcess(name, scene.schedule);
  }

  start(): void {
    this.isOver = false;
    void this.process.run(async () => {
      while (!this.isOver) {
        await this.readPage();
        await new Promise((resolve) => setTimeout(resolve, this.scene.draws.below(PAUSE_MS_MAX)));
      }
    });
  }

  rest(): void {
    this.isOver = true;
  }

  private async readPage(): Promise<void> {
    const { network, draws, edges } = this.scene;
    const edge = draws.pick(edges);
    const request = { from: this.cursor, limit: PAGE_MAX, waitMs: WAIT_MS };
    try {
      this.take(
        await network.call(
          this.process,
          edge,
          'GET log',
          () => edge.page(request),
          (reason) => new Error(reason),
        ),
      );
    } catch (error) {
      this.scene.history.note(this.name, `no page: ${(error as Error).message}`);
    }
  }

  private take(page: SessionPage): void {
    this.cursor = page.cursor;
    this.isAfterLoss ||= page.lost.length > 0;
    for (const { shardlet, seq, ts, frame } of page.records) {
      const event = eventOf(frame).id;
      const epoch = this.scene.epochOf(event, shardlet, seq);
      this.emitted.push({ event, shardlet, seq, ts, epoch, isAfterLoss: this.isAfterLoss });
      this.isAfterLoss = false;
      this.scene.history.note(this.name, `reads ${event} shardlet ${shardlet} seq ${seq} ts ${ts}`, [
        event,
        shardlet,
      ]);
    }
  }
}

export function eventOf(frame: Uint8Array): { readonly id: string; readonly content: string } {
  const content = Buffer.from(framePayload(frame)).toString('utf8');
  return { id: (JSON.parse(content) as { id: string }).id, content };
}
