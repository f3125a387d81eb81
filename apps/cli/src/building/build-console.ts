/** Builds the console, unless the one that is there was made of the same inputs: then it stays untouched. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../checkout.ts';
import { builtOnce } from './built-once.ts';
import { buildTool, runTool } from './run-tool.ts';

const TASK = '@foreshard/web#build';
const BUILD = join(ROOT, 'apps/web/.next');

export async function buildConsole(signal?: AbortSignal): Promise<void> {
  const build = () => runTool(turbo('building the console', ['--ui=stream'], signal));
  await builtOnce(BUILD, await inputsHash(signal), build);
}

/** turbo's own key of the result: over every file, package and variable that goes in (turbo.json) */
async function inputsHash(signal?: AbortSignal): Promise<string> {
  const plan = turbo('planning the build of the console', ['--dry=json'], signal);
  await runTool(plan);
  const text = await readFile(plan.log, 'utf8');
  const { tasks } = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
  return (tasks as { taskId: string; hash: string }[]).find((task) => task.taskId === TASK)!.hash;
}

function turbo(what: string, args: readonly string[], signal: AbortSignal | undefined) {
  return buildTool(what, 'turbo', ['run', TASK, ...args], { NODE_ENV: 'production' }, signal);
}
