/**
 * Writes to stdout and waits until it is out: a pipe that is read slowly would else lose what was not written
 * when the command ends. False when nobody reads any more (head, less).
 */
export function print(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(text, (error) => resolve(error === undefined || error === null));
  });
}

/** "1 host", "12 hosts" */
export function counted(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`;
}
