export { EVENT_STREAM_HEADERS } from './event-stream.ts';
export { recordJson } from './page-body.ts';
export type { PageRequest, Pages } from './pages.ts';
export { type Reading, reading } from './routes.ts';
