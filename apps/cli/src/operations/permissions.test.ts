import { PERMISSIONS } from '@foreshard/core/access';
import { type AnyOperation, allOperations, onStream } from '@foreshard/core/operations';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { foreshardProgram, withSubcommands } from '../program.ts';
import { operationsOf } from './run-operation.ts';

const COMMANDS = withSubcommands(foreshardProgram()).map((command) => ({
  name: nameOf(command),
  operations: operationsOf(command),
}));

const RECORDED = { always: 'yes', payload: 'where the event is shown', never: 'no' } as const;

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

function page(): string {
  const rows = [...allOperations()]
    .sort((a, b) => PERMISSIONS.indexOf(a.permission) - PERMISSIONS.indexOf(b.permission))
    .map((operation) => `| ${cellsOf(operation).join(' | ')} |`);
  return [
    '# Permissions',
    '',
    'Every operation, the permission that a caller needs for it, and the ways to ask for it. What is marked as recorded has a',
    'row in the [audit log](audit.md) before it is carried out and one after it; whatever is not permitted has one too.',
    'Health and the description of the API need no token.',
    '',
    'This page is made from `packages/core/src/operations` by a test',
    '(`npx vitest run apps/cli/src/operations/permissions.test.ts -u`).',
    '',
    '| operation | permission | resource | REST | command | recorded |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function cellsOf(operation: AnyOperation): string[] {
  const { name, permission, resource, audit } = operation;
  const routes = [operation, onStream(operation)].flatMap((one) =>
    one === undefined ? [] : [`\`${one.http.method.toUpperCase()} ${one.http.path}\``],
  );
  const commands = COMMANDS.filter((one) => one.operations.includes(operation)).map(
    (one) => `\`${one.name}\``,
  );
  return [
    ...[`\`${name}\``, `\`${permission}\``, resource, routes.join(', '), commands.join(', ')],
    RECORDED[audit],
  ];
}

test('docs/permissions.md lists the operations as they are', async () => {
  await expect(page()).toMatchFileSnapshot('../../../../docs/permissions.md');
});
