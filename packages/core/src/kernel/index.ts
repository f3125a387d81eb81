export * from './clock.ts';
export * from './errors.ts';
export * from './invariant.ts';
export * from './random.ts';
export * from './shown-address.ts';
export * from './timestamps.ts';
export * from './waiting.ts';
