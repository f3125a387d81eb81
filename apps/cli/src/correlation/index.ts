/** foreshard correlate: which events announce which in a log of the user's own, without a server. */
import { type Evaluation, PrequentialEvaluation } from '@foreshard/core/correlation';
import type { Command } from 'commander';
import { badInput } from '../failure.ts';
import { note, print } from '../output.ts';
import { readEventLog } from './read-event-log.ts';
import { shown } from './shown.ts';

interface Flags {
  readonly input: string;
  readonly case: string;
  readonly activity: string;
  readonly time: string;
  readonly features?: string;
  readonly json: boolean;
}

const FEATURES_MAX = 8;

export function register(program: Command): void {
  program
    .command('correlate')
    .description('predict each next event of a CSV log from those before it; needs no server')
    .requiredOption('--input <FILE.csv>', 'the events, with a header line')
    .requiredOption('--case <COL>', 'column of the key: events of one case follow each other')
    .requiredOption('--activity <COL>', 'column of the type, which is predicted')
    .requiredOption('--time <COL>', 'column of the times; without a zone they are read as UTC')
    .option(
      '--features <COL,COL>',
      `columns of attributes that may announce the next event, at most ${FEATURES_MAX}`,
    )
    .option('--json', 'one JSON document', false)
    .action(async (flags: Flags) => {
      const features = featuresOf(flags.features);
      const evaluation = await evaluate(flags, features);
      await print(flags.json ? `${JSON.stringify(evaluation)}\n` : shown(evaluation));
    });
}

async function evaluate(flags: Flags, features: readonly string[]): Promise<Evaluation & { cases: number }> {
  const { case: key, activity, time, input } = flags;
  const log = await readEventLog({ input, key, activity, time, features });
  for (const remark of log.notes) note(`foreshard: ${remark}`);
  const evaluation = new PrequentialEvaluation({ attributes: features, keysMax: log.cases });
  for (const event of log.inOrder()) evaluation.observe(event);
  const { events, ...rest } = evaluation.result();
  return { events, cases: log.cases, ...rest };
}

function featuresOf(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const names = text.split(',').map((name) => name.trim());
  if (names.includes(''))
    throw badInput('--features takes names of columns with commas between them, such as user,region');
  if (new Set(names).size < names.length) throw badInput('--features names a column twice');
  if (names.length > FEATURES_MAX)
    throw badInput(`--features takes at most ${FEATURES_MAX} columns, not ${names.length}`);
  return names;
}
