import { describe, expect, it } from 'vitest';
import { guardOfServers } from '../webhooks/index.ts';
import { objectionToForm, objectionToHostAddress } from './host-address.ts';

describe('the address of a host', () => {
  it.each([
    'redis://127.0.0.1:6379',
    'rediss://user:password@10.1.2.3:6380/0?family=6',
    'redis://localhost',
    'redis://[::1]:6379',
    'postgresql://u:p@192.168.1.2:5432/db',
    'postgres://u@[fd12::7]/db?sslmode=verify-full&sslrootcert=/etc/ca.pem&uselibpqcompat=true',
    // nobody knows the name now; it is not asked for its meaning elsewhere
    'postgresql://no-such-name.invalid/db',
  ])('%s may be tried', async (url) => {
    expect(await objectionToHostAddress(url)).toBeUndefined();
  });

  it.each([
    'redis://169.254.169.254',
    'redis://169.254.0.1:80',
    'redis://2852039166',
    'redis://0xa9fea9fe:6379',
    'redis://0251.0376.0251.0376',
    'postgresql://u@[fe80::1]/db',
    'postgresql://u@[::ffff:169.254.169.254]/db',
    'postgresql://u@[64:ff9b::169.254.169.254]/db',
    'postgresql://u@100.100.100.200/db',
    'rediss://168.63.129.16',
    'redis://192.0.0.192',
    'redis://[fd00:ec2::254]',
  ])('%s is where no host can be', async (url) => {
    expect(await objectionToHostAddress(url)).toMatch(
      /^[\d.a-f:]+ is a link-local address or a metadata service, where no host can be: give the address/,
    );
  });

  it.each([
    ['postgresql://u@h/db?host=169.254.169.254', 'host'],
    ['postgresql://u@h/db?sslmode=disable&options=-c%20x%3Dy', 'options'],
    ['postgresql://u@h/db?port=22', 'port'],
    ['redis://h?path=/var/run/redis.sock', 'path'],
    ['redis://h?family=4&db=3', 'db'],
    ['redis://h?sslmode=disable', 'sslmode'],
  ])('%s has a parameter that is not allowed', (url, name) => {
    expect(objectionToForm(url)).toMatch(
      new RegExp(
        `^the parameter "${name}" is not allowed in the address of a host: leave it out \\(allowed: `,
      ),
    );
  });

  it.each(['redis:///tmp/redis.sock', 'postgresql:///db', 'postgresql://%2Fvar%2Frun%2Fpostgresql/db'])(
    '%s names no machine',
    (url) => {
      expect(objectionToForm(url)).toMatch(/^the address names no machine/);
    },
  );

  it.each(['http://127.0.0.1', '', 'mysql://h'])('%j is that of no engine', async (url) => {
    expect(await objectionToHostAddress(url)).toMatch(/it begins with redis:\/\/ or postgresql:\/\/$/);
    // it may hold a password
    if (url !== '') expect(await objectionToHostAddress(url)).not.toContain(url);
  });
});

it('a host in a private network is refused once networks are named, and this is none of them', async () => {
  const guard = guardOfServers(['10.0.0.0/8']);
  expect(await objectionToHostAddress('redis://10.1.2.3:6379', guard)).toBeUndefined();
  expect(await objectionToHostAddress('redis://192.168.1.1:6379', guard)).toContain(
    'FORESHARD_PRIVATE_NETWORKS',
  );
});
