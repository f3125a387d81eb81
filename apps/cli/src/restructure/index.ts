/** Everything that changes where shardlets are and where they end. */
import type { Command } from 'commander';
import { registerMigrations } from './migrations.ts';
import { registerMove } from './move.ts';
import { registerSplit } from './split.ts';

export function register(program: Command): void {
  registerMove(program);
  registerSplit(program);
  registerMigrations(program);
}
