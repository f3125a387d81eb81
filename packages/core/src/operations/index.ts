export * from './hosts.ts';
export * from './migrations.ts';
export * from './operation.ts';
export * from './shardlets.ts';
export * from './table.ts';
export * from './trpc-codes.ts';
