/** Everything on this machine: foreshard up, down, status, test. */
import type { Command } from 'commander';
import { ownDataDir } from '../checkout.ts';
import { readSettings } from './settings.ts';

const ENVIRONMENT = `
Variables: EDGE_HOST, EDGE_PORT (127.0.0.1:7070), WEB_HOST, WEB_PORT (127.0.0.1:7080), WORKER_PORT (7090),
FORESHARD_DATA_DIR (.foreshard), FORESHARD_HOST_MEMORY (of each local host, such as 512mb).
FORESHARD_ADMIN_EMAIL and FORESHARD_ADMIN_PASSWORD_FILE: the first administrator without a link.
DATABASE_URL, REDIS_URL, FORESHARD_HOSTS (addresses with commas): what is given is not started.
TOPOLOGY_URL (etcd://HOST:PORT,...): the topology is there, not in PostgreSQL.`;

const TEST_SIZES = `
Two sizes:
  npm test                            every change must pass it
  npm run test:all                    the slow tests (*.slow.*) as well: before a release
  npm run test:all -- --shard 1/4     one of four parts of the slow tests, and nothing else`;

// loaded when called: each needs much that the others do not
export function register(program: Command): void {
  program
    .command('up')
    .description('start everything on this machine and keep it running until Ctrl-C or "down"')
    .addHelpText('after', ENVIRONMENT)
    .action(async () => {
      const { up } = await import('./up.ts');
      await up(readSettings(process.env));
    });
  program
    .command('down')
    .description('end what "up" started; the data stay')
    .action(async () => {
      const { down } = await import('./down.ts');
      await down(ownDataDir(process.env));
    });
  program
    .command('status')
    .description('what runs here, whether it is ready, and where it is reached')
    .option('--json', 'one JSON document', false)
    .action(async ({ json }: { json: boolean }) => {
      const { status } = await import('./status.ts');
      await status(readSettings(process.env), json);
    });
  program
    .command('test')
    .description(
      'check types, lint, rules, unit, contract and end-to-end tests: about 25 minutes on two cores',
    )
    .option('--all', 'the slow tests as well: "npm run test:all"', false)
    .option('--shard <part>', 'with --all: one part of the slow tests alone, such as 1/4')
    .option('--only <checks>', 'some of the checks, with commas between')
    .addHelpText('after', TEST_SIZES)
    .action(async ({ only, all, shard }: { only?: string; all: boolean; shard?: string }) => {
      const { test } = await import('../checks/index.ts');
      await test({ only: only?.split(','), all, shard });
    });
}
