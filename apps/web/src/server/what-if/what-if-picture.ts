/** The answer to "what if" with the names of hosts, also of those that are only supposed. */
import type { WhatIfAnswer } from '@foreshard/core/advising';
import type { Recommendation } from '@foreshard/core/planning';
import type { TopologyMap } from '@foreshard/core/topology';
import { hostName, placesOf, titleOf } from '../recommendations/recommendation-view.ts';

export function whatIfPicture(map: TopologyMap, answer: WhatIfAnswer) {
  const nameOf = (id: string | null) => (id === null ? null : (supposedName(id) ?? hostName(map, id)));
  const { plan, hosts } = answer;
  const recommendations = plan.recommendations.map((body: Recommendation) => ({
    ...body,
    title: titleOf(body),
    ...placesOf(body, nameOf),
  }));
  return {
    ...answer,
    hosts: hosts.map((one) => ({ ...one, name: nameOf(one.host)! })),
    plan: { ...plan, recommendations },
  };
}

/** A host that is only supposed has no number. */
function supposedName(host: string): string | undefined {
  return host.startsWith('new-') ? `new host ${host.slice(4)}` : undefined;
}
