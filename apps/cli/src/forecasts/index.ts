/** foreshard forecasts: what the worker expects of each stream and shardlet, and the models it does so with. */
import { type ModelVersion, RESOLUTION_NAMES, type Resolution } from '@foreshard/core/predicting';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ACTOR, type Control } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { print } from '../output.ts';
import { printRows } from '../table.ts';
import { showForecast } from './show.ts';
import { followTraining } from './training.ts';

interface Flags {
  readonly stream: string;
  readonly resolution: Resolution;
  readonly json: boolean;
  readonly reason?: string;
  readonly shardlet?: number;
}

const HELP = `
Forecasts come from the worker: steps of 5 minutes for 2 hours, steps of an hour for a day. A version is what one
training has found; the champion serves. Numbers are events per step. For any CSV file, without a cluster, see
"foreshard forecast" and "foreshard backtest".`;
const VERSIONS_SHOWN = 30;
const DECIDED = 'foreshard forecasts';

export function register(program: Command): void {
  const forecasts = program
    .command('forecasts')
    .description('forecasts of streams and shardlets, and the models that make them')
    .addHelpText('after', HELP);
  withStream(
    forecasts.command('list', { isDefault: true }).description('versions of the models, newest first'),
  ).action((flags: Flags) => withControl((control) => list(control, flags)));
  withStream(forecasts.command('show').description('the forecast of a stream or shardlet'))
    .option('--shardlet <ID>', 'only this shardlet', positive)
    .action((flags: Flags) => withControl((control) => showForecast(control, flags)));
  forecasts
    .command('retrain')
    .description('train challengers now, and follow the training')
    .option('--stream <NAME>', 'only this stream (default: all)')
    .option('--reason <TEXT>', 'why', 'asked for on the command line')
    .option('--json', 'one JSON document', false)
    .action(({ stream, reason, json }: Partial<Flags>) =>
      withControl(async (control) => {
        const streamId = stream === undefined ? null : await streamIdOf(control, stream);
        await followTraining(control, { streamId, reason: reason!, actor: ACTOR }, json === true);
      }),
    );
  forecasts
    .command('promote')
    .description('make a version the champion')
    .argument('<version>', 'its number', positive)
    .option('--reason <TEXT>', 'why', 'promoted on the command line')
    .action((id: number, { reason }: { reason: string }) =>
      withControl(async (control) => {
        const version = await control.models.version(id);
        if (version === undefined) throw badInput(`there is no version ${id}: see "${DECIDED} list"`);
        await promote(control, version, reason);
      }),
    );
  withStream(
    forecasts.command('rollback').description('make the champion before this one the champion again'),
  )
    .option('--reason <TEXT>', 'why', 'rolled back on the command line')
    .action((flags: Flags) => withControl((control) => rollBack(control, flags)));
}

function withStream(command: Command): Command {
  return command
    .option('--stream <NAME>', 'the stream', 'main')
    .addOption(
      new Option('--resolution <STEP>', 'length of the steps').choices(RESOLUTION_NAMES).default('1h'),
    )
    .option('--json', 'one JSON document', false);
}

async function streamIdOf(control: Control, name: string): Promise<number> {
  const found = (await control.topology.snapshot()).streams.find((stream) => stream.name === name);
  if (found === undefined) throw badInput(`there is no stream ${name}`);
  return found.id;
}

async function list(control: Control, { stream, resolution, json }: Flags): Promise<void> {
  const id = await streamIdOf(control, stream);
  const champion = await control.models.champion(id, resolution);
  const rows = (await control.models.versions(id, resolution, VERSIONS_SHOWN)).map((version) => ({
    version: version.id,
    champion: version.id === champion?.id ? 'yes' : '',
    model: version.name,
    mae: digits(version.mae),
    naiveMae: digits(version.naiveMae),
    rmse: digits(version.rmse),
    mase: digits(version.mase),
    wape: digits(version.wape),
    pinball: digits(version.pinball),
    coverage: digits(version.coverage),
    fitMs: Math.round(version.fitMs),
    from: new Date(version.windowFromMs).toISOString(),
    to: new Date(version.windowToMs).toISOString(),
  }));
  printRows(
    rows,
    json,
    `no model of ${stream} was trained yet: a default one serves; see "${DECIDED} retrain"`,
  );
}

async function rollBack(control: Control, { stream, resolution, reason }: Flags): Promise<void> {
  const id = await streamIdOf(control, stream);
  const [newest] = await control.models.promotions(id, resolution, 1);
  if (newest === undefined || newest.previous === null)
    throw badInput(`${stream} has had no earlier champion for steps of ${resolution}`);
  const version = await control.models.version(newest.previous);
  await promote(control, version!, reason!, newest.version);
}

async function promote(
  control: Control,
  version: ModelVersion,
  reason: string,
  expected?: number,
): Promise<void> {
  const why = { actor: ACTOR, reason, atMs: Date.now() };
  if (!(await control.models.promote(version, why, expected)))
    throw new CommandFailure('the champion has changed meanwhile: look again and decide anew');
  await control.jobs.wake('forecast').catch(() => {});
  await print(`version ${version.id} (${version.name}) is the champion; it serves within a minute\n`);
}

function digits(value: number): number {
  return Number(value.toPrecision(4));
}

function positive(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number from 1 is needed.');
}
