export * from './drive.ts';
export * from './machine.ts';
export * from './orders.ts';
export * from './perform.ts';
export * from './sequence.ts';
