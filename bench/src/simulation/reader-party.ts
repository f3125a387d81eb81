/** A reader of the merged log, or of one key: page after page through any edge, with the cursor it was given last. */
import type { Emitted } from '@foreshard/core/simulation';
import { readCursor } from '../../../apps/edge/src/reading/cursor-text.ts';
import type { LogCursor } from '../../../apps/edge/src/reading/log/cursor.ts';
import type { SessionPage } from '../../../apps/edge/src/reading/log/log-session.ts';
import { eventOf } from './event-of.ts';
import type { EdgeDoor, Scene } from './scene.ts';
import { VirtualProcess } from './virtual-process.ts';

const PAGE_MAX = 200;
const WAIT_MS = 10;
const PAUSE_MS_MAX = 3_000;
const KEY_CURSOR = 4;

/** What a page brings, whatever it is a page of. */
interface Page<Cursor> extends Pick<SessionPage, 'records' | 'lost'> {
  readonly next: Cursor;
  /** of the map: the reader knows of all losses up to it */
  readonly version: number;
}

/** What is read: which pages there are, and what of the log has to be in them. */
export interface Reading<Cursor> {
  readonly transition: string;
  /** all of the log, unless given */
  readonly key?: string;
  page(edge: EdgeDoor, from: Cursor | 'oldest'): Promise<Page<Cursor>>;
}

const LIMITS = { limit: PAGE_MAX, waitMs: WAIT_MS };

export const OF_LOG: Reading<LogCursor> = {
  transition: 'GET log',
  async page(edge, from) {
    const { cursor: next, records, lost } = await edge.page({ from, ...LIMITS });
    return { next, records, lost, version: next.version };
  },
};

export function ofKey(key: string): Reading<string> {
  const page = async (edge: EdgeDoor, from: string) => {
    const { next, records, lost } = await edge.keyPage({ key, from, ...LIMITS });
    return { next, records, lost, version: versionOf(next) };
  };
  return { transition: 'GET key', key, page };
}

/** Of a cursor of a key: stream, key, version, place. */
function versionOf(cursor: string): number {
  const { numbers } = readCursor([KEY_CURSOR], cursor);
  return numbers[2]!;
}

export class ReaderParty<Cursor = unknown> {
  readonly name: string;
  readonly emitted: Emitted[] = [];
  readonly reading: Reading<Cursor>;
  private readonly scene: Scene;
  private readonly process: VirtualProcess;
  private cursor: Cursor | 'oldest' = 'oldest';
  private isOver = false;
  /** notified of a loss, and given nothing since */
  private isAfterLoss = false;

  constructor(name: string, scene: Scene, reading: Reading<Cursor>) {
    this.name = name;
    this.scene = scene;
    this.reading = reading;
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
    const { cursor } = this;
    try {
      this.take(
        await network.call(
          this.process,
          edge,
          this.reading.transition,
          () => this.reading.page(edge, cursor),
          (reason) => new Error(reason),
        ),
      );
    } catch (error) {
      this.scene.history.note(this.name, `no page: ${(error as Error).message}`);
    }
  }

  private take(page: Page<Cursor>): void {
    this.cursor = page.next;
    this.isAfterLoss ||= page.lost.length > 0;
    for (const { shardlet, seq, ts, frame } of page.records) {
      const event = eventOf(frame).id;
      const epoch = this.scene.epochOf(event, shardlet, seq);
      const { isAfterLoss } = this;
      this.emitted.push({ event, shardlet, seq, ts, epoch, isAfterLoss, knows: page.version });
      this.isAfterLoss = false;
      this.scene.history.note(this.name, `reads ${event} shardlet ${shardlet} seq ${seq} ts ${ts}`, [
        event,
        shardlet,
      ]);
    }
  }
}
