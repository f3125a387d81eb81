/** What is done for operations on checkpoints of the state that members of groups keep. */
import {
  type CheckpointRecords,
  FIRST_RECOVERY_MODEL,
  type RecoveryModel,
  type RecoveryRecords,
  recoveryOf,
  replayEventsPerSecond,
  restoreRates,
  type StateCheckpoint,
} from '../../checkpointing/index.ts';
import type { KnownGroup } from '../../consuming/index.ts';
import { type CheckpointUpkeep, type RestoreDrill, statefulGroup } from '../../group-state/index.ts';
import { ForeshardError, MS_PER_SECOND } from '../../kernel/index.ts';
import { requireOnGroup } from '../allowing.ts';
import type { Caller } from '../caller.ts';
import type { checkpoints } from '../checkpoints.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import { type EffectStores, effectOf } from './checkpoint-effect.ts';
import { drillDocument } from './drill-document.ts';
import { type GroupStores, ownedGroup, requireMerges, unknownGroup } from './groups.ts';

export interface CheckpointStores extends Pick<GroupStores, 'groups' | 'map'>, EffectStores {
  readonly checkpoints: Pick<CheckpointRecords, 'list' | 'valid'>;
  /** of members, and what was learned from them */
  readonly measuredRecoveries: Pick<RecoveryRecords, 'latest' | 'model'>;
  readonly upkeep: Pick<CheckpointUpkeep, 'find' | 'verify' | 'remove' | 'prune'>;
  readonly drill: Pick<RestoreDrill, 'run'>;
}

export function checkpointHandlers(stores: CheckpointStores): RouterHandlers<typeof checkpoints> {
  const { checkpoints: records, upkeep, groups } = stores;

  /** @throws ForeshardError unknown_group, forbidden, invalid_parameter */
  async function managed(name: string, { principal }: Caller): Promise<KnownGroup> {
    const all = await groups.list();
    const group = all.find((one) => one.name === name);
    requireOnGroup(principal, 'groups:manage', ownedGroup(group ?? { name }, all, stores.map()));
    return statefulGroup(stores, name);
  }

  return {
    async recoveries({ group, limit }) {
      await statefulGroup(stores, group);
      const { measuredRecoveries: measured } = stores;
      const [learned, latest] = await Promise.all([measured.model(group), measured.latest(group, limit)]);
      return {
        ...learnedDocument(learned?.model ?? FIRST_RECOVERY_MODEL),
        learnedAtMs: learned?.fittedAtMs ?? null,
        recoveries: latest.map(({ id: _, ...one }) => one),
      };
    },
    async list({ group, ...query }) {
      if ((await groups.find(group)) === undefined) unknownGroup(group);
      return { checkpoints: (await records.list(group, query)).map(checkpointDocument) };
    },
    async show({ group, checkpoint }) {
      return checkpointDocument(await upkeep.find(group, checkpoint));
    },
    async verify({ group, checkpoint }, caller) {
      await managed(group, caller);
      const { error = null, read, bytes, ms } = await upkeep.verify(group, checkpoint);
      return { checkpoint, ok: error === null, error, read, bytes, ms };
    },
    async drill({ group, shardlet }, caller) {
      await managed(group, caller);
      return drillDocument(await stores.drill.run(group, shardlet));
    },
    async remove({ group, checkpoint }, caller) {
      await managed(group, caller);
      const old = await upkeep.find(group, checkpoint);
      if (caller.dryRun) return { checkpoint, result: 'would be removed' };
      caller.note?.({ before: checkpointDocument(old), after: null });
      if (await upkeep.remove(group, checkpoint)) return { checkpoint, result: 'removed' };
      throw new ForeshardError('conflict', 'Others are based on this checkpoint: remove these first.');
    },
    async prune({ group }, caller) {
      await managed(group, caller);
      const pruned = await upkeep.prune(group, { dryRun: caller.dryRun });
      return { result: caller.dryRun ? 'would be pruned' : 'pruned', ...pruned };
    },
    async alter({ group: name, ...changes }, caller) {
      const { group } = await managed(name, caller);
      const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
      const checkpointing = { ...group.checkpointing!, ...given };
      requireMerges(stores.map().stream(group.stream), checkpointing.merges);
      if (!caller.dryRun && !(await groups.alter(name, checkpointing))) unknownGroup(name);
      caller.note?.({ before: { group: name, checkpointing: group.checkpointing! } });
      return { group: name, checkpointing };
    },
    async effect({ group: name, ...draft }) {
      return effectOf(stores, await statefulGroup(stores, name), draft);
    },
  };
}

function learnedDocument(model: RecoveryModel) {
  const {
    restoreErrorShare = null,
    replayErrorShare = null,
    restores,
    replays,
  } = recoveryOf(model, {
    bytes: 0,
    events: 0,
  });
  const { fixedMs, msPerByte } = restoreRates(model);
  const bytesPerSecond = msPerByte === 0 ? null : MS_PER_SECOND / msPerByte;
  return {
    restore: { fixedMs, bytesPerSecond, errorShare: restoreErrorShare, count: restores },
    replay: {
      eventsPerSecond: replayEventsPerSecond(model),
      ...{ errorShare: replayErrorShare, count: replays },
    },
  };
}

export function checkpointDocument(one: StateCheckpoint): OutputOf<typeof checkpoints.show> {
  const { id, shardlet, seq, epoch, assignment, member, handlerVersion, state, base = null } = one;
  const { bytes, keys, digest, store, createdAtMs, validAtMs = null, tookMs = null } = one;
  const { verifiedAtMs = null, verifyError = null, reason } = one;
  return {
    ...{ id, shardlet, seq, epoch, assignment, member, handlerVersion, state, base, bytes, keys, digest },
    ...{ store, createdAtMs, validAtMs, tookMs, verifiedAtMs, verifyError },
    // those of the start are never shown
    reason: reason as Exclude<typeof reason, 'start'>,
  };
}
