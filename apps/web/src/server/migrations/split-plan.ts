/** Where the recorded keys of a shardlet want it to be cut; without any, in the middle. */
import { loadOfKeys, planSplit, type SplitPlan } from '@foreshard/core/migration';
import type { TopologyMap } from '@foreshard/core/topology';
import { TRPCError } from '@trpc/server';
import type { ConsoleServer } from '../main.ts';

/** What is hot is hot now. */
const LOOK_BACK_MS = 10 * 60_000;

export async function splitPlanFor(
  { telemetry }: Pick<ConsoleServer, 'telemetry'>,
  map: TopologyMap,
  id: number,
): Promise<SplitPlan> {
  const shardlet = map.shardlet(id);
  if (shardlet === undefined)
    throw new TRPCError({ code: 'NOT_FOUND', message: 'There is no such shardlet.' });
  const toMs = Date.now();
  const keys = await telemetry.topKeys({ shardlet: id, fromMs: toMs - LOOK_BACK_MS, toMs });
  const splitKeys = map.stream(shardlet.stream)?.splitKeys ?? false;
  const events = keys?.types.reduce((sum, type) => sum + type.events, 0) ?? 0;
  return planSplit(shardlet.range, loadOfKeys(shardlet.range, keys?.topKeys ?? [], events), splitKeys);
}
