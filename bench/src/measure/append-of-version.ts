/** The bench `append` of another checkout, one round: node append-of-version.ts CHECKOUT OPTIONS. Prints its ratios. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [checkout = '', options = '{}'] = process.argv.slice(2);
const { run } = (await import(
  pathToFileURL(join(checkout, 'bench/src/append.ts')).href
)) as typeof import('../append.ts');
const { ratios } = await run(JSON.parse(options));
process.stdout.write(`${JSON.stringify(ratios)}\n`);
process.exit(0);
