export { HostPool } from './host-pool.ts';
export { connectAnyHost, type OpenOptions, openEventHost } from './open-event-host.ts';
