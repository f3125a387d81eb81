/** Before the exit: a pipe takes 64 KiB at a time, and what it has not taken by then is lost. */
export async function writtenOut(): Promise<void> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((resolve) => stream.write('', () => resolve()));
}

/** Writes to stdout and waits until it is out. False when nobody reads any more (head, less). */
export function print(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(text, (error) => resolve(error === undefined || error === null));
  });
}

/** "1 host", "12 hosts" */
export function counted(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`;
}

/** The answer of an operation, for programs. */
export function printJson(answer: unknown): void {
  // an operation may answer nothing
  process.stdout.write(`${JSON.stringify(answer ?? null)}\n`);
}
