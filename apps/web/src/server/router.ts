import { heatRouter } from './routes/heat.ts';
import { hostsRouter } from './routes/hosts.ts';
import { overviewRouter } from './routes/overview.ts';
import { sampleRouter } from './routes/sample.ts';
import { shardletsRouter } from './routes/shardlets.ts';
import { streamsRouter } from './routes/streams.ts';
import { router } from './trpc.ts';

export const appRouter = router({
  overview: overviewRouter,
  heat: heatRouter,
  hosts: hostsRouter,
  streams: streamsRouter,
  shardlets: shardletsRouter,
  sample: sampleRouter,
});

export type AppRouter = typeof appRouter;
