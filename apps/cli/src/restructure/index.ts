/** Everything that changes where shardlets are and where they end. */
import type { Command } from 'commander';
import { registerMigrate } from './migrate.ts';
import { registerMigrations } from './migrations.ts';
import { registerSplit } from './split.ts';

export function register(program: Command): void {
  registerMigrate(program);
  registerSplit(program);
  registerMigrations(program);
}
