export * from './attend.ts';
export * from './commit.ts';
export * from './group-service.ts';
export * from './group-store.ts';
export * from './lineage.ts';
export * from './membership.ts';
export * from './model.ts';
