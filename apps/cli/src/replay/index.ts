/** foreshard replay: a recorded load, played through an edge. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { positive, streamOption } from '../events/index.ts';
import { replay } from './replay.ts';

export function register(program: Command): void {
  program
    .command('replay')
    .description('play a trace through the edge, read it back and check it')
    .requiredOption(
      '--trace <name>',
      '"flights" (3,000,000 departures of 2001), or a CSV file: timestamp,key,...',
    )
    .addOption(speedOption())
    .option('--limit <rows>', 'only the first rows of the trace', positive)
    .addOption(streamOption())
    .option('--fresh', 'begin anew, under another source, instead of where the last run stopped')
    .option('--verify-only', 'send nothing, only read back')
    .option('--json', 'print the result as one JSON document')
    .action(replay);
}

function speedOption(): Option {
  return new Option('--speed <times>', 'how much faster than the trace, or "max"')
    .argParser(speedOf)
    .default(Number.POSITIVE_INFINITY, 'max');
}

function speedOf(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const speed = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (speed <= 0) throw new InvalidArgumentError('a number above 0, or "max", is expected');
  return speed;
}
