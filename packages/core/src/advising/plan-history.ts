/**
 * Plans page by page, newest first, also by state. The state of a plan follows from its parts, so it is found while reading;
 * a page that finds little within its bound says where the next one goes on.
 */
import { type PlanBook, type PlanRow, type PlanState, planStateOf } from './plan-book.ts';

/** Plans read at a time, and for one page. */
const CHUNK = 100;
const READ_MAX = 1_000;

export interface PlanPage {
  readonly plans: readonly PlanRow[];
  /** `before` of the next page; null: there is none */
  readonly next: number | null;
}

export async function planPage(
  book: Pick<PlanBook, 'list'>,
  {
    states,
    limit,
    ...query
  }: {
    readonly cluster: string | readonly string[];
    readonly ended: boolean;
    /** left out: in any */
    readonly states?: readonly PlanState[] | undefined;
    /** numbers below this one */
    readonly before?: number | undefined;
    readonly limit: number;
  },
): Promise<PlanPage> {
  const plans: PlanRow[] = [];
  let { before } = query;
  for (let read = 0; read < READ_MAX; read += CHUNK) {
    // one more says whether there is a next page
    const size = states === undefined ? limit + 1 : CHUNK;
    const chunk = await book.list({ ...query, before, limit: size });
    for (const plan of chunk) {
      if (states !== undefined && !states.includes(planStateOf(plan))) continue;
      if (plans.length === limit) return { plans, next: plans.at(-1)!.id };
      plans.push(plan);
    }
    if (chunk.length < size) return { plans, next: null };
    before = chunk.at(-1)!.id;
  }
  return { plans, next: before ?? null };
}
