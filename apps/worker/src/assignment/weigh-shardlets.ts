/** Writes what shardlets of streams with consumer groups will weigh, where forecasts have changed that. */
import { areNews, type GroupStore, type LoadsAhead, weightsAhead } from '@foreshard/core/consuming';
import { eachInTurn } from '../jobs/each-in-turn.ts';

export interface WeighParts {
  readonly groups: Pick<GroupStore, 'list' | 'weigh' | 'weightsOf'>;
  readonly loadsAhead: (stream: number, atMs: number) => ReturnType<LoadsAhead>;
  readonly nowMs: () => number;
}

/** Undefined: nothing was written. */
export async function weighShardlets(
  { groups, loadsAhead, nowMs }: WeighParts,
  signal: AbortSignal,
): Promise<{ readonly streams: number } | undefined> {
  const streams = new Set((await groups.list()).map(({ stream }) => stream));
  let written = 0;
  await eachInTurn(streams, signal, async (stream) => {
    const perSecond = await weightsAhead((atMs) => loadsAhead(stream, atMs), nowMs());
    if (!areNews(await groups.weightsOf(stream), perSecond)) return;
    await groups.weigh(stream, perSecond);
    written++;
  });
  return written === 0 ? undefined : { streams: written };
}
