export * from './attribute-types.ts';
export * from './schema.ts';
