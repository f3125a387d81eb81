import { expect, expectTypeOf, it } from 'vitest';
import { ENGINES } from '../../topology/index.ts';
import { ENGINE_ADAPTERS } from './engines.ts';
import type { HostEngine } from './host-engine.ts';

it('has an adapter for every engine', () => {
  expect(Object.keys(ENGINE_ADAPTERS)).toEqual([...ENGINES]);
});

it('does not compile when an engine, or a field of one, is missing', () => {
  type Record = typeof ENGINE_ADAPTERS;
  expectTypeOf<Omit<Record, 'redis'>>().not.toExtend<Record>();
  expectTypeOf<Omit<HostEngine, 'connect'>>().not.toExtend<HostEngine>();
  expectTypeOf<Omit<HostEngine, 'settings'>>().not.toExtend<HostEngine>();
  expectTypeOf<Omit<HostEngine, 'isReply'>>().not.toExtend<HostEngine>();
  expectTypeOf<Omit<HostEngine, 'resources'>>().not.toExtend<HostEngine>();
  expectTypeOf<Omit<HostEngine, 'dataFolder'>>().not.toExtend<HostEngine>();
  expectTypeOf<Omit<HostEngine, 'createFloor'>>().not.toExtend<HostEngine>();
  expectTypeOf<Omit<HostEngine, 'functions'>>().not.toExtend<HostEngine>();
});
