import { afterAll, inject } from 'vitest';
import { eventHostContract } from '../../hosts/event-host.contract-suite.ts';
import { postgresFixtures } from './postgres-host.fixture.ts';

const fixtures = await postgresFixtures(inject('postgresUrl'), 'host_contract');
afterAll(() => fixtures.end());

eventHostContract('PostgreSQL', { memoryLimit: false, durable: true, connected: true }, fixtures.make);
