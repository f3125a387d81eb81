/** foreshard forecasts: what the worker expects of each stream and shardlet, and the models it does so with. */
import { RESOLUTION_NAMES, type Resolution } from '@foreshard/core/forecast-service';
import { models, type OutputOf } from '@foreshard/core/operations';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { withControl } from '../deciding.ts';
import { DIRECT_COMMANDS } from '../operations/direct-commands.ts';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { print, printJson } from '../output.ts';
import { printRows } from '../table.ts';
import { type ShowFlags, showForecast } from './show.ts';
import { followTraining } from './training.ts';

interface Series {
  readonly stream: string;
  readonly resolution: Resolution;
}
type Because = OperationOptions & { readonly reason: string };

const HELP = `
Forecasts come from the worker: steps of 5 minutes for 2 hours, steps of an hour for a day. A version is what one
training has found; the champion serves. Numbers are events per step. For any CSV file, without a cluster, see
"foreshard forecast" and "foreshard backtest".`;

export function register(program: Command): void {
  const forecasts = program
    .command('forecasts')
    .description('forecasts of streams and shardlets, and the models that make them')
    .addHelpText('after', HELP);
  ofSeries(operating(forecasts.command('list', { isDefault: true }), models.list))
    .description('versions of the models, newest first')
    .action(list);
  ofStream(forecasts.command('show'))
    .addOption(steps('length of the steps (default: 1h, or 5m until there are any)'))
    .description('the forecast of a stream or shardlet')
    .addHelpText('after', `\n${DIRECT_COMMANDS['forecasts show']}`)
    .option('--shardlet <ID>', 'only this shardlet', positive)
    .option('--json', 'one JSON document', false)
    .action((flags: ShowFlags) => withControl((control) => showForecast(control, flags)));
  operating(forecasts.command('retrain'), models.retrain)
    .description('train challengers now, and follow the training')
    .option('--stream <NAME>', 'only this stream (default: all)')
    .option('--reason <TEXT>', 'why', 'asked for on the command line')
    .action(followTraining);
  operating(forecasts.command('promote'), models.promote)
    .description('make a version the champion')
    .argument('<version>', 'its number', positive)
    .option('--reason <TEXT>', 'why', 'promoted on the command line')
    .action(promote);
  ofSeries(operating(forecasts.command('rollback'), models.rollBack))
    .description('make the champion before this one the champion again')
    .option('--reason <TEXT>', 'why', 'rolled back on the command line')
    .action(rollBack);
}

function ofSeries(command: Command): Command {
  return ofStream(command).addOption(steps('length of the steps').default('1h'));
}

function ofStream(command: Command): Command {
  return command.option('--stream <NAME>', 'the stream', 'main');
}

function steps(description: string): Option {
  return new Option('--resolution <STEP>', description).choices(RESOLUTION_NAMES);
}

async function list({ stream, resolution, ...options }: OperationOptions & Series): Promise<void> {
  const answer = await runOperation(models.list, { stream, resolution }, options);
  if (options.json) return printJson(answer);
  const rows = answer.versions.map((version) => ({
    version: version.id,
    champion: version.id === answer.champion ? 'yes' : '',
    model: version.name,
    mae: digits(version.mae),
    naiveMae: digits(version.naiveMae),
    rmse: digits(version.rmse),
    mase: digits(version.mase),
    wape: digits(version.wape),
    pinball: digits(version.pinball),
    coverage: digits(version.coverage),
    'fit (s)': digits(version.fitSeconds),
    from: version.windowFrom,
    to: version.windowTo,
  }));
  printRows(
    rows,
    false,
    `no model of ${stream} was trained yet: a default one serves; see "foreshard forecasts retrain"`,
  );
}

async function promote(version: number, { reason, ...options }: Because): Promise<void> {
  await report(await runOperation(models.promote, { version, reason }, options), options);
}

async function rollBack({ stream, resolution, reason, ...options }: Because & Series): Promise<void> {
  await report(await runOperation(models.rollBack, { stream, resolution, reason }, options), options);
}

async function report(answer: OutputOf<typeof models.promote>, { json }: OperationOptions): Promise<void> {
  if (json) return printJson(answer);
  const { id, name } = answer.champion;
  await print(`version ${id} (${name}) is the champion; it serves within a minute\n`);
}

function digits(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4));
}

function positive(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number from 1 is needed.');
}
