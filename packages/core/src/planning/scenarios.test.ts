/**
 * Every file of scenarios/ is a cluster and the plan expected for it. A change of plans is reviewed as a change of
 * these files: `vitest run -u` does not write them, one reads and edits.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { planned } from './scenario.fixture.ts';

const folder = fileURLToPath(new URL('./scenarios/', import.meta.url));

it.each(readdirSync(folder))('%s', (file) => {
  const [cluster, expected] = readFileSync(`${folder}${file}`, 'utf8').split('\n---\n');
  expect(planned(cluster!)).toBe(expected!.trim());
});
