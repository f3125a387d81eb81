export * from './hosts.ts';
export * from './operation.ts';
export * from './table.ts';
