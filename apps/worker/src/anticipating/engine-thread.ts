/**
 * The thread the models of a worker run in: an event costs some 30 us and a state of some ten megabytes 100 ms, which the worker's
 * own thread would lose for leases and deliveries.
 */
import { parentPort } from 'node:worker_threads';
import { engineOptionsOf, reportOf } from '@foreshard/core/anticipating';
import { CorrelationEngine } from '@foreshard/core/correlation';
import { SliceSurges } from '@foreshard/core/surges';
import type { EngineAnswer, EngineReply, EngineRequest } from './engine-protocol.ts';

interface Models {
  readonly engine: CorrelationEngine;
  readonly surges: SliceSurges;
  readonly share: number;
}

const engines = new Map<string, Models>();

parentPort!.on('message', ({ id, request }: { readonly id: number; readonly request: EngineRequest }) => {
  const reply = replyTo(id, request);
  const moved = 'answer' in reply && reply.answer instanceof Uint8Array ? [reply.answer.buffer] : [];
  parentPort!.postMessage(reply, moved as ArrayBuffer[]);
});

function replyTo(id: number, request: EngineRequest): EngineReply {
  try {
    return { id, answer: answerTo(request) };
  } catch (error) {
    return { id, failed: error instanceof Error ? error.message : String(error) };
  }
}

function answerTo(request: EngineRequest): EngineAnswer {
  const { slice, kind } = request;
  if (kind === 'open') return open(request);
  if (kind === 'close') {
    engines.delete(slice);
    return {};
  }
  const models = engines.get(slice);
  if (models === undefined) throw new Error(`the slice ${slice} is not open`);
  const { engine, surges, share } = models;
  if (kind === 'save') return engine.save().slice();
  if (kind === 'report') {
    const report = reportOf(engine, request, request.nowMs);
    return { ...report, surges: surges.report(request.nowMs, share) };
  }
  if (request.isGap) engine.gap();
  for (const event of request.events) {
    engine.observe(event, event.shardlet);
    surges.observe(event.type, event.keyHash, event.timeMs);
  }
  return {};
}

/** `isNew`: there is no state, or one that does not fit any more, as of another release. */
function open({ slice, settings, state }: Extract<EngineRequest, { kind: 'open' }>): {
  readonly isNew: boolean;
} {
  const options = engineOptionsOf(settings);
  const { share } = settings;
  try {
    if (state !== undefined) {
      const engine = CorrelationEngine.restore(options, state);
      engines.set(slice, { engine, surges: new SliceSurges(), share });
      return { isNew: false };
    }
  } catch {
    // learned anew below
  }
  engines.set(slice, { engine: new CorrelationEngine(options), surges: new SliceSurges(), share });
  return { isNew: true };
}
