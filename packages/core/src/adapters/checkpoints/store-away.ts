/** The store of checkpoints did not do what it was asked for: the call may be repeated. */
export class CheckpointStoreAway extends Error {
  override readonly name = 'CheckpointStoreAway';

  constructor(what: string, cause: unknown) {
    super(`${what}: ${(cause as Error).message}`, { cause });
  }
}
