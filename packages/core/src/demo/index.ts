export * from './demo-status.ts';
export * from './demo-store.ts';
export * from './demo-stream.ts';
export * from './obstacles.ts';
export * from './running-order.ts';
export * from './summary.ts';
export * from './world.ts';
