/** Options that say when checkpoints of a group are due, and how long they are kept: for a new group and for one there is. */
import type { GroupCheckpointing } from '@foreshard/core/checkpointing';
import { type Command, Option } from 'commander';

type Switch = 'on' | 'off';

export interface CheckpointFlags {
  readonly aim?: GroupCheckpointing['aim'];
  readonly threshold?: string;
  readonly horizon?: string;
  readonly failureInterval?: string;
  readonly share?: string;
  readonly keep?: string;
  readonly keepHours?: string;
  readonly holdRetention?: Switch;
  readonly merges?: Switch;
}

const onOrOff = (flag: string, what: string) => new Option(`${flag} <state>`, what).choices(['on', 'off']);

/** When one is due. */
export function withRuleSettings(command: Command): Command {
  return command
    .addOption(new Option('--aim <aim>', 'what a checkpoint is for').choices(['backlog', 'cost']))
    .option('--threshold <events>', 'events that may wait when a replacement is ready (aim backlog)')
    .option('--horizon <minutes>', 'how far ahead the forecast of arrivals is read')
    .option('--failure-interval <hours>', 'mean time between failures of a member (aim cost)')
    .option('--share <part>', 'of its time that a member spends on checkpoints at most, 0.001 to 1');
}

export function withCheckpointSettings(command: Command): Command {
  return withRuleSettings(command)
    .option('--keep <count>', 'the newest of each shardlet that are kept')
    .option('--keep-hours <hours>', 'younger ones are kept')
    .addOption(onOrOff('--hold-retention', 'keep events that a recovery would replay'))
    .addOption(onOrOff('--merges', 'the handler can merge two states of one key'));
}

/** Those that were given. What is no number is refused by the operation, with its name. */
export function checkpointSettingsOf(flags: CheckpointFlags): Partial<GroupCheckpointing> {
  const numbers = {
    checkpoint_threshold: flags.threshold,
    prediction_horizon: flags.horizon,
    failure_interval: flags.failureInterval,
    checkpoint_share_max: flags.share,
    keep_count: flags.keep,
    keep_hours: flags.keepHours,
  };
  const switches = { hold_retention: flags.holdRetention, merges: flags.merges };
  const given = <T>(all: Readonly<Record<string, string | undefined>>, read: (text: string) => T) =>
    Object.entries(all).flatMap(([name, text]) => (text === undefined ? [] : [[name, read(text)] as const]));
  return {
    ...(flags.aim === undefined ? {} : { aim: flags.aim }),
    ...Object.fromEntries(given(numbers, Number)),
    ...Object.fromEntries(given(switches, (text) => text === 'on')),
  };
}
