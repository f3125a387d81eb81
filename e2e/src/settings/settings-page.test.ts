/** docs/settings.md, made from the schemas that read the environment of the processes. */
import { expect, test } from 'vitest';
import { environment as ofUp } from '../../../apps/cli/src/local/settings.ts';
import { environment as ofEdge } from '../../../apps/edge/src/settings.ts';
import { environment as ofWeb } from '../../../apps/web/src/server/settings.ts';
import { environment as ofWorker } from '../../../apps/worker/src/process/settings.ts';

/** What is looked at of a schema. */
interface Schema {
  readonly description?: string | undefined;
  readonly _zod: { readonly def: unknown };
}
interface Definition {
  readonly type: string;
  readonly defaultValue?: unknown;
  readonly in?: Schema;
  readonly innerType?: Schema;
}
type Fields = Readonly<Record<string, Schema>>;

/** In the order in which a setting that several processes have is looked for. */
const PROCESSES: Readonly<Record<string, Fields>> = {
  edge: ofEdge.shape,
  worker: ofWorker.shape,
  console: ofWeb.shape,
  'npm start': ofUp.shape,
};
/** What every process needs has a value on one machine. */
const GIVEN_BY_START = ['DATABASE_URL', 'REDIS_URL'];

interface Setting {
  readonly name: string;
  readonly processes: readonly string[];
  readonly what: string | undefined;
  /** by the process, where they differ */
  readonly defaults: readonly string[];
}

/** As it would stand in the environment. */
function defaultOf(type: Schema): string {
  const def = type._zod.def as Definition;
  if (def.type === 'default') return textOf(def.defaultValue);
  const inner = def.type === 'pipe' ? def.in : def.innerType;
  return inner === undefined ? '' : defaultOf(inner);
}

function textOf(value: unknown): string {
  const isGiven = value !== '' && !(Array.isArray(value) && value.length === 0);
  if (!isGiven) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function settings(): readonly Setting[] {
  const names = new Set(Object.values(PROCESSES).flatMap((fields) => Object.keys(fields)));
  return [...names].sort().map((name) => {
    const having = Object.entries(PROCESSES).filter(([, fields]) => name in fields);
    return {
      name,
      processes: having.map(([process]) => process),
      what: having.map(([, fields]) => fields[name]!.description).find((what) => what !== undefined),
      defaults: having.map(([, fields]) => defaultOf(fields[name]!)),
    };
  });
}

function defaultCell({ name, processes, defaults }: Setting): string {
  if (GIVEN_BY_START.includes(name)) return 'required; `npm start` starts a server';
  // a start hands on what it is given: it has the default of the process
  const own = processes.flatMap((process, i) => (process === 'npm start' && i > 0 ? [] : [defaults[i]!]));
  if (new Set(own).size === 1) return own[0] === '' ? '' : codeOf(name, own[0]!);
  return own.map((value, i) => `${processes[i]}: ${value === '' ? 'none' : codeOf(name, value)}`).join('; ');
}

/** What differs in every start has no value to show. */
const codeOf = (name: string, value: string) => (name === 'EDGE_ID' ? '' : `\`${value}\``);

function page(): string {
  return [
    '# Settings',
    '',
    'Variables of the environment that the processes read when they start. An empty one counts as unset. A wrong value ends the',
    'start with a line that names the variable and the cure. `npm start` hands its environment on to all processes. What can',
    'be changed while everything runs is in the [policy](planning.md) and in the settings of streams, hosts and groups.',
    '',
    'This page is made from the schemas that read the environment, by a test',
    '(`npx vitest run e2e/src/settings/settings-page.test.ts -u`).',
    '',
    '| variable | of | what | default |',
    '| --- | --- | --- | --- |',
    ...settings().map(
      (one) => `| \`${one.name}\` | ${one.processes.join(', ')} | ${one.what} | ${defaultCell(one)} |`,
    ),
    '',
    'The command line reads `FORESHARD_EDGE_URL` with `FORESHARD_TOKEN`, and for what it does without an edge `DATABASE_URL`,',
    '`REDIS_URL` and `TOPOLOGY_URL`. Without them it takes `credentials.json` of `FORESHARD_DATA_DIR`, else of the nearest',
    '`.foreshard` folder upward from where it runs.',
    '',
  ].join('\n');
}

test('each setting says what it is', () => {
  expect(settings().filter(({ what }) => what === undefined)).toEqual([]);
});

test('docs/settings.md lists the settings as they are', async () => {
  await expect(page()).toMatchFileSnapshot('../../../docs/settings.md');
});
