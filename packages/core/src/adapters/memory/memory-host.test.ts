import { eventHostContract } from '../../hosts/event-host.contract-suite.ts';
import { ManualClock } from '../../kernel/index.ts';
import { MemoryHost } from './memory-host.ts';

eventHostContract('memory', { memoryLimit: true, durable: false }, async (options) => {
  const clock = new ManualClock(0);
  const host = new MemoryHost(clock, options);
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
    close: () => host.close(),
  };
});
