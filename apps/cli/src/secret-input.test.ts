import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { addressFrom } from './secret-input.ts';

const SECRET = 'postgresql://me:s3cret-canary@db/x';
const stdin = (content: string) => Readable.from([content]);

it.each(['redis://127.0.0.1:6379', 'postgresql://me@db/x', 'https://example.com/hook', 'nonsense'])(
  'an address without a secret is taken as it is: %s',
  async (address) => {
    expect(await addressFrom(address, 'the address')).toBe(address);
  },
);

it.each([SECRET, 'redis://:s3cret-canary@h:1', 'postgresql://db/x?user=me&password=s3cret-canary'])(
  'a password on the command line is refused, and not repeated: %s',
  async (address) => {
    const refused = addressFrom(address, 'the address');
    await expect(refused).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('@FILE') });
    await expect(refused).rejects.not.toThrow(/s3cret-canary/);
  },
);

it('an address that is a secret as a whole is remarked on', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const hook = 'https://hooks.slack.com/services/canary';
    expect(await addressFrom(hook, 'the address')).toBe(hook);
    expect(stderr.mock.calls.flat().join('')).toMatch(/as good as a password/);
    expect(stderr.mock.calls.flat().join('')).not.toContain('canary');
  } finally {
    stderr.mockRestore();
  }
});

it('a secret comes from stdin or from a file, without the line feed at its end', async () => {
  expect(await addressFrom('-', 'the address', stdin(`${SECRET}\n`))).toBe(SECRET);
  const folder = await mkdtemp(join(tmpdir(), 'foreshard-secret-'));
  try {
    const path = join(folder, 'address');
    await writeFile(path, `${SECRET}\n`);
    expect(await addressFrom(`@${path}`, 'the address')).toBe(SECRET);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('nothing, several lines and a file that is not there are refused', async () => {
  await expect(addressFrom('-', 'the address', stdin(' \n'))).rejects.toThrow('is empty');
  await expect(addressFrom('-', 'the address', stdin('a\nb'))).rejects.toThrow('more than one line');
  await expect(addressFrom('@/nowhere/x', 'the address')).rejects.toMatchObject({ exitCode: 2 });
});
