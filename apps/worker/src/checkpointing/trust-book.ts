/**
 * How far the forecasts of each shardlet have proven themselves: what came, as telemetry has it, beside what was forecast one
 * step ahead. A new process begins with the last day; with a day of memory instead of a week the rule was 1 % worse.
 */
import { FIRST_FORECAST_TRUST, type ForecastTrust, learnSteps } from '@foreshard/core/checkpointing';
import { type ForeseenStep, RESOLUTIONS, type ShardletLoads } from '@foreshard/core/forecast-service';

export interface TrustParts {
  /** in order */
  readonly foreseen: (stream: number, fromMs: number, toMs: number) => Promise<readonly ForeseenStep[]>;
  /** of each leaf, for the steps of the last `spanMs` before `toMs`; NaN where not known */
  readonly loads: (stream: number, toMs: number, spanMs: number) => Promise<readonly ShardletLoads[]>;
  readonly nowMs: () => number;
}

interface Page {
  readonly learnedToMs: number;
  readonly trust: ReadonlyMap<number, ForecastTrust>;
}

const { stepMs: STEP_MS } = RESOLUTIONS['5m'];
const FIRST_LOOK_MS = 24 * 3_600_000;
/** Forecasts of ten thousand shardlets for an hour are some ten megabytes. */
const AT_ONCE_MS = 3_600_000;
/** Edges tell what came with a delay. */
const SETTLING_MS = 120_000;

export class TrustBook {
  private readonly parts: TrustParts;
  private readonly pages = new Map<number, Page>();

  constructor(parts: TrustParts) {
    this.parts = parts;
  }

  /** By shardlet; those of which nothing is known are left out. */
  async of(stream: number): Promise<ReadonlyMap<number, ForecastTrust>> {
    const overMs = Math.floor((this.parts.nowMs() - SETTLING_MS) / STEP_MS) * STEP_MS;
    let page = this.pages.get(stream) ?? { learnedToMs: overMs - FIRST_LOOK_MS, trust: new Map() };
    while (page.learnedToMs < overMs) {
      page = await this.learned(stream, page, Math.min(overMs, page.learnedToMs + AT_ONCE_MS));
      this.pages.set(stream, page);
    }
    return page.trust;
  }

  private async learned(stream: number, { learnedToMs: fromMs, trust }: Page, toMs: number): Promise<Page> {
    const foreseen = await this.parts.foreseen(stream, fromMs, toMs);
    if (foreseen.length === 0) return { learnedToMs: toMs, trust };
    const loads = await this.parts.loads(stream, toMs, toMs - fromMs);
    return {
      learnedToMs: toMs,
      trust: new Map(
        loads.map(({ id, loads: came }) => {
          const steps = foreseen.map(({ atMs, loads: expected }) => ({
            events: came[(atMs - fromMs) / STEP_MS] ?? Number.NaN,
            forecastEvents: expected.get(id) ?? Number.NaN,
          }));
          return [id, learnSteps(trust.get(id) ?? FIRST_FORECAST_TRUST, STEP_MS, steps)];
        }),
      ),
    };
  }
}
