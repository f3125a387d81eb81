import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { PERMISSIONS } from '../access/index.ts';
import { ERRORS } from '../kernel/index.ts';
import { onStream, placementOf, RESOURCES } from './operation.ts';
import { allOperations, EVERY_OPERATION, OPERATIONS, TRAFFIC } from './table.ts';

const ALL = allOperations();
const routes = ALL.flatMap((operation) => [operation, onStream(operation) ?? []].flat());

describe('the table of operations', () => {
  it('names each operation by its place, and each router once', () => {
    const places = Object.entries(EVERY_OPERATION).flatMap(([router, operations]) =>
      Object.keys(operations).map((name) => `${router}.${name}`),
    );
    expect(ALL.map(({ name }) => name)).toEqual(places);
    expect(Object.keys(TRAFFIC).filter((router) => router in OPERATIONS)).toEqual([]);
  });

  it('gives each path and method, and each operationId, once', () => {
    for (const keyOf of [
      ({ http }: (typeof routes)[number]) => `${http.method} ${http.path.replaceAll(/\{\w+\}/g, '{}')}`,
      ({ http }: (typeof routes)[number]) => http.operationId,
    ]) {
      const keys = routes.map(keyOf);
      expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
    }
  });

  it('serves traffic apart, and everything else from the table', () => {
    expect(allOperations(OPERATIONS).filter(({ served }) => served !== 'table')).toEqual([]);
    expect(allOperations(TRAFFIC).filter(({ served }) => served !== 'apart')).toEqual([]);
  });
});

describe.each(ALL.map((operation) => [operation.name, operation] as const))('%s', (_, operation) => {
  const { permission, resource, errors, input, output, kind, audit, payload, served, http } = operation;

  it('says who may ask, of what, and with which refusals', () => {
    expect(PERMISSIONS).toContain(permission);
    expect(RESOURCES).toContain(resource);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.filter((code) => !(code in ERRORS))).toEqual([]);
  });

  it('has schemas, and takes no member that they do not name', () => {
    expect(output).toHaveProperty('_zod');
    expect(input._zod.def.catchall?._zod.def.type).toBe('never');
    expect(input.shape).not.toHaveProperty('dryRun');
  });

  it('is recorded when it changes something by order of a person, or shows what an event holds', () => {
    const isOrder = kind === 'command' && served === 'table';
    expect(audit).toBe(isOrder ? 'always' : payload === undefined ? 'never' : 'payload');
    if (payload !== undefined) expect((output as z.ZodObject).shape).toHaveProperty(payload);
    // a question with a long body is posted
    if (http.method === 'get') expect(kind).toBe('query');
    else expect(kind === 'command' || http.body !== undefined).toBe(true);
  });

  it('places members that it has', () => {
    const { path, query, body } = placementOf(operation);
    const named = [...path.values(), ...query.values(), ...body];
    expect(named.filter((member) => !(member in input.shape))).toEqual([]);
  });
});
