export * from './engines.ts';
export * from './host-engine.ts';
