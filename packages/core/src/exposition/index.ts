export { EXPOSITIONS, type Exposition, exposed, preferredExposition, removeMisnamed } from './exposition.ts';
