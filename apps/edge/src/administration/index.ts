export { type Administration, administration } from './administration.ts';
export { mountAdministration } from './mount.ts';
export type { AdministrationStores, Caller } from './parts.ts';
export * from './schemas.ts';
