/** How people come in where nobody can invite them: links made on the machine of the control plane. */
import type { Command } from 'commander';
import type { LoginOptions } from './login.ts';

const LINK_HELP = `
Run it on the machine of the control plane: it needs DATABASE_URL and REDIS_URL, or the data folder.
Without --reset the link makes the first administrator and holds for 15 minutes. With --reset it sets a new password,
holds for an hour, and ends the sessions of that person. Each link works once. No mail is sent.`;

const LOGIN_HELP = `
For people at other machines: the command prints an address and a code, a signed-in person lets it in on that page, and
the token (of 30 days, with what the person may do) is kept in credentials.json of the data folder (FORESHARD_DATA_DIR,
else the nearest .foreshard). "foreshard whoami" says who the commands are, "foreshard tokens revoke" ends it.`;

export function register(program: Command): void {
  program
    .command('login')
    .description('let the commands on this machine act as a person, who approves it in the console')
    .option('--console <url>', 'address of the console (FORESHARD_CONSOLE_URL)')
    .option('--edge <url>', 'address of an edge, where it differs from the one that the console names')
    .option('--json', 'print one JSON document', false)
    .addHelpText('after', LOGIN_HELP)
    .action(async (options: LoginOptions) => {
      const { login } = await import('./login.ts');
      await login(options);
    });
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
