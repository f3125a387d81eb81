/** foreshard send and tail: events in and out of an edge. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { send } from './send.ts';
import { tail } from './tail.ts';

export function register(program: Command): void {
  program
    .command('send')
    .description('store the CloudEvents of an NDJSON file ("-": of stdin)')
    .argument('<file>', 'one CloudEvent as JSON a line')
    .addOption(streamOption())
    .option('--json', 'print the summary as one JSON document')
    .action(send);
  program
    .command('tail')
    .description('follow the log: every event of a stream, in order')
    .addOption(streamOption())
    .option('--key <key>', 'only the events of this key')
    .option(
      '--from <cursor>',
      'where to begin: oldest, now, a time (2026-11-21T15:04:05Z), or the cursor of an earlier tail',
      'now',
    )
    .option('--limit <events>', 'end after so many', positive)
    .option('--utc', 'times in UTC instead of local ones')
    .option('--json', 'one JSON document a line')
    .action(tail);
}

export function streamOption(): Option {
  return new Option('--stream <name>', 'the stream').default('main');
}

export function positive(text: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (value < 1) throw new InvalidArgumentError('a whole number above 0 is expected');
  return value;
}
