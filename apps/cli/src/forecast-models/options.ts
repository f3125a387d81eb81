/** What forecast and backtest are told alike, and what becomes of it. */
import { detectSeasons, type Series } from '@foreshard/core/forecast-models';
import type { Command } from 'commander';
import { badInput, EXIT_FAILURE } from '../failure.ts';
import { writeErr } from '../output.ts';
import { type ReadSeries, readSeries } from './read-series.ts';

export interface SeriesFlags {
  readonly input: string;
  readonly value?: string;
  readonly time?: string;
  readonly step?: string;
  readonly season?: string;
  readonly horizon: string;
  readonly model: string;
  readonly wide: boolean;
  readonly json: boolean;
}

export interface NamedSeries {
  readonly id: string;
  readonly series: Series;
}

/** measurements kept of a longer series: years of minutes; models read less */
const STEPS_MAX = 1_000_000;
const HORIZON_MAX = 20_000;
const NOTES_SHOWN = 20;

export function withSeriesOptions(command: Command): Command {
  return command
    .requiredOption('--input <FILE.csv>', 'the series, with a header line')
    .option('--value <COL>', 'column of the values (default: the first that is not the time)')
    .option('--time <COL>', 'column of the times; without a zone they are read as UTC')
    .option('--step <SECONDS>', 'distance of the steps (default: from the times, else 3600)')
    .option(
      '--season <STEPS>',
      'season lengths in steps, such as 24,168 (default: day and week, where the data show them)',
    )
    .option('--wide', 'a series a row: id,v1,v2,...; rows may end early', false)
    .option('--json', 'one JSON document', false);
}

export async function seriesOf(flags: SeriesFlags): Promise<NamedSeries[]> {
  const seasons = seasonsOf(flags.season);
  const read = await readSeries({
    input: flags.input,
    ...(flags.value === undefined ? {} : { value: flags.value }),
    ...(flags.time === undefined ? {} : { time: flags.time }),
    wide: flags.wide,
    stepSeconds: flags.step === undefined ? undefined : positive(flags.step, '--step'),
  });
  const notes: string[] = [];
  const named = read.flatMap((one) => {
    const short = tooShort(one);
    if (short === undefined) return [prepared(one, seasons, notes)];
    // one bad row of many ends nothing
    if (read.length === 1) throw badInput(short);
    leaveOut(short);
    return [];
  });
  printNotes(notes);
  if (named.length === 0) throw badInput(`no series of ${flags.input} is long enough`);
  return named;
}

/** Names a series that gets no answer; the others go on, and the command ends with the code of a failure. */
export function leaveOut(reason: string): void {
  writeErr(`foreshard: left out: ${reason}\n`);
  process.exitCode = EXIT_FAILURE;
}

function tooShort({ id, values }: ReadSeries): string | undefined {
  const known = values.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
  if (known >= 2) return undefined;
  return `${id} is too short: ${known} measurement${known === 1 ? '' : 's'}, at least 2 are needed`;
}

function prepared(read: ReadSeries, seasons: readonly number[] | undefined, notes: string[]): NamedSeries {
  const note = (text: string) => notes.push(`${read.id}: ${text}`);
  read.notes.forEach(note);
  const values = read.values.subarray(Math.max(0, read.values.length - STEPS_MAX));
  if (values.length < read.values.length) note(`${read.values.length} steps: the last ${STEPS_MAX} are used`);
  if (values.some((value) => value < 0)) note('has negative values: forecasts may be negative as well');
  const first = values.find((value) => !Number.isNaN(value));
  if (values.every((value) => Number.isNaN(value) || value === first)) note('is constant');
  const found = seasons ?? detectSeasons(values, read.stepSeconds).map((season) => season.steps);
  return {
    id: read.id,
    series: { values, stepSeconds: read.stepSeconds, seasons: found, firstMs: read.firstMs },
  };
}

function printNotes(notes: readonly string[]): void {
  for (const note of notes.slice(0, NOTES_SHOWN)) writeErr(`foreshard: ${note}\n`);
  if (notes.length > NOTES_SHOWN)
    writeErr(`foreshard: and ${notes.length - NOTES_SHOWN} remarks like these\n`);
}

export function seasonsOf(text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined;
  const seasons = text.split(',').map((part) => wholeNumber(part, '--season', 2, 1_000_000));
  return [...new Set(seasons)].sort((a, b) => a - b);
}

export function horizonOf(text: string): number {
  return wholeNumber(text, '--horizon', 1, HORIZON_MAX);
}

export function wholeNumber(text: string, flag: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw badInput(`${flag} takes whole numbers from ${least} to ${most}, not "${text}"`);
}

function positive(text: string, flag: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw badInput(`${flag} takes a number above 0, not "${text}"`);
}
