export { comparingMachine } from './comparing.ts';
export * from './identity.ts';
export * from './loss.ts';
export * from './readmission.ts';
export * from './regression.ts';
