/**
 * Keeps room on a host for the operations that must always run (seal, raise, trim, ...): appends stop at
 * APPEND_MEMORY_SHARE_MAX of its memory, before the engine itself refuses. Only hosts that get appends are
 * looked at, once a second; what a look finds is also news that an absent host is back.
 */
import { APPEND_MEMORY_SHARE_MAX, type EventHost, type HostUsage } from '@foreshard/core/hosts';

const LOOK_MS = 1_000;

export class MemoryGuard {
  private readonly connect: (hostId: number) => Promise<EventHost>;
  private readonly onAnswer: (hostId: number) => void;
  private readonly watched = new Set<number>();
  private readonly looking = new Set<number>();
  private readonly full = new Set<number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(connect: (hostId: number) => Promise<EventHost>, onAnswer: (hostId: number) => void) {
    this.connect = connect;
    this.onAnswer = onAnswer;
  }

  start(): void {
    this.timer = setInterval(() => {
      for (const hostId of this.watched) void this.look(hostId);
    }, LOOK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  isFull(hostId: number): boolean {
    if (!this.watched.has(hostId)) {
      this.watched.add(hostId);
      void this.look(hostId);
    }
    return this.full.has(hostId);
  }

  forget(hostId: number): void {
    this.watched.delete(hostId);
    this.full.delete(hostId);
  }

  private async look(hostId: number): Promise<void> {
    if (this.looking.has(hostId)) return;
    this.looking.add(hostId);
    try {
      const usage = await (await this.connect(hostId)).usage();
      if (isTooFull(usage)) this.full.add(hostId);
      else this.full.delete(hostId);
      this.onAnswer(hostId);
    } catch {
      // whoever appends to it meets the same and tells it
    } finally {
      this.looking.delete(hostId);
    }
  }
}

function isTooFull({ usedBytes, limitBytes }: HostUsage): boolean {
  return limitBytes !== undefined && usedBytes >= limitBytes * APPEND_MEMORY_SHARE_MAX;
}
