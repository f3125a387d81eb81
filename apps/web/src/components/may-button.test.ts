/** Whoever may not give an order reads it on its button: each order that a page gives has one that knows it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allOperations, OPERATIONS } from '@foreshard/core/operations';
import { expect, it } from 'vitest';

const SOURCES = join(import.meta.dirname, '..');
const TEXTS = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.tsx'))
  .map((path) => readFileSync(join(SOURCES, path), 'utf8'));

/** Their router, as they are imported: `import { models as modelOrders }`. */
function barred(text: string): string[] {
  const aliases = new Map(
    [...text.matchAll(/(\w+) as (\w+)[,\s}]/g)].map(([, router, alias]) => [alias!, router!] as const),
  );
  const named = [...text.matchAll(/may=\{([^}]*)\}/g)].flatMap(([, expression]) => [
    ...expression!.matchAll(/\b(\w+)(?:\.(\w+)|\[)/g),
  ]);
  return named.map(([, router, name]) => `${aliases.get(router!) ?? router}.${name ?? '*'}`);
}

it('every order of a page has a button that says what it needs', () => {
  const given = TEXTS.flatMap((text) =>
    [...text.matchAll(/operations\.(\w+)\.(\w+)\.mutationOptions/g)].map(
      ([, router, name]) => `${router}.${name}`,
    ),
  );
  const commands = new Set(
    allOperations(OPERATIONS).flatMap(({ kind, name }) => (kind === 'command' ? [name] : [])),
  );
  const orders = new Set(given.filter((name) => commands.has(name)));
  expect(orders.size).toBeGreaterThan(15);
  const known = new Set(TEXTS.flatMap(barred));
  // everybody has it
  const own = (name: string) => name.startsWith('account.');
  const missing = [...orders].filter(
    (name) => !own(name) && !known.has(name) && !known.has(`${name.split('.')[0]}.*`),
  );
  expect(missing).toEqual([]);
});
