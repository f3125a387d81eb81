export { checkedQuery } from './checking.ts';
export * from './described.ts';
export * from './mount.ts';
export * from './parameters.ts';
export * from './while-permitted.ts';
