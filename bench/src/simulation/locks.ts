/** The lock between workers, as weak as a lock over a network is: now and then two hold it. */

import type { LockService } from '@foreshard/core/locking';
import type { Draws, Schedule } from '@foreshard/core/simulation';
import type { VirtualProcess } from './virtual-process.ts';

const EXPIRY_MICROS = 10_000_000;

interface Held {
  readonly by: VirtualProcess;
  readonly untilMicros: number;
}

export class Locks {
  private readonly schedule: Schedule;
  private readonly draws: Draws;
  private readonly held = new Map<string, Held>();

  constructor(schedule: Schedule, draws: Draws) {
    this.schedule = schedule;
    this.draws = draws;
  }

  of(process: VirtualProcess, lostShare: number): LockService {
    return {
      during: async (what, work) => {
        const now = this.schedule.nowMicros();
        const other = this.held.get(what);
        if (other !== undefined && other.untilMicros > now && !this.draws.chance(lostShare)) return undefined;
        const mine = { by: process, untilMicros: now + EXPIRY_MICROS };
        this.held.set(what, mine);
        try {
          return await work();
        } finally {
          if (this.held.get(what) === mine) this.held.delete(what);
        }
      },
    };
  }

  forget(process: VirtualProcess): void {
    for (const [what, { by }] of this.held) if (by === process) this.held.delete(what);
  }
}
