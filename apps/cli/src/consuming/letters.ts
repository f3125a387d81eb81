/** foreshard groups letters: events that a group could not process, and what is decided about them. */
import { type AnyOperation, deadLetters, type OutputOf } from '@foreshard/core/operations';
import { type Command, Option } from 'commander';
import { badInput } from '../failure.ts';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { print, printJson } from '../output.ts';
import { printRows } from '../table.ts';

type Letter = OutputOf<typeof deadLetters.list>['letters'][number];

interface ListFlags extends OperationOptions {
  readonly state: 'dead' | 'redriven' | 'discarded' | 'any';
  readonly limit: string;
  readonly after?: string;
}

interface DecideFlags extends OperationOptions {
  readonly all: boolean;
  readonly note: string;
}

const HELP = `
Examples:
  foreshard groups letters list billing
  foreshard groups letters show billing 7:120:1763900000000000
  foreshard groups letters redrive billing --all --note "tax service is back"`;

export function registerLetters(groups: Command): void {
  const letters = groups
    .command('letters')
    .description('dead letters: events that a group could not process')
    .addHelpText('after', HELP);
  operating(letters.command('list'), deadLetters.list)
    .description('the dead letters of a group, the newest first')
    .argument('<group>')
    .addOption(
      new Option('--state <state>', 'only these')
        .choices(['dead', 'redriven', 'discarded', 'any'])
        .default('any'),
    )
    .option('--limit <count>', 'how many at most', '100')
    .option('--after <letter>', 'go on behind this one')
    .action(list);
  operating(letters.command('show'), deadLetters.show)
    .description('one dead letter with its event, for who may read payloads')
    .argument('<group>')
    .argument('<letter>')
    .action(show);
  for (const [name, operation, description] of [
    ['redrive', deadLetters.redrive, 'give dead letters to the group again; cannot be taken back'],
    ['discard', deadLetters.discard, 'mark dead letters as done with; "restore" takes it back'],
    ['restore', deadLetters.restore, 'take back that dead letters were discarded'],
  ] as const)
    operating(letters.command(name), operation)
      .description(description)
      .argument('<group>')
      .argument('[letters...]')
      .option('--all', 'every one', false)
      .option('--note <text>', 'kept with each letter', '')
      .action((group, chosen, flags) => decide(operation, group, chosen, flags));
}

async function list(group: string, { state, limit, after, ...options }: ListFlags): Promise<void> {
  const place = after === undefined ? {} : { after };
  const answer = await runOperation(
    deadLetters.list,
    { group, state, limit: Number(limit), ...place },
    options,
  );
  if (options.json) return printJson(answer);
  await printRows(answer.letters.map(rowOf), false, `${group} has no such letter`);
  if (answer.more) await print(`more: --after ${answer.letters.at(-1)!.letter}\n`);
}

async function show(group: string, letter: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(deadLetters.show, { group, letter }, options);
  if (options.json) return printJson(answer);
  const { event, ...facts } = answer;
  await printRows([rowOf(facts)], false, '');
  await print(`\n${event ?? 'the event is not shown: that needs the permission events:read'}\n`);
}

type Deciding = typeof deadLetters.redrive | typeof deadLetters.discard | typeof deadLetters.restore;

async function decide(
  operation: Deciding,
  group: string,
  letters: readonly string[],
  { all, note, ...options }: DecideFlags,
): Promise<void> {
  if (all === letters.length > 0) throw badInput('name letters, or --all');
  const chosen = all ? { all: true as const } : { letters: [...letters] };
  const answer = await runOperation(operation as AnyOperation, { group, note, ...chosen }, options);
  if (options.json) return printJson(answer);
  const { result, changed, unchanged, left } = answer as OutputOf<Deciding>;
  const rest = [
    ...(unchanged === 0 ? [] : [`${unchanged} unchanged: in another state, or decided by somebody else`]),
    ...(left === 0 ? [] : [`${left} left: give the command again`]),
  ];
  await print(`${[`${result}: ${changed}`, ...rest].join('; ')}\n`);
}

function rowOf({ letter, state, key, reason, attempts, failures, failedAt, decided }: Omit<Letter, 'event'>) {
  return {
    letter,
    state,
    key,
    failed: new Date(failedAt / 1_000).toISOString(),
    attempts: failures > 1 ? `${attempts} (failed ${failures} times)` : attempts,
    reason,
    note: decided === null ? '' : `${decided.by}: ${decided.note}`,
  };
}
