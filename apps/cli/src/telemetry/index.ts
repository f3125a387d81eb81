/** foreshard import-history: recorded load out of a trace. */
import { type Command, Option } from 'commander';
import { positive, streamOption } from '../events/index.ts';
import { importHistory } from './import-history.ts';

export function register(program: Command): void {
  program
    .command('import-history')
    .description('take a trace of the past for recorded load: a beginning for forecasts')
    .requiredOption(
      '--trace <name>',
      '"flights" (3,000,000 departures of 2001); a CSV file: timestamp,value or timestamp,key[,op,bytes]; or keys as .i32be.gz',
    )
    .addOption(streamOption())
    .addOption(
      new Option('--shift <how>', 'move it in time so that it ends in this hour, or leave it')
        .choices(['end-now', 'none'])
        .default('end-now'),
    )
    .addOption(
      new Option('--format <what>', 'when the columns do not tell: load, or accesses by key').choices([
        'load',
        'accesses',
      ]),
    )
    .option('--over <hours>', 'spread keys without times over so many hours', positive, 24)
    .option('--weight <events>', 'a row of a sampled trace stands for so many events', positive, 1)
    .option('--dry-run', 'read and judge the trace, write nothing')
    .option('--remove', 'take the import of this trace back')
    .option('--json', 'print the result as one JSON document')
    .action(importHistory);
}
