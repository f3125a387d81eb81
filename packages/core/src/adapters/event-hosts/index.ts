export { HostPool } from './host-pool.ts';
export { openEventHost } from './open-event-host.ts';
