export * from './ending.ts';
export * from './floor.ts';
export * from './hosts.ts';
export * from './migration.ts';
export * from './opening.ts';
export * from './readmission.ts';
export * from './restructure.ts';
export * from './streams.ts';
