/**
 * JSON Schemas (2020-12, as OpenAPI 3.1 has them) of zod schemas. A schema with an `id` becomes a component
 * that others refer to. What a schema cannot tell by itself, because it reads text, is in its meta
 * `schema`.
 */
import { isDeepStrictEqual } from 'node:util';
import { invariant } from '@foreshard/core/kernel';
import { z } from 'zod';

export type JsonSchema = Readonly<Record<string, unknown>>;

const COMPONENTS = '#/components/schemas/';

export class SchemaBook {
  readonly components: Record<string, JsonSchema> = {};

  /** `io`: as a client sends it, or as it is answered. */
  of(schema: z.ZodType, io: 'input' | 'output' = 'output'): JsonSchema {
    const options = { io, unrepresentable: 'any', override } as const;
    const made = z.toJSONSchema(z.object({ it: schema }), options) as unknown as Made;
    for (const [id, definition] of Object.entries(made.$defs ?? {})) {
      const name = named(id);
      const component = placed(definition);
      invariant(
        this.components[name] === undefined || isDeepStrictEqual(this.components[name], component),
        `two schemas are called ${name}`,
      );
      this.components[name] = component;
    }
    return placed(made.properties.it);
  }
}

interface Made {
  readonly properties: { readonly it: JsonSchema };
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override']>;

const override: Override = ({ zodSchema, jsonSchema }) => {
  // what every number of JSON is anyway
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  const meta = z.globalRegistry.get(zodSchema) as { schema?: JsonSchema } | undefined;
  if (meta?.schema === undefined) return;
  delete jsonSchema.schema;
  Object.assign(jsonSchema, meta.schema);
};

/** zod numbers the schemas that refer to themselves; of these there is one, any value of JSON. */
function named(id: string): string {
  return id.replace(/^__schema\d+$/, 'JsonValue');
}

/** References into components, and no `id`, which would mean an address. */
function placed(value: JsonSchema): JsonSchema {
  const { id: _, ...rest } = value;
  const text = JSON.stringify(rest, (key, member: unknown) =>
    key === '$ref' && typeof member === 'string'
      ? COMPONENTS + named(member.slice('#/$defs/'.length))
      : member,
  );
  return JSON.parse(text) as JsonSchema;
}
