/** foreshard build: what a machine or an image needs before its processes start, without a server and without starting one. */
import type { Command } from 'commander';
import { buildConsole } from './build-console.ts';
import { generateClient } from './generate-client.ts';

export function register(program: Command): void {
  program
    .command('build')
    .description('build the console and the database client; starts nothing, needs no server')
    .addHelpText(
      'after',
      '\nFor images and for machines where each process starts alone. "up" does it by itself.',
    )
    .action(async () => {
      await generateClient();
      await buildConsole();
    });
}
