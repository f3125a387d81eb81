/** What is done for operations on annotations. */
import { type Annotation, type AnnotationStore, annotationOf } from '../../annotations/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { TopologyStore } from '../../topology/index.ts';
import type { annotations } from '../annotations.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';

export interface AnnotationStores {
  readonly annotations: AnnotationStore;
  readonly topology: Pick<TopologyStore, 'snapshot'>;
  /** a UUID unlike any other */
  readonly newId: () => string;
  readonly nowMs: () => number;
}

type AnnotationDocument = OutputOf<typeof annotations.add>;

export function annotationHandlers({
  annotations: store,
  topology,
  newId,
  nowMs,
}: AnnotationStores): RouterHandlers<typeof annotations> {
  async function documentNow(id: string): Promise<AnnotationDocument | undefined> {
    const found = await store.find(id);
    return found && documentOf(found);
  }

  return {
    async list({ stream, from, to, removed, limit }) {
      const found = await store.list({
        ...(stream === undefined ? {} : { stream }),
        ...(from === undefined ? {} : { fromMs: Date.parse(from) }),
        ...(to === undefined ? {} : { toMs: Date.parse(to) }),
        ...{ withRemoved: removed, limit },
      });
      return { annotations: found.map(documentOf) };
    },
    async add(request, { actor }) {
      const { streams } = await topology.snapshot();
      if (!streams.some(({ name }) => name === request.stream))
        throw new ForeshardError('unknown_stream', `There is no stream "${request.stream}".`, {
          pointer: '/stream',
        });
      const annotation = annotationOf(request, { id: newId(), atMs: nowMs(), actor });
      await store.add(annotation);
      return documentOf({ ...annotation, removedMs: null, removedBy: null });
    },
    async remove({ id }, { actor, note }) {
      const before = await documentNow(id);
      if (!(await store.remove(id, actor, nowMs())))
        throw new ForeshardError('not_found', `There is no annotation ${id}, or it is removed already.`);
      note?.({ before, after: await documentNow(id) });
    },
    async restore({ id }, { note }) {
      const before = await documentNow(id);
      if (!(await store.restore(id)))
        throw new ForeshardError('not_found', `There is no removed annotation ${id}.`);
      note?.({ before, after: await documentNow(id) });
    },
  };
}

function documentOf({ fromMs, toMs, createdMs, removedMs, range, ...annotation }: Annotation) {
  const { id, stream, text, createdBy, removedBy } = annotation;
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    ...{ id, stream, from: time(fromMs), to: time(toMs), text, createdAt: time(createdMs), createdBy },
    range: range === null ? null : { from: range.from, to: range.to },
    ...{ removedAt: removedMs === null ? null : time(removedMs), removedBy },
  };
}
