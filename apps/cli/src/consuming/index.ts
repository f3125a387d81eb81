/** foreshard consume and groups: processing every event of a stream, shared among members. */
import { groups } from '@foreshard/core/operations';
import { type Command, Option } from 'commander';
import { positive, streamOption } from '../events/index.ts';
import { operating } from '../operations/run-operation.ts';
import { SECRETLY } from '../secret-input.ts';
import { withCheckpointSettings } from './checkpoint-settings.ts';
import { registerCheckpoints } from './checkpoints.ts';
import { consume } from './consume.ts';
import { addPush, createGroup, removeGroup, showGroups } from './groups.ts';
import { registerLetters } from './letters.ts';

export function register(program: Command): void {
  program
    .command('consume')
    .description(
      'print the events of a stream as a member of a group, each line one event; commit what is out',
    )
    .requiredOption(
      '--group <name>',
      'the group: members of one group share the events; begun when it is new',
    )
    .addOption(streamOption())
    .addOption(
      new Option('--from <where>', 'where a new group begins').choices(['oldest', 'now']).default('oldest'),
    )
    .addOption(
      new Option('--order <order>', 'of a new group: log merges the shardlets of a member by time').choices([
        'key',
        'log',
      ]),
    )
    .option('--member <id>', 'the name of this member', undefined)
    .option('--limit <events>', 'end after so many', positive)
    .action(consume);
  const group = program.command('groups').description('consumer groups: members, assignment and lag');
  operating(group.command('list', { isDefault: true }), groups.summaries, groups.show)
    .description('all groups, or the shardlets of one')
    .argument('[group]', 'show its shardlets')
    .option('--search <text>', 'only groups with this in their name or that of their stream', '')
    .action(showGroups);
  registerCreate(group);
  operating(group.command('push'), groups.push)
    .description('create a group whose events the worker posts to an address, signed; prints the secret once')
    .argument('<name>')
    .addOption(streamOption())
    .requiredOption('--push <url>', `where to post CloudEvents batches; one with a token: ${SECRETLY}`)
    .addOption(
      new Option('--from <where>', 'where the group starts').choices(['oldest', 'now']).default('oldest'),
    )
    .addOption(
      new Option(
        '--order <order>',
        'log: a worker posts the events of all its shardlets by time, one after the other',
      )
        .choices(['key', 'log'])
        .default('key'),
    )
    .option('--attempts <count>', 'after so many refusals an event becomes a dead letter', positive)
    .action(addPush);
  operating(group.command('remove'), groups.remove)
    .description('forget a group, how far it was, and its dead letters')
    .argument('<name>')
    .action(removeGroup);
  registerLetters(group);
  registerCheckpoints(group);
}

const CREATE_HELP = `
Examples:
  foreshard groups create billing --from now
  foreshard groups create totals --checkpoints             # its members keep state: docs/processors.md
  foreshard groups create totals --threshold 5000 --keep 5 # the same, with settings`;

function registerCreate(group: Command): void {
  const command = operating(group.command('create'), groups.create)
    .description('create a group whose members poll; with --checkpoints they keep state')
    .argument('<name>')
    .addOption(streamOption())
    .addOption(
      new Option('--from <where>', 'where the group starts').choices(['oldest', 'now']).default('oldest'),
    )
    .addOption(
      new Option('--order <order>', 'log: members get the events of their shardlets merged by time')
        .choices(['key', 'log'])
        .default('key'),
    )
    .option('--session-seconds <seconds>', 'a member is given up after such a silence', positive)
    .option('--drain-minutes <minutes>', 'a backlog is to be processed within so long', positive)
    .option('--dead-letters', 'create the stream for dead letters now', false)
    .option('--checkpoints', 'members keep state; with the usual settings, or these:', false)
    .addHelpText('after', CREATE_HELP);
  withCheckpointSettings(command).action(createGroup);
}
