/** The job `correlate`: makes the slices of all streams what the policy and the settings of the worker say. */
import type { PolicyStore } from '@foreshard/core/advising';
import {
  type AttributeFields,
  attributesOf,
  learnedStreams,
  type SliceSettings,
  type SliceStore,
} from '@foreshard/core/anticipating';
import type { TopologyMap } from '@foreshard/core/topology';

export interface DivideParts {
  readonly slices: Pick<SliceStore, 'divide'>;
  readonly policies: Pick<PolicyStore, 'at'>;
  readonly map: () => TopologyMap;
  readonly fields: AttributeFields;
  readonly nowMs: () => number;
}

export class DivideSlices {
  private readonly parts: DivideParts;

  constructor(parts: DivideParts) {
    this.parts = parts;
  }

  async run(): Promise<object | undefined> {
    const changed = await this.parts.slices.divide(await this.wanted());
    return changed === 0 ? undefined : { slices: changed };
  }

  private async wanted(): Promise<Map<number, SliceSettings>> {
    const { policies, nowMs, map, fields } = this.parts;
    const { sample_share: share, slices, memory } = (await policies.at(nowMs())).policy.anticipation;
    if (share === 0) return new Map();
    return new Map(
      learnedStreams(map()).map(({ id, name }) => [
        id,
        { share, slices, memoryBytes: memory, attributes: [...attributesOf(fields, name)] },
      ]),
    );
  }
}
