/** foreshard health: the score of every host and shardlet, and what one of them is made of. */
import {
  costOf,
  type Health,
  type HealthAt,
  type HealthPicture,
  type HealthSubject,
} from '@foreshard/core/profiling';
import type { Command } from 'commander';
import { withControl } from '../deciding.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { writeOut } from '../output.ts';
import { printRows, tableOf } from '../table.ts';

const HOUR_MS = 3_600_000;
/** minutes are kept for some hours; of longer times the lowest score of each hour is shown */
const MINUTES_FOR_HOURS = 6;
const WORST_SHOWN = 20;

interface Options {
  readonly json: boolean;
  readonly host?: string;
  readonly shardlet?: string;
  readonly hours: string;
}

export function register(program: Command): void {
  program
    .command('health')
    .description('scores from 0 to 100 of hosts and shardlets, made anew every minute')
    .option('--host <id>', 'the parts and the history of one host')
    .option('--shardlet <id>', 'the parts and the history of one shardlet')
    .option('--hours <n>', 'of history', '1')
    .option('--json', 'one JSON document', false)
    .action(async (options: Options) => {
      const subject = subjectOf(options);
      if (subject === undefined) await showAll(options.json);
      else await showOne(subject, wholeNumber('--hours', options.hours), options.json);
    });
}

function subjectOf({ host, shardlet }: Options): HealthSubject | undefined {
  if (host !== undefined && shardlet !== undefined) throw badInput('name a host or a shardlet, not both');
  if (host !== undefined) return { kind: 'host', id: wholeNumber('--host', host) };
  return shardlet === undefined ? undefined : { kind: 'shardlet', id: wholeNumber('--shardlet', shardlet) };
}

async function showAll(json: boolean): Promise<void> {
  const picture = await withControl(({ health }) => health.current());
  if (picture === undefined) throw nothingYet();
  if (json) writeOut(`${JSON.stringify(documentOf(picture))}\n`);
  else {
    const [hosts, shardlets] = [rowsOf('host', picture.hosts), rowsOf('shardlet', picture.shardlets)];
    const shown = [...hosts, ...shardlets.slice(0, WORST_SHOWN)];
    const more =
      shardlets.length > WORST_SHOWN ? `\n(the ${WORST_SHOWN} worst of ${shardlets.length} shardlets)` : '';
    writeOut(`as of ${new Date(picture.atMs).toISOString()}\n${tableOf(shown)}${more}\n`);
  }
}

async function showOne(subject: HealthSubject, hours: number, json: boolean): Promise<void> {
  const now = Date.now();
  const resolution = hours <= MINUTES_FOR_HOURS ? 'minute' : 'hour';
  const history = await withControl(({ health }) =>
    health.history(subject, resolution, now - hours * HOUR_MS, now),
  );
  const newest = history.at(-1);
  if (newest === undefined)
    throw new CommandFailure(`nothing is known of ${subject.kind} ${subject.id} in these hours`);
  if (json) {
    writeOut(`${JSON.stringify({ ...subject, resolution, history: history.map(timed) })}\n`);
    return;
  }
  writeOut(`${subject.kind} ${subject.id}: ${newest.score ?? 'unknown'}\n`);
  printRows(
    newest.parts.map((part) => ({ ...part })),
    false,
    '',
  );
  const course = history.map(({ atMs, score }) => ({ at: new Date(atMs).toISOString(), score }));
  writeOut(`\n${tableOf(course)}\n`);
}

/** The worst first; the part that costs most is named. */
function rowsOf(kind: string, healths: ReadonlyMap<number, Health>) {
  return [...healths]
    .sort(([a, x], [b, y]) => (x.score ?? 101) - (y.score ?? 101) || a - b)
    .map(([id, { score, parts }]) => ({ what: kind, id, score, worst: worstOf(parts) }));
}

function worstOf(parts: Health['parts']): string | null {
  const [worst] = parts.filter((part) => costOf(part) > 0).sort((a, b) => costOf(b) - costOf(a));
  if (worst === undefined) return null;
  if (worst.part === 'reachable') return 'its host takes no events now';
  return `${worst.part} ${Number(worst.raw!.toPrecision(3))} ${worst.unit}`;
}

function documentOf({ atMs, hosts, shardlets }: HealthPicture) {
  const listed = (healths: ReadonlyMap<number, Health>) =>
    [...healths].map(([id, health]) => ({ id, ...health }));
  return { at: new Date(atMs).toISOString(), hosts: listed(hosts), shardlets: listed(shardlets) };
}

function timed({ atMs, score, parts }: HealthAt) {
  return { at: new Date(atMs).toISOString(), score, parts };
}

function nothingYet(): CommandFailure {
  return new CommandFailure('nothing is scored yet: a worker does it once a minute; see "foreshard status"');
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw badInput(`${option} takes a number above 0, not "${text}"`);
}
