import { operationsRouter } from './operations/router.ts';
import { apiRouter } from './routes/api.ts';
import { clustersRouter } from './routes/clusters.ts';
import { consumersRouter } from './routes/consumers.ts';
import { eventsRouter } from './routes/events.ts';
import { forecastsRouter } from './routes/forecasts.ts';
import { healthRouter } from './routes/health.ts';
import { heatRouter } from './routes/heat.ts';
import { hintsRouter } from './routes/hints.ts';
import { hostsRouter } from './routes/hosts.ts';
import { hotRouter } from './routes/hot.ts';
import { jobsRouter } from './routes/jobs.ts';
import { migrationsRouter } from './routes/migrations.ts';
import { notificationsRouter } from './routes/notifications.ts';
import { overviewRouter } from './routes/overview.ts';
import { paletteRouter } from './routes/palette.ts';
import { policiesRouter } from './routes/policies.ts';
import { recommendationsRouter } from './routes/recommendations.ts';
import { sampleRouter } from './routes/sample.ts';
import { sessionRouter } from './routes/session.ts';
import { shardMapRouter } from './routes/shard-map.ts';
import { shardletsRouter } from './routes/shardlets.ts';
import { streamsRouter } from './routes/streams.ts';
import { whatIfRouter } from './routes/what-if.ts';
import { router } from './trpc.ts';

export const appRouter = router({
  operations: operationsRouter,
  overview: overviewRouter,
  heat: heatRouter,
  forecasts: forecastsRouter,
  hints: hintsRouter,
  hot: hotRouter,
  shardMap: shardMapRouter,
  events: eventsRouter,
  consumers: consumersRouter,
  health: healthRouter,
  jobs: jobsRouter,
  api: apiRouter,
  palette: paletteRouter,
  hosts: hostsRouter,
  streams: streamsRouter,
  shardlets: shardletsRouter,
  migrations: migrationsRouter,
  recommendations: recommendationsRouter,
  whatIf: whatIfRouter,
  policies: policiesRouter,
  clusters: clustersRouter,
  notifications: notificationsRouter,
  sample: sampleRouter,
  session: sessionRouter,
});

export type AppRouter = typeof appRouter;
