export { EVENT_STREAM_HEADERS } from './event-stream.ts';
export { recordJson } from './page-body.ts';
export type { PageRequest } from './pages.ts';
export { reading } from './routes.ts';
