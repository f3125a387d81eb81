/** The table of operations as this process carries it out: recorded, and answered in time. */
import type { AnyOperation, Caller, Handler, InputOf, OperationTable } from '@foreshard/core/operations';
import type { OperationRunner } from '@foreshard/core/operations/handlers';
import { asForeshardError } from '@foreshard/core/operations/handlers';
import { answeredInTime } from '../http/reaching-store.ts';

export class BoundOperations<T extends OperationTable> {
  private readonly runner: OperationRunner<T>;

  constructor(runner: OperationRunner<T>) {
    this.runner = runner;
  }

  get table(): T {
    return this.runner.table;
  }

  /** Before the input is read. @throws ForeshardError forbidden */
  requireMentioned(operation: AnyOperation, caller: Caller): Promise<void> {
    return this.runner.requireMentioned(operation, caller);
  }

  /** @throws ForeshardError */
  handlerOf(operation: AnyOperation): Handler<AnyOperation> {
    return async (input, caller) => {
      try {
        // one that is late goes on, and its end is recorded when it comes
        const answer = this.runner.run(operation, input as InputOf<AnyOperation>, caller);
        return await answeredInTime(answer, operation.answerWithinMs);
      } catch (error) {
        throw asForeshardError(error);
      }
    };
  }
}
