/**
 * What should be prepared for peaks hours away. That changes slowly and takes reading a day of forecasts, so it is
 * looked at anew once in ten minutes, and whenever the policy changes.
 */
import {
  type ObserveParts,
  observePeaks,
  type PolicyVersion,
  preparationsFor,
} from '@foreshard/core/advising';
import type { ClusterState, Recommendation } from '@foreshard/core/planning';
import { MINUTE_MS } from '@foreshard/core/telemetry';
import type { TopologyMap } from '@foreshard/core/topology';

const LOOK_EVERY_MS = 10 * MINUTE_MS;

interface Seen {
  readonly atMs: number;
  readonly policyVersion: number;
  readonly preparations: readonly Recommendation[];
}

export class PeakWatch {
  private readonly parts: Pick<ObserveParts, 'forecasts' | 'nowMs'>;
  private seen: Seen | undefined;

  constructor(parts: Pick<ObserveParts, 'forecasts' | 'nowMs'>) {
    this.parts = parts;
  }

  /** Those that still hold: their time is to come, and the shardlet is where it was. */
  async preparations(
    map: TopologyMap,
    state: ClusterState,
    { policy, version }: PolicyVersion,
  ): Promise<Recommendation[]> {
    const nowMs = this.parts.nowMs();
    if (policy.forecast.peak_horizon <= policy.forecast.horizon) return [];
    const isFresh = this.seen?.policyVersion === version && Math.abs(nowMs - this.seen.atMs) < LOOK_EVERY_MS;
    if (!isFresh) {
      const far = await observePeaks(this.parts, map, policy, nowMs);
      this.seen = { atMs: nowMs, policyVersion: version, preparations: preparationsFor(state, far, policy) };
    }
    const owners = new Map(state.shardlets.map(({ id, host }) => [id, host]));
    return this.seen!.preparations.filter(
      ({ shardlets, source, prepares }) =>
        owners.get(shardlets[0]!) === source && Date.parse(prepares!.bestAt) > nowMs,
    );
  }
}
