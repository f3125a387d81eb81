/**
 * The contract of EventHost: every operation and every rule of docs/architecture/protocol.md that a host
 * keeps, as tests that run in the same words on each adapter. What an engine does not have (a memory limit,
 * a life beyond its process) its adapter's test declares, and the rules about it are no part of its contract.
 */
import { describe, test } from 'vitest';
import { appendingRules } from './contract/appending.rules.ts';
import { copyingRules } from './contract/copying.rules.ts';
import { duplicateRules } from './contract/duplicates.rules.ts';
import { durabilityRules, fullnessRules } from './contract/durability.rules.ts';
import type { MakeFixture } from './contract/fixture.ts';
import { owningRules } from './contract/owning.rules.ts';
import { progressRules, watchedRules } from './contract/progress.rules.ts';
import { readingRules } from './contract/reading.rules.ts';
import type { Rule } from './contract/rule.ts';
import { Scene, T0 } from './contract/scene.ts';

export type { FixtureOptions, HostFixture, MakeFixture } from './contract/fixture.ts';

export interface Capabilities {
  /** the fixture has a `memoryLimit` */
  readonly memoryLimit: boolean;
  /** the fixture has `reopen` */
  readonly durable: boolean;
  /** the fixture has `watched` */
  readonly connected: boolean;
}

export function eventHostContract(name: string, capabilities: Capabilities, make: MakeFixture): void {
  const rule: Rule = (says, body, options = {}) => {
    test(says, async () => {
      const fixture = await make(options);
      try {
        const scene = new Scene(fixture);
        await scene.at(T0);
        await body(scene);
      } finally {
        await fixture.close();
      }
    });
  };
  describe(`${name}: the contract of an event host`, () => {
    describe('appending', () => appendingRules(rule));
    describe('duplicates', () => duplicateRules(rule));
    describe('owning', () => owningRules(rule));
    describe('copying', () => copyingRules(rule));
    describe('reading', () => readingRules(rule));
    describe('progress', () => progressRules(rule));
    if (capabilities.connected) describe('judged progress', () => watchedRules(rule));
    if (capabilities.memoryLimit) describe('out of memory', () => fullnessRules(rule));
    if (capabilities.durable) describe('durability', () => durabilityRules(rule));
  });
}
