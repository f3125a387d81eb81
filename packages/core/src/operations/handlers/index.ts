export * from './handlers.ts';
export * from './hosts.ts';
export * from './migrations.ts';
export * from './operator.ts';
export * from './refusals.ts';
export * from './shardlets.ts';
