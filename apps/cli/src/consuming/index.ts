/** foreshard consume and groups: processing every event of a stream, shared among members. */
import { type Command, Option } from 'commander';
import { positive, streamOption } from '../events/index.ts';
import { consume } from './consume.ts';
import { addPush, removeGroup, showGroups } from './groups.ts';

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
    .option('--member <id>', 'the name of this member', undefined)
    .option('--limit <events>', 'end after so many', positive)
    .action(consume);
  const groups = program.command('groups').description('consumer groups: members, assignment and lag');
  groups
    .command('list', { isDefault: true })
    .description('all groups, or the shardlets of one')
    .argument('[group]', 'show its shardlets')
    .option('--json', 'one JSON document', false)
    .action(showGroups);
  groups
    .command('push')
    .description('begin a group whose events the worker posts to an address, signed; prints the secret once')
    .argument('<name>')
    .addOption(streamOption())
    .requiredOption('--push <url>', 'where to post CloudEvents batches')
    .action(addPush);
  groups
    .command('remove')
    .description('forget a group and how far it was')
    .argument('<name>')
    .action(removeGroup);
}
