/** What a run of the planner hands to the log: its document, what each plan is about, and its word on what it proposed before. */
import {
  type ClusterState,
  documentOf,
  marksOf,
  type Plan,
  type PlanDocument,
  type Policy,
  type Recommendation,
  withHostsAdded,
} from '../planning/index.ts';
import { judgeOf } from './keeping-parts.ts';
import { summaryOf } from './plan-summary.ts';
import { figures, pressuresOf } from './realising.ts';
import type { PlanRecord, Recording } from './recommendation-log.ts';

/** Of a record, so that a plan over ten thousand hosts stays readable. */
const PRESSURES_MAX = 200;

export interface PlanRun {
  /** as it is */
  readonly state: ClusterState;
  /** with what is under way laid onto it, which is what was planned on */
  readonly assumed: ClusterState;
  readonly policy: Policy;
  readonly made: Plan;
  readonly nameOf: (host: string) => string;
}

export interface Proposal extends Pick<Recording, 'judge' | 'summaryOf'> {
  readonly record: PlanRecord;
}

export function proposalOf({ state, assumed, policy, made, nameOf }: PlanRun): Proposal {
  const outcome = withHostsAdded(made, policy);
  const now = figures(state, policy);
  const pressures = pressuresOf(now, outcome);
  const planned = { state: assumed, policy, made, outcome, pressures };
  const document = withoutEchoes(documentOf(made, policy, outcome), { state, assumed, policy, now });
  return {
    record: {
      ...document,
      before: now.before,
      pressures: pressures.slice(0, PRESSURES_MAX),
    },
    judge: judgeOf({ state, policy, now, made, nameOf }),
    summaryOf: (parts) => summaryOf(parts, planned),
  };
}

const ECHO =
  'hosts would be hot only by parts of a plan that wait: they are looked at when these are decided';

/**
 * A destination that is hot only by what is laid onto it is not relieved before that is decided: whoever approved the
 * first part would find a second plan about moves that have not happened.
 */
function withoutEchoes(
  document: PlanDocument,
  { state, assumed, policy, now }: Omit<PlanRun, 'made' | 'nameOf'> & { readonly now: Plan },
): PlanDocument {
  if (assumed === state) return document;
  const known = new Set(state.moves.map(({ shardlet }) => shardlet));
  const laid = new Set(assumed.moves.flatMap(({ shardlet, to }) => (known.has(shardlet) ? [] : to)));
  const { hot } = marksOf({ cluster: now.cluster, policy });
  const rows = new Map(now.cluster.input.hosts.ids.map((id, row) => [id, row]));
  const isEcho = ({ phase, source }: Recommendation) =>
    phase === 'rebalance' &&
    source !== null &&
    laid.has(source) &&
    now.cluster.pressure[rows.get(source)!]! <= hot;
  const recommendations = document.recommendations.filter((one) => !isEcho(one));
  if (recommendations.length === document.recommendations.length) return document;
  const nothing = recommendations.length === 0 ? { nothingBecause: ECHO } : {};
  return { ...document, recommendations, ...nothing };
}
