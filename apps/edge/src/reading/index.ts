export { type ReadingParts, readingRoutes } from './routes.ts';
