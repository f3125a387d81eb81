/** Commands as bytes: what ioredis itself would send is the yardstick. */
import { Command } from 'ioredis';
import { expect, test } from 'vitest';
import { encodeCommand, WireCommand } from './wire-command.ts';

const SOCKET = {};

test.each([
  ['words', ['SET', 'key', 'value']],
  ['numbers', ['FCALL', 'f', 0, 123_456_789, -5, 1.5]],
  ['words of more than one byte a letter', ['SET', 'schlüssel', '€']],
  ['nothing', ['SET', '', '']],
  ['bytes of any length', ['SET', 'k', Buffer.alloc(9, 1), Buffer.alloc(10, 2), Buffer.alloc(100_000, 3)]],
  ['bytes that look like the protocol', ['SET', 'k', Buffer.from('\r\n$3\r\n*2')]],
  ['no bytes', ['SET', 'k', Buffer.alloc(0)]],
])('are the same for %s', (_, [name, ...args]) => {
  const usual = new Command(name as string, args as (string | Buffer | number)[]).toWritable(SOCKET);
  expect(encodeCommand([name!, ...args])).toEqual(Buffer.from(usual));
  expect(new WireCommand(name as string, args, null).toWritable()).toEqual(Buffer.from(usual));
});

test('take a part of a buffer as it is', () => {
  const part = new Uint8Array(Buffer.from('abcdef')).subarray(2, 4);
  expect(encodeCommand(['ECHO', part]).toString()).toBe('*2\r\n$4\r\nECHO\r\n$2\r\ncd\r\n');
});
