/** A group that is to be there: it is created, unless it is. */
import type { Edges } from '../edge/edges.ts';
import type { ForeshardError } from '../edge/errors.ts';
import { retrying } from '../edge/retrying.ts';
import type { GroupCalls, NewGroup } from './group-calls.ts';

interface Creation {
  readonly edges: Edges;
  readonly calls: GroupCalls;
  readonly signal: AbortSignal;
  readonly onWaiting: (error: ForeshardError) => void;
}

/** False when it was called off meanwhile. Without `stream` the group has to be there. */
export async function createdGroup(
  { edges, calls, signal, onWaiting }: Creation,
  {
    stream,
    from,
    sessionMs,
    order,
    checkpoints,
  }: Omit<NewGroup, 'stream'> & { readonly stream?: string | undefined },
): Promise<boolean> {
  if (stream === undefined) return true;
  const group: NewGroup = {
    stream,
    ...(from === undefined ? {} : { from }),
    ...(sessionMs === undefined ? {} : { sessionMs }),
    ...(order === undefined ? {} : { order }),
    ...(checkpoints === undefined ? {} : { checkpoints }),
  };
  try {
    await retrying(edges, { what: `create ${calls.group}`, signal, onWaiting }, () =>
      calls.create(group, signal),
    );
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
