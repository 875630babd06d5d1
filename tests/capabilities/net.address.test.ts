import { describe, expect, it } from 'vitest';
import { allowedBy, isPublic, mayReach } from '../../src/adapters/capabilities/net/address.rules.ts';
import { requestUrl } from '../../src/adapters/capabilities/net/redirects.ts';

describe('an address', () => {
  it.each([
    ...[
      '127.0.0.1',
      '127.255.255.254',
      '0.0.0.0',
      '0.1.2.3',
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
    ],
    ...['169.254.169.254', '100.64.0.1', '100.100.100.200', '192.0.0.1', '192.0.0.192', '192.0.2.1', '198.18.0.1'],
    ...['198.51.100.1', '203.0.113.1', '192.88.99.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
    ...['::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', '::ffff:0:127.0.0.1'],
    ...['64:ff9b::7f00:1', '64:ff9b:1::a00:1', '2002:7f00:1::', '2001::1', '2001:db8::1', 'fc00::1', 'fd00:ec2::254'],
    ...['fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '100::1', '2001:10::1', '3fff::1', '5f00::1', 'nonsense', ''],
  ])('%s is not public', (address) => {
    expect(isPublic(address)).toBe(false);
  });

  it.each(['8.8.8.8', '1.1.1.1', '93.184.216.34', '2606:4700::1111', '2a00:1450:4001:82a::200e'])(
    '%s is public',
    (address) => {
      expect(isPublic(address)).toBe(true);
    },
  );

  it('may be allowed by name and port, or as one of a block', () => {
    const allowed = allowedBy(['intern.test:8080', '10.1.0.0/16', '[::1]:80']);
    expect(mayReach(allowed, 'INTERN.test', 8080, '10.9.9.9')).toBe(true);
    expect(mayReach(allowed, 'intern.test', 80, '10.9.9.9')).toBe(false);
    expect(mayReach(allowed, 'other.test', 9999, '10.1.2.3')).toBe(true);
    expect(mayReach(allowed, 'other.test', 80, '10.2.0.1')).toBe(false);
    expect(mayReach(allowed, '[::1]', 80, '::1')).toBe(true);
    expect(mayReach(allowed, 'other.test', 22, '8.8.8.8')).toBe(false);
    for (const wrong of ['intern.test', 'http://x:80', '10.1.0.0/99', '']) expect(() => allowedBy([wrong])).toThrow();
  });
});

describe('a URL', () => {
  it.each([
    ...['ftp://a.test/', 'file:///etc/passwd', 'gopher://a.test', 'data:text/plain,x', 'javascript:1', '/relative'],
    ...[
      'http://user@a.test/',
      'http://user:pw@a.test/',
      'http://a.test:0/',
      'http://a.test/\r\nX: y',
      'http://a b.test/',
    ],
    ...[
      'http://a.test\\@127.0.0.1/',
      'http://',
      'http://a.test:99999/',
      ' http://a.test/',
      `http://a.test/${'x'.repeat(2100)}`,
    ],
  ])('%j is refused', (url) => {
    expect(requestUrl(url)).toBeTypeOf('string');
  });
});
