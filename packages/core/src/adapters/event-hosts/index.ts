export { HostPool } from './host-pool.ts';
export { connectAnyHost, openEventHost } from './open-event-host.ts';
