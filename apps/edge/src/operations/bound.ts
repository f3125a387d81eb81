/** The table of operations with what this process does for each: answers in time, and refusals of the one catalogue. */
import {
  type AnyOperation,
  type Handler,
  type Handlers,
  type OperationTable,
  requireAllowed,
} from '@foreshard/core/operations';
import { asForeshardError } from '@foreshard/core/operations/handlers';
import { answeredInTime } from '../http/reaching-store.ts';

export class BoundOperations<T extends OperationTable> {
  readonly table: T;
  private readonly handlers: Handlers<T>;

  constructor(table: T, handlers: Handlers<T>) {
    this.table = table;
    this.handlers = handlers;
  }

  /** @throws ForeshardError */
  handlerOf(operation: AnyOperation): Handler<AnyOperation> {
    const [router = '', name = ''] = operation.name.split('.');
    const handler = (this.handlers as Handlers<OperationTable>)[router]![name]!;
    return async (input, caller) => {
      requireAllowed(operation, input, caller.principal);
      try {
        return await answeredInTime(handler(input, caller), operation.answerWithinMs);
      } catch (error) {
        throw asForeshardError(error);
      }
    };
  }
}
