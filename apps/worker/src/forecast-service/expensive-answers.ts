/**
 * What expensive champions answered last. A tick takes what there is and never waits: when an answer has served its time
 * the next is asked for beside the ticks, in the model's own thread, one after another however many streams there are.
 */
import type { Forecast, RemoteForecaster, Unfit } from '@foreshard/core/forecast-models';
import {
  ANSWER_STEPS,
  askToServe,
  type ExpensiveAnswer,
  isExpensive,
  type ModelVersion,
  RESOLUTIONS,
  servedFrom,
} from '@foreshard/core/forecast-service';
import type { TimedSeries } from './load-history.ts';

export interface ExpensiveAnswersParts {
  readonly models: readonly RemoteForecaster[];
  /** of one answer */
  readonly limitMs: number;
}

interface Latest {
  readonly forecast?: Forecast;
  readonly unfit?: Unfit;
}

interface Kept {
  readonly version: number;
  answer: ExpensiveAnswer | undefined;
  /** why there is no newer one */
  missing: string;
  isAsked: boolean;
  askedMs: number;
}

export class ExpensiveAnswers {
  private readonly parts: ExpensiveAnswersParts;
  private readonly kept = new Map<string, Kept>();
  private asking: Promise<void> = Promise.resolve();

  constructor(parts: ExpensiveAnswersParts) {
    this.parts = parts;
  }

  /** The champion's forecast from the end of `total`, or why the cheap models serve; undefined for a cheap one. */
  latest(champion: ModelVersion | undefined, total: TimedSeries): Latest | undefined {
    if (champion === undefined || !isExpensive(champion)) return undefined;
    const { id, name, streamId, resolution } = champion;
    const unfit = (reason: string) => ({ unfit: { model: name, reason } });
    const model = this.parts.models.find((one) => one.name === name);
    if (model === undefined) return unfit('is not there any more');
    const kept = this.keptOf(`${streamId} ${resolution}`, id);
    const { stepMs } = RESOLUTIONS[resolution];
    const originMs = total.firstMs + total.values.length * stepMs;
    const forecast = kept.answer === undefined ? undefined : servedFrom(kept.answer, resolution, originMs);
    if (!kept.isAsked && originMs - kept.askedMs >= ANSWER_STEPS[resolution] * stepMs) {
      kept.isAsked = true;
      kept.askedMs = originMs;
      this.asking = this.asking.then(() => this.ask(kept, model, total, champion));
    }
    return forecast === undefined ? unfit(kept.missing) : { forecast };
  }

  private keptOf(place: string, version: number): Kept {
    const known = this.kept.get(place);
    if (known?.version === version) return known;
    const fresh: Kept = {
      version,
      answer: undefined,
      missing: 'its first answer is awaited',
      isAsked: false,
      askedMs: Number.NEGATIVE_INFINITY,
    };
    this.kept.set(place, fresh);
    return fresh;
  }

  private async ask(
    kept: Kept,
    model: RemoteForecaster,
    total: TimedSeries,
    { resolution }: ModelVersion,
  ): Promise<void> {
    const answer = await askToServe(model, total, resolution, this.parts.limitMs);
    kept.isAsked = false;
    if (typeof answer === 'string') {
      kept.missing = answer;
      return;
    }
    kept.answer = answer;
    kept.missing = 'its next answer is late';
  }
}
