export { EXPOSITIONS, type Exposition, exposed, preferredExposition } from './exposition.ts';
