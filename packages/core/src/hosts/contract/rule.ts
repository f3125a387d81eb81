/** What the rules of the contract are written with. */
import type { FixtureOptions } from './fixture.ts';
import type { Scene } from './scene.ts';

/** Declares one rule of the contract: a test on a store of its own. */
export type Rule = (name: string, body: (scene: Scene) => Promise<void>, options?: FixtureOptions) => void;
