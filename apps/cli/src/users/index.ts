/** foreshard users, sessions and whoami: who may use the console, who is signed in, and who the command is. */
import { EVERYWHERE, ROLE_DESCRIPTIONS, type RoleGrant, scopeText } from '@foreshard/core/access';
import { account, type OutputOf, sessions, users } from '@foreshard/core/operations';
import type { Command } from 'commander';
import { badInput } from '../failure.ts';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { counted, note, print, printJson } from '../output.ts';
import { printRows } from '../table.ts';
import { roleGrant } from './role-grants.ts';

type User = OutputOf<typeof users.show>;

const HELP = `
Roles:
${Object.entries(ROLE_DESCRIPTIONS)
  .map(([role, meaning]) => `  ${role.padEnd(14)} ${meaning}`)
  .join('\n')}
A role holds everywhere, or within what is named after it:
  --role operator
  --role reader:stream=orders,stream=payments/eu-,group=billing   (of payments only keys that begin with eu-)
  --role viewer:cluster=legacy                                    (an external cluster; "." is this one)
Nobody can give roles that permit more than they may do. The last administrator stays.`;

interface RoleOptions extends OperationOptions {
  readonly role?: readonly RoleGrant[];
}

export function register(program: Command): void {
  registerUsers(program);
  registerSessions(program);
  operating(program.command('whoami'), account.show)
    .description('who this command is to the edge, and what it may do')
    .action(whoAmI);
}

function registerUsers(program: Command): void {
  const group = program
    .command('users')
    .description('people who may use the console: invite them, change their roles')
    .addHelpText('after', HELP);
  operating(group.command('list', { isDefault: true }), users.list)
    .description('all people, with their roles')
    .action(list);
  withUser(operating(group.command('show'), users.show))
    .description('one person')
    .action(show);
  operating(group.command('invite'), users.invite)
    .description('answer a link with which a person makes an account; it is shown once and works once')
    .argument('<email>')
    .requiredOption('--role <role>', 'what the person may do; again for more', roleGrant)
    .action(invite);
  withUser(operating(group.command('change'), users.change))
    .description('give a person other roles or another name')
    .option('--role <role>', 'instead of all roles of before; again for more', roleGrant)
    .option('--name <name>')
    .action(change);
  for (const [command, state, what] of [
    ['disable', 'disabled', 'end the sessions of a person, and let nobody sign in as this person'],
    ['enable', 'active', 'let a disabled person sign in again'],
  ] as const)
    withUser(operating(group.command(command), users.change))
      .description(what)
      .action((user: string, options: OperationOptions) => turn(user, state, options));
  withUser(operating(group.command('remove'), users.remove))
    .description('remove a person, with sessions and API tokens')
    .action(remove);
  operating(group.command('invitations'), users.invitations)
    .description('invitations nobody has used yet')
    .action(invitations);
  operating(group.command('revoke-invitation'), users.revokeInvitation)
    .description('let the link of an invitation work no more')
    .argument('<id>')
    .action(revokeInvitation);
}

function registerSessions(program: Command): void {
  const group = program.command('sessions').description('who is signed in at the console, from where');
  operating(group.command('list', { isDefault: true }), sessions.list)
    .description('the sessions that can be used, newest first')
    .option('--user <user>', 'only of this person: id or e-mail')
    .action(listSessions);
  operating(group.command('end'), sessions.end)
    .description('end a session within 5 s')
    .argument('<id>')
    .action(endSession);
  operating(group.command('end-all'), sessions.endAll)
    .description('end all sessions of a person, or of everybody')
    .option('--user <user>', 'of this person: id or e-mail')
    .option('--everybody', 'of everybody', false)
    .action(endAll);
  operating(group.command('end-mine'), account.endOtherSessions)
    .description('end all of your own sessions at the console; tokens go on')
    .action(endMine);
}

function withUser(command: Command): Command {
  return command.argument('<user>', 'id or e-mail');
}

async function list(options: OperationOptions): Promise<void> {
  const answer = await runOperation(users.list, {}, options);
  if (options.json) return printJson(answer);
  printRows(
    answer.users.map(rowOf),
    false,
    'nobody yet: "foreshard users link" makes a link for the first administrator',
  );
}

function rowOf({ id, email, name, roles, state, lastSignInAt, lockedUntil }: User) {
  return {
    ...{ email, name, roles: rolesText(roles) },
    state: state === 'active' && lockedUntil !== null ? `locked until ${lockedUntil}` : state,
    lastSignIn: lastSignInAt ?? 'never',
    id,
  };
}

function rolesText(roles: readonly RoleGrant[]): string {
  const texts = roles.map(({ role, scope }) =>
    isEverywhere(scope) ? role : `${role} (${scopeText(scope)})`,
  );
  return texts.join(', ') || 'none';
}

function isEverywhere(scope: RoleGrant['scope']): boolean {
  return scopeText(scope) === scopeText(EVERYWHERE);
}

async function show(user: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(users.show, { user }, options);
  if (options.json) return printJson(answer);
  printRows([rowOf(answer)], false, '');
}

async function invite(email: string, { role = [], ...options }: RoleOptions): Promise<void> {
  const answer = await runOperation(users.invite, { email, roles: role }, options);
  if (options.json) return printJson(answer);
  // alone on stdout, so that a script can take it
  await print(`${answer.url ?? answer.path}\n`);
  note(`hand this link to ${answer.email}: it works once, until ${answer.expiresAt}, and is not shown again`);
  if (answer.url === null) note('it is a path of the console, whose address FORESHARD_CONSOLE_URL would say');
}

async function change(
  user: string,
  { role, name, ...options }: RoleOptions & { readonly name?: string },
): Promise<void> {
  if (role === undefined && name === undefined)
    throw badInput('nothing is to be changed: see "foreshard users change --help"');
  await reportChanged(await runOperation(users.change, { user, name, roles: role }, options), options);
}

async function turn(user: string, state: User['state'], options: OperationOptions): Promise<void> {
  await reportChanged(await runOperation(users.change, { user, state }, options), options);
}

async function reportChanged(answer: User, { json }: OperationOptions): Promise<void> {
  if (json) return printJson(answer);
  await print(`${answer.email} is ${answer.state}, with the roles: ${rolesText(answer.roles)}\n`);
}

async function remove(user: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(users.remove, { user }, options);
  if (options.json) return printJson(answer);
  await print(`${answer.email} was removed, with sessions and API tokens\n`);
}

async function invitations(options: OperationOptions): Promise<void> {
  const answer = await runOperation(users.invitations, {}, options);
  if (options.json) return printJson(answer);
  const rows = answer.invitations.map(({ id, email, roles, createdBy, expiresAt }) => ({
    ...{ email, roles: rolesText(roles), by: createdBy, expires: expiresAt, id },
  }));
  printRows(rows, false, 'no invitation is open');
}

async function revokeInvitation(invitation: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(users.revokeInvitation, { invitation }, options);
  if (options.json) return printJson(answer);
  await print(`invitation ${invitation} is revoked\n`);
}

async function listSessions({
  user,
  ...options
}: OperationOptions & { readonly user?: string }): Promise<void> {
  const answer = await runOperation(sessions.list, { user }, options);
  if (options.json) return printJson(answer);
  const rows = answer.sessions.map(({ id, email, address, userAgent, createdAt, lastSeenAt }) => ({
    ...{ email, address, begun: createdAt, lastSeen: lastSeenAt, id, browser: userAgent },
  }));
  printRows(rows, false, 'nobody is signed in');
}

async function endSession(session: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(sessions.end, { session }, options);
  if (options.json) return printJson(answer);
  await print(`session ${session} ends within 5 s\n`);
}

async function endAll({
  user,
  everybody,
  ...options
}: OperationOptions & { readonly user?: string; readonly everybody: boolean }): Promise<void> {
  if ((user === undefined) !== everybody) throw badInput('either --user or --everybody is needed');
  const answer = await runOperation(sessions.endAll, { user: user ?? null }, options);
  if (options.json) return printJson(answer);
  await print(`${counted(answer.ended, 'session')} ended\n`);
}

async function endMine(options: OperationOptions): Promise<void> {
  const answer = await runOperation(account.endOtherSessions, {}, options);
  if (options.json) return printJson(answer);
  await print(`${counted(answer.ended, 'session')} ended\n`);
}

async function whoAmI(options: OperationOptions): Promise<void> {
  const answer = await runOperation(account.show, {}, options);
  if (options.json) return printJson(answer);
  const { kind, name, person, grants } = answer;
  await print(`${kind} ${name}${person === null ? '' : ` (${person.name}), ${rolesText(person.roles)}`}\n`);
  printRows(
    grants.map(({ permissions, scope }) => ({ where: scopeText(scope), permissions: permissions.join(' ') })),
    false,
    '',
  );
}
