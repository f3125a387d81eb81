/**
 * Commands of earlier releases that have another name now. `migrate` moved shardlets and always took `--to`, which the
 * `migrate` of today has not: so scripts of both kinds mean what they say.
 */
export function renamed(argv: readonly string[], notify: (line: string) => void): string[] {
  const [node, program, command, ...rest] = argv as [string, string, ...string[]];
  const isMove = command === 'migrate' && rest.some((word) => /^--to(=|$)/.test(word));
  if (!isMove) return [...argv];
  notify('"migrate SHARDLET... --to HOST" is now called "move SHARDLET... --to HOST"');
  return [node, program, 'move', ...rest];
}
