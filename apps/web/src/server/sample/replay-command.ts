/** How the replay is called: the command a user would type, from the checkout this console was built in. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Bounded, so that a click never fills a host: about 30 MB of the 3,000,000 recorded departures. */
export const SAMPLE_ROWS = 100_000;
/** Six recorded days in about a minute: slow enough to watch each day rise and fall. */
const SAMPLE_SPEED_DEFAULT = '9000';

export interface ReplayCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** where it keeps how far it is: apart from the replays a user starts by hand, which it must not reset */
  readonly dataDir: string;
}

/** `goOn`: after the rows of a replay that was stopped; else anew. Undefined outside of a checkout. */
export function replayCommand(goOn: boolean, env = process.env): ReplayCommand | undefined {
  const checkout = findCheckout(process.cwd());
  if (checkout === undefined) return undefined;
  const rows = [
    '--limit',
    String(SAMPLE_ROWS),
    '--speed',
    env.FORESHARD_SAMPLE_SPEED ?? SAMPLE_SPEED_DEFAULT,
  ];
  return {
    program: process.execPath,
    args: [mainOf(checkout), 'replay', '--trace', 'flights', ...rows, '--json', ...(goOn ? [] : ['--fresh'])],
    cwd: checkout,
    dataDir: join(env.FORESHARD_DATA_DIR ?? join(checkout, '.foreshard'), 'console'),
  };
}

function findCheckout(from: string): string | undefined {
  for (let dir = from; ; dir = dirname(dir)) {
    if (existsSync(mainOf(dir))) return dir;
    if (dir === dirname(dir)) return undefined;
  }
}

function mainOf(checkout: string): string {
  return join(/* turbopackIgnore: true */ checkout, 'apps', 'cli', 'src', 'main.ts');
}
