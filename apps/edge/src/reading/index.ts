export type { Pages } from './pages.ts';
export { type Reading, reading } from './routes.ts';
