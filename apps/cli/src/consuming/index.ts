/** foreshard consume and groups: processing every event of a stream, shared among members. */
import { groups } from '@foreshard/core/operations';
import { type Command, Option } from 'commander';
import { positive, streamOption } from '../events/index.ts';
import { operating } from '../operations/run-operation.ts';
import { SECRETLY } from '../secret-input.ts';
import { registerCheckpoints } from './checkpoints.ts';
import { consume } from './consume.ts';
import { addPush, removeGroup, showGroups } from './groups.ts';
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
  operating(group.command('list', { isDefault: true }), groups.list, groups.show)
    .description('all groups, or the shardlets of one')
    .argument('[group]', 'show its shardlets')
    .action(showGroups);
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
