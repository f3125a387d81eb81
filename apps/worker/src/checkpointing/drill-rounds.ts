/**
 * Once a minute restores the state of one shardlet of each group that keeps state, as a drill: the one whose turn is
 * longest ago, and again one that failed, to see when it is repaired. A checkpoint that cannot be restored says so itself, in
 * its row; what is noted here is the rest: a replay that would need events which are gone.
 */
import type { GroupStore } from '@foreshard/core/consuming';
import {
  type FailedDrill,
  type FailedDrills,
  failuresOf,
  type RestoreDrill,
} from '@foreshard/core/group-state';
import type { Logger } from 'pino';
import { eachInTurn } from '../jobs/each-in-turn.ts';

export interface DrillRoundsParts {
  readonly groups: Pick<GroupStore, 'list'>;
  readonly drill: Pick<RestoreDrill, 'run' | 'candidates'>;
  readonly book: DrillBook;
  readonly log: Logger;
  readonly nowMs: () => number;
}

export interface DrillBook {
  read(group: string): Promise<readonly FailedDrill[]>;
  write(drills: FailedDrills): Promise<void>;
}

const EVERY_MS = 60_000;

export class DrillRounds {
  private readonly parts: DrillRoundsParts;
  /** when each shardlet was drilled last, by group */
  private readonly turns = new Map<string, ReadonlyMap<number, number>>();
  private lastMs = Number.NEGATIVE_INFINITY;

  constructor(parts: DrillRoundsParts) {
    this.parts = parts;
  }

  async run(signal: AbortSignal): Promise<object | undefined> {
    const { groups, nowMs } = this.parts;
    if (nowMs() - this.lastMs < EVERY_MS) return undefined;
    this.lastMs = nowMs();
    const keeping = (await groups.list()).filter(({ checkpointing }) => checkpointing !== undefined);
    let [drilled, failed] = [0, 0];
    await eachInTurn(keeping, signal, async ({ name }) => {
      const round = await this.round(name);
      drilled += round.drilled;
      failed += round.failed;
    });
    return failed === 0 ? undefined : { drilled, failedDrills: failed };
  }

  private async round(group: string) {
    const { drill, book, nowMs } = this.parts;
    const candidates = await drill.candidates(group);
    const failed = new Map(
      (await book.read(group))
        .filter((one) => candidates.includes(one.shardlet))
        .map((one) => [one.shardlet, one]),
    );
    const before = this.turns.get(group);
    const turns = new Map(candidates.map((id) => [id, before?.get(id) ?? 0]));
    this.turns.set(group, turns);
    const again = new Map([...failed].map(([id, { atMs }]) => [id, atMs]));
    const chosen = new Set([...earliest(turns), ...earliest(again)]);
    let failures = 0;
    for (const shardlet of chosen) {
      // also of one that cannot be drilled now: the others get their turn
      turns.set(shardlet, nowMs());
      const { all, beyondRows } = await this.drilled(group, shardlet);
      if (all > 0) failures++;
      if (beyondRows === undefined) failed.delete(shardlet);
      else failed.set(shardlet, { shardlet, error: beyondRows, atMs: Math.floor(nowMs()) });
    }
    await book.write({ group, atMs: Math.floor(nowMs()), failed: [...failed.values()] });
    return { drilled: chosen.size, failed: failures };
  }

  private async drilled(group: string, shardlet: number) {
    const found = await this.parts.drill.run(group, shardlet);
    const failures = failuresOf(found);
    const beyondRows = failuresOf({ ...found, unusable: [] })[0];
    if (failures.length > 0)
      this.parts.log.error(
        { group, shardlet, failures },
        'the state of a shardlet cannot be restored as it should',
      );
    return { all: failures.length, beyondRows };
  }
}

/** None of none. */
function earliest(turns: ReadonlyMap<number, number>): number[] {
  const inTurn = [...turns].sort(([a, x], [b, y]) => x - y || a - b);
  return inTurn.slice(0, 1).map(([id]) => id);
}
