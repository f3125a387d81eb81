/** Finds out, every minute, how many members each group will need, and learns what a member can process. */
import {
  type Arrivals,
  type Checkpoint,
  DRAIN_MINUTES_DEFAULT,
  type Group,
  type GroupOutlookStore,
  type GroupProgressStore,
  type GroupService,
  type GroupState,
  type GroupStore,
  keepsUpAt,
  learnMemberRate,
  membersWanted,
  type ProgressSample,
  standingOf,
} from '@foreshard/core/consuming';
import type { TopologyMap } from '@foreshard/core/topology';
import { eachInTurn } from '../jobs/each-in-turn.ts';

export interface OutlookParts {
  readonly groups: Pick<GroupStore, 'list' | 'find'>;
  readonly service: Pick<GroupService, 'lagsOf'>;
  readonly progress: Pick<GroupProgressStore, 'recent'>;
  readonly outlooks: GroupOutlookStore;
  readonly arrivals: (stream: number) => Promise<Arrivals | undefined>;
  readonly map: () => TopologyMap;
  readonly nowMs: () => number;
}

export class OutlookJob {
  private readonly parts: OutlookParts;

  constructor(parts: OutlookParts) {
    this.parts = parts;
  }

  async run(signal: AbortSignal): Promise<undefined> {
    const { groups, map, arrivals } = this.parts;
    // the worker posts to the others, and what is re-driven is little
    const all = (await groups.list()).filter(({ push, redriveOf }) => !push && redriveOf === undefined);
    const byStream = new Map<number, Promise<Arrivals | undefined>>();
    await eachInTurn(all, signal, async ({ name, stream }) => {
      const known = map().stream(stream) === undefined ? undefined : await groups.find(name);
      if (known === undefined) return;
      if (!byStream.has(stream)) byStream.set(stream, arrivals(stream));
      await this.look(known.group, known.state, await byStream.get(stream));
    });
  }

  private async look(group: Group, state: GroupState, arrivals: Arrivals | undefined): Promise<void> {
    const { outlooks, progress, map, nowMs } = this.parts;
    const { workable } = standingOf(map(), group, state.checkpoints);
    const [before, samples, lag] = await Promise.all([
      outlooks.of(group.name),
      progress.recent(group.name),
      this.lagOf(group, [...state.checkpoints.values()]),
    ]);
    const members = samples.at(-1)?.members ?? state.members.length;
    const isBehind = lag !== undefined && lag > keepsUpAt(arrivals?.perSecond[0] ?? 0);
    const memberRate = learnMemberRate(before?.memberRate, samples.map(toPace), isBehind);
    const { drainMinutes = DRAIN_MINUTES_DEFAULT } = group;
    const atMs = nowMs();
    const wanted = membersWanted({
      ...{ lag, arrivals, memberRate, drainMinutes, members, nowMs: atMs },
      shardlets: workable.length,
    });
    await outlooks.keep({
      ...{ group: group.name, memberRate, members, atMs },
      wantedNow: wanted.now ?? undefined,
      wantedAhead: wanted.atHorizon ?? undefined,
      moreFromMs: wanted.at ?? undefined,
    });
  }

  /** Undefined: a host does not answer. */
  private async lagOf(group: Group, checkpoints: readonly Checkpoint[]): Promise<number | undefined> {
    const { lags, untouched } = await this.parts.service.lagsOf(group, checkpoints);
    let sum = 0;
    for (const lag of [...lags, untouched]) {
      if (lag === undefined) return undefined;
      sum += Math.max(0, lag);
    }
    return sum;
  }
}

function toPace({ atMs, processed, members }: ProgressSample) {
  return { atMs, processed, members };
}
