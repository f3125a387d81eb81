/** What the console tells about itself to Prometheus. Labels are bounded: procedures are those of the router. */
import { removeMisnamed } from '@foreshard/core/exposition';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

export interface ConsoleGauges {
  readonly mapVersion: () => number;
  /** infinite until the topology store has answered once */
  readonly mapAgeSeconds: () => number;
}

export class ConsoleMetrics {
  readonly registry = new Registry();
  private readonly procedures: Counter<'procedure' | 'outcome'>;
  private readonly seconds: Histogram<'kind'>;

  constructor(gauges: ConsoleGauges) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    removeMisnamed(this.registry);
    this.procedures = new Counter({
      name: 'foreshard_console_procedures_total',
      help: 'Calls of procedures; the outcome is ok, or the code of tRPC',
      labelNames: ['procedure', 'outcome'],
      registers,
    });
    this.seconds = new Histogram({
      name: 'foreshard_console_procedure_seconds',
      help: 'Time until a view (query) or an order (mutation) was answered',
      labelNames: ['kind'],
      buckets: SECONDS,
      registers,
    });
    this.gauge('map_version', 'Version of the map of the topology', gauges.mapVersion);
    this.gauge('map_age_seconds', 'Time since the topology store last answered', gauges.mapAgeSeconds);
  }

  /** `outcome`: ok, or the code of the error. A subscription is counted when it is opened, and has no time. */
  answered(procedure: string, kind: string, outcome: string, seconds: number): void {
    this.procedures.inc({ procedure, outcome });
    if (kind !== 'subscription') this.seconds.observe({ kind }, seconds);
  }

  private gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name: `foreshard_console_${name}`,
      help,
      registers: [this.registry],
      collect() {
        this.set(value());
      },
    });
  }
}
