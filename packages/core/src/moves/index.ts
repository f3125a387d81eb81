export * from './aborting.ts';
export * from './backlog.ts';
export * from './draining.ts';
export * from './move-log.ts';
export * from './move-task.ts';
export * from './operating.ts';
export * from './pace.ts';
export * from './restructure-requests.ts';
