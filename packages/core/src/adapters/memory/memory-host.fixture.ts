/** The memory host as a fixture: for its own contract, and as the reference of the differential tests. */
import type { FixtureOptions, HostFixture } from '../../hosts/contract/fixture.ts';
import { ManualClock } from '../../kernel/index.ts';
import { MemoryHost } from './memory-host.ts';

type MemoryHostClass = new (...args: ConstructorParameters<typeof MemoryHost>) => MemoryHost;

export async function memoryFixture(
  options: FixtureOptions,
  Host: MemoryHostClass = MemoryHost,
): Promise<HostFixture> {
  const clock = new ManualClock(0);
  const host = new Host(clock, options);
  return {
    host,
    setClock: async (micros) => clock.set(micros),
    memoryLimit: {
      makeFull: async () => {
        host.limitBytes = 0;
      },
      makeRoom: async () => {
        host.limitBytes = undefined;
      },
    },
    reopen: undefined,
    watched: undefined,
    close: () => host.close(),
  };
}
