/** The settings of a policy as a form shows them, read from the schema that validates them. */
import { policySchema } from '@foreshard/core/planning';
import { z } from 'zod';

export interface PolicyField {
  /** such as host.fullness */
  readonly path: string;
  readonly unit: string;
  readonly description: string;
  readonly least: number;
  readonly most: number;
  readonly isWhole: boolean;
  readonly preset: number;
}

export interface PolicySection {
  readonly name: string;
  readonly fields: readonly PolicyField[];
}

interface NumberSchema {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number;
  readonly 'x-unit'?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, NumberSchema>>;
}

/** Settings that stand by themselves are the first section. */
export const POLICY_SECTIONS: readonly PolicySection[] = sections();

function sections(): PolicySection[] {
  const { properties = {} } = z.toJSONSchema(policySchema) as NumberSchema;
  const alone = Object.entries(properties).flatMap(([name, one]) => fieldOf(name, one));
  const grouped = Object.entries(properties).flatMap(([name, { properties: inner }]) =>
    inner === undefined
      ? []
      : [{ name, fields: Object.entries(inner).flatMap(([field, one]) => fieldOf(`${name}.${field}`, one)) }],
  );
  return [{ name: 'general', fields: alone }, ...grouped];
}

function fieldOf(path: string, schema: NumberSchema): PolicyField[] {
  const {
    'x-unit': unit,
    description = '',
    minimum: least = 0,
    maximum: most = Number.MAX_SAFE_INTEGER,
  } = schema;
  if (unit === undefined) return [];
  const isWhole = schema.type === 'integer';
  return [{ path, unit, description, least, most, isWhole, preset: schema.default ?? 0 }];
}
