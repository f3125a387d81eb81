export * from './lineage-limit.ts';
export * from './observed-split.ts';
export * from './opening.ts';
export * from './parents-beside.ts';
export * from './restructuring.ts';
export * from './split-point.ts';
