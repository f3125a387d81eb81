import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { endProcess, identityOf, isRunning } from './process-identity.ts';

it('knows a process from another one that got its pid', async () => {
  const self = await identityOf(process.pid);
  expect(self).toBeDefined();
  expect(await isRunning(self!)).toBe(true);
  expect(await isRunning({ pid: process.pid, began: 'another time' })).toBe(false);
});

it('ends a process only while it is the remembered one', async () => {
  const child = spawn('sleep', ['30']);
  const identity = (await identityOf(child.pid!))!;
  await endProcess({ ...identity, began: 'another time' }, 'SIGKILL', 1_000);
  expect(await isRunning(identity)).toBe(true);
  expect(await endProcess(identity, 'SIGTERM', 5_000)).toBe(true);
  expect(await identityOf(identity.pid)).toBeUndefined();
});
