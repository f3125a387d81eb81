export { consuming } from './routes.ts';
