export * from './frontiers.ts';
export { Heads } from './heads.ts';
export * from './host-tables.ts';
