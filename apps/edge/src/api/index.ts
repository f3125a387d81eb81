export { checkedQuery } from './checking.ts';
export * from './event-operations.ts';
export * from './mount.ts';
export type { AnyOperation, Operation, Scope } from './operation.ts';
export { json, STREAM_PREFIX } from './operation.ts';
export * from './parameters.ts';
