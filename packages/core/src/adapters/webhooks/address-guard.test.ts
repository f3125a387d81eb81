import { describe, expect, it } from 'vitest';
import { AddressGuard, guardOfServers } from './address-guard.ts';

const guard = new AddressGuard([]);

/** As a URL brings it into one notation. */
const hostOf = (url: string) => new URL(url).hostname;

describe('an address that is not public is refused', () => {
  it.each([
    'http://127.0.0.1/',
    'http://127.8.9.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://0/',
    'http://10.1.2.3/',
    'http://172.31.0.1/',
    'http://192.168.1.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://100.100.100.200/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[::7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://[fc00::1]/',
    'http://[ff02::1]/',
  ])('%s', (url) => {
    expect(guard.objectionToHost(hostOf(url))).toContain('not a public address');
  });
});

describe('a public address is let through', () => {
  it.each(['http://8.8.8.8/', 'http://172.32.0.1/', 'http://[2606:4700:4700::1111]/', 'http://11.0.0.1/'])(
    '%s',
    (url) => {
      expect(guard.objectionToHost(hostOf(url))).toBeUndefined();
    },
  );
});

describe('networks that are allowed', () => {
  const own = new AddressGuard(['10.1.0.0/16', 'fd00::/8', '127.0.0.1/32']);

  it('are let through, and nothing beside them', () => {
    const verdicts = ['10.1.2.3', '10.2.0.1', '127.0.0.1', '127.0.0.2', 'fd12::1', 'fe80::1'].map(
      (address) => own.objectionTo(address) === undefined,
    );
    expect(verdicts).toEqual([true, false, true, false, true, false]);
  });

  it('hold also for an IPv4 address in the clothes of IPv6', () => {
    expect(own.objectionTo('::ffff:10.1.2.3')).toBeUndefined();
    expect(own.objectionTo('::ffff:10.2.2.3')).toContain('10.2.2.3');
  });

  it('have to be networks', () => {
    expect(() => new AddressGuard(['10.0.0.0'])).toThrow('is not a network');
  });
});

it('a name that leads to a closed address is refused when it is looked up', async () => {
  const error = await new Promise<Error | null>((resolve) => guard.lookup('localhost', {}, resolve));
  expect(error).toMatchObject({ name: 'AddressRefused', message: expect.stringContaining('localhost') });
});

describe('servers that people name', () => {
  const objects = (named: readonly string[] | undefined) => (address: string) =>
    guardOfServers(named).objectionTo(address) !== undefined;
  const PRIVATE = ['10.1.2.3', '192.168.1.1', 'fd00::1'];
  const METADATA = [
    '169.254.169.254',
    '::ffff:169.254.169.254',
    'fe80::1',
    '100.100.100.200',
    'fd00:ec2::254',
  ];

  it('are anywhere until networks are named, but never where a machine asks its cloud who it is', () => {
    expect([...PRIVATE, '127.0.0.1', '8.8.8.8'].filter(objects(undefined))).toEqual([]);
    expect(METADATA.filter(objects(undefined))).toEqual(METADATA);
  });

  it('are in public networks, the named ones and on this machine, once networks are named', () => {
    expect(PRIVATE.filter(objects(['10.0.0.0/8']))).toEqual(['192.168.1.1', 'fd00::1']);
    expect(['127.0.0.1', '::1', '8.8.8.8', '2600::1'].filter(objects(['10.0.0.0/8']))).toEqual([]);
    expect(METADATA.filter(objects(['169.254.0.0/16', 'fe80::/10', 'fd00::/8']))).toEqual(METADATA);
  });
});
