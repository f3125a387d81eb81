/** foreshard audit: who asked for what, what became of it, and whether the log is whole. */
import { AUDIT_OUTCOMES, type AuditOutcome } from '@foreshard/core/audit';
import { audit, type OutputOf, RESOURCES } from '@foreshard/core/operations';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT_FAILURE } from '../failure.ts';
import { DIRECT_COMMANDS } from '../operations/direct-commands.ts';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { printJson, writeErr, writeOut } from '../output.ts';
import { printRows, tableOf } from '../table.ts';
import { rotated } from './rotate-key.ts';
import { type VerifyOptions, verified } from './verify.ts';

interface ListOptions extends OperationOptions {
  readonly actor?: string;
  readonly operation?: string;
  readonly resource?: (typeof RESOURCES)[number];
  readonly outcome?: AuditOutcome;
  readonly from?: string;
  readonly to?: string;
  readonly text?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

type AuditRecord = OutputOf<typeof audit.list>['records'][number];

const HELP = `
Every order has a record before it is carried out, and an end. Denials are recorded, reading events is where people do it
in the console. "audit verify" needs the database and the key (AUDIT_KEY_FILE, .foreshard/audit.key).`;

export function register(program: Command): void {
  const group = program
    .command('audit')
    .description('list and verify the audit log')
    .addHelpText('after', HELP);
  operating(group.command('list', { isDefault: true }), audit.list)
    .description('orders and denials, newest first')
    .option('--actor <name>', 'only by this person, token (token:NAME) or process')
    .option('--operation <name>', 'only this operation, such as hosts.drain')
    .addOption(new Option('--resource <kind>', 'only about this kind').choices(RESOURCES))
    .addOption(new Option('--outcome <outcome>', 'only with this outcome').choices(AUDIT_OUTCOMES))
    .option('--from <time>', 'not before, such as 2026-11-21T15:04Z', moment)
    .option('--to <time>', 'before', moment)
    .option('--text <text>', 'somewhere in what is recorded')
    .option('--cursor <number>', 'the page after, as the page before says')
    .option('--limit <number>', 'at most so many', Number, 50)
    .action(list);
  operating(group.command('show'), audit.show)
    .description('one record, with its input and what it changed')
    .argument('<id>', 'its number')
    .action(show);
  operating(group.command('head'), audit.chain)
    .description('head of the chain, as the worker that seals has published it: keep it elsewhere')
    .action(head);
  group
    .command('verify')
    .description(
      'find rows that were changed, are missing, changed places or were cut off; exit code 1 if so',
    )
    .option('--key <file>', 'key of the chain (default: AUDIT_KEY_FILE, else audit.key of the data folder)')
    .option('--from <number>', 'only behind this seal, whose hash is trusted', Number)
    .option('--head <number:hash>', 'a head that was published: the chain has to reach it')
    .option('--json', 'print one JSON document', false)
    .addHelpText('after', `\n${DIRECT_COMMANDS['audit verify']}`)
    .action(verify);
  group
    .command('rotate-key')
    .description('change the key of the chain; earlier ones stay in the file, to verify what they sealed')
    .option('--key <file>', 'key of the chain (default: AUDIT_KEY_FILE, else audit.key of the data folder)')
    .option('--json', 'print one JSON document', false)
    .addHelpText('after', `\n${DIRECT_COMMANDS['audit rotate-key']}`)
    .action(rotateKey);
}

async function list(options: ListOptions): Promise<void> {
  const { actor, operation, resource, outcome, from, to, text, cursor, limit } = options;
  const question = { actor, operation, resource, outcome, from, to, text, cursor, limit };
  const answer = await runOperation(audit.list, question, options);
  if (options.json) return printJson(answer);
  printRows(answer.records.map(rowOf), false, 'no record fits');
  if (answer.next !== null) writeOut(`more with --cursor ${answer.next}\n`);
}

function rowOf({ id, at, actor, operation, target, outcome, code, surface, address, reason }: AuditRecord) {
  return {
    ...{ id, at, actor, operation, target, outcome: code === null ? outcome : `${outcome} (${code})` },
    ...{ from: address === '' ? surface : `${surface} ${address}`, reason },
  };
}

async function show(id: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(audit.show, { id }, options);
  if (options.json) return printJson(answer);
  const rows = Object.entries(answer).map(([member, value]) => ({
    member,
    value: typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
  }));
  writeOut(`${tableOf(rows)}\n`);
}

async function head(options: OperationOptions): Promise<void> {
  const answer = await runOperation(audit.chain, {}, options);
  if (options.json) return printJson(answer);
  const { head: newest, fault, unsealed } = answer;
  if (newest === null) writeOut('no head yet: a worker publishes it each minute\n');
  else writeOut(`${newest.number}:${newest.hash}\n`);
  if (fault !== null) writeErr(`the chain does not verify: ${fault}\n`);
  else if (unsealed > 0) writeErr(`${unsealed} rows wait for a seal\n`);
}

async function verify(options: VerifyOptions & { readonly json: boolean }): Promise<void> {
  const answer = await verified(options);
  if (answer.faults.length > 0) process.exitCode = EXIT_FAILURE;
  if (options.json) return printJson(answer);
  const { head: at, faults, unsealed } = answer;
  for (const { kind, detail } of faults) writeOut(`${kind}: ${detail}\n`);
  if (faults.length > 0) return;
  const waiting = unsealed === 0 ? '' : `, ${unsealed} newer rows wait for a seal`;
  writeOut(`whole: ${answer.verified} seals hold${waiting}; head ${at.number}:${at.hash}\n`);
  if (!answer.comparedWithHead)
    writeOut('an end that was cut off shows only against a published head: give --head\n');
}

async function rotateKey(options: { readonly key?: string; readonly json: boolean }): Promise<void> {
  const answer = await rotated(options);
  if (options.json) return printJson(answer);
  const { head: at, keys, file } = answer;
  writeOut(`the key is ${keys[0]} from now on; head ${at.number}:${at.hash}\n`);
  writeOut(`copy ${file} to the machines of the other workers: until then they seal nothing\n`);
}

function moment(text: string): string {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('use a time such as 2026-11-21T15:04Z.');
  return new Date(ms).toISOString();
}
