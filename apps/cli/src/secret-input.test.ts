import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
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

it.each([
  'https://hooks.slack.com/services/T/B/s3cret-canary',
  'https://discord.com/api/webhooks/1/s3cret-canary',
  'https://example.com/hook?token=s3cret-canary',
  'http://prometheus:9090/?key=s3cret-canary',
  'https://s3cret-canary@example.com/hook',
])(
  'an address that is as good as a password is refused with the cure, and not repeated: %s',
  async (hook) => {
    const refused = addressFrom(hook, 'the address');
    await expect(refused).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('"-" reads it from stdin, @FILE from a file'),
    });
    await expect(refused).rejects.not.toThrow(/s3cret-canary/);
    expect(await addressFrom('-', 'the address', { stdin: stdin(`${hook}\n`) })).toBe(hook);
  },
);

it('the address of a hook is refused whatever it looks like', async () => {
  const hook = 'https://chat.example.com/hooks/s3cret-canary';
  await expect(addressFrom(hook, 'the address', { isHook: true })).rejects.toThrow('as good as a password');
  expect(await addressFrom(hook, 'the address')).toBe(hook);
});

it('a secret comes from stdin or from a file, without the line feed at its end', async () => {
  expect(await addressFrom('-', 'the address', { stdin: stdin(`${SECRET}\n`) })).toBe(SECRET);
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
  await expect(addressFrom('-', 'the address', { stdin: stdin(' \n') })).rejects.toThrow('is empty');
  await expect(addressFrom('-', 'the address', { stdin: stdin('a\nb') })).rejects.toThrow(
    'more than one line',
  );
  await expect(addressFrom('@/nowhere/x', 'the address')).rejects.toMatchObject({ exitCode: 2 });
});
