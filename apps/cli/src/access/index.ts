/** How people come in where nobody can invite them: links made on the machine of the control plane. */
import type { Command } from 'commander';

const LINK_HELP = `
Run it on the machine of the control plane: it needs DATABASE_URL and REDIS_URL, or the data folder.
Without --reset the link makes the first administrator and holds for 15 minutes. With --reset it sets a new password,
holds for an hour, and ends the sessions of that person. Each link works once. No mail is sent.`;

export function register(program: Command): void {
  const users = program.commands.find((one) => one.name() === 'users') ?? program.command('users');
  if (users.description() === '') users.description('who may use the console');
  users
    .command('link')
    .description('print a one-time link: for the first administrator, or for a new password')
    .option('--reset <email>', 'for a new password of this person')
    .option('--json', 'print one JSON document', false)
    .addHelpText('after', LINK_HELP)
    .action(async (options: { reset?: string; json: boolean }) => {
      const { link } = await import('./link.ts');
      await link(options);
    });
}
