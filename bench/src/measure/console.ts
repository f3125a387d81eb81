/** The console as it is run for people, of the build that is there. */
import { freePort } from '@foreshard/local';
import { type Child, start, waitUntil } from './child.ts';

const ROOT = new URL('../../../', import.meta.url).pathname;
const READY_WITHIN_MS = 60_000;

export interface RunningConsole {
  readonly url: string;
  readonly child: Child;
}

/** REQUIRES that it is built. */
export async function startConsole(
  environment: Readonly<Record<string, string>>,
  given?: number,
): Promise<RunningConsole> {
  const port = given ?? (await freePort());
  const next = `${ROOT}node_modules/next/dist/bin/next`;
  const child = start(next, ['start', `${ROOT}apps/web`, '-H', '127.0.0.1', '-p', String(port)], {
    ...environment,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
  });
  // what it says would fill the pipe one day
  child.process.stdout?.resume();
  const url = `http://127.0.0.1:${port}`;
  await waitUntil('the console is ready', READY_WITHIN_MS, async () => (await fetch(`${url}/api/livez`)).ok);
  return { url, child };
}
