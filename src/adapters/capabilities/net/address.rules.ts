import ipaddr from 'ipaddr.js';

/** The part of the network in which public IPv6 addresses are; all others are somebody's special purpose. */
const globalUnicast = ipaddr.parseCIDR('2000::/3');
/** IPv4 blocks for special purposes (RFC 6890 and its successors), besides those the library knows. */
const special = [
  '192.0.0.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.175.48.0/24',
  '198.18.0.0/15',
].map((block) => ipaddr.parseCIDR(block));
const documentation = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '3ffe::/16'].map((block) =>
  ipaddr.parseCIDR(block),
);

type Address = ReturnType<typeof ipaddr.parse>;
export type Block = ReturnType<typeof ipaddr.parseCIDR>;

const within = (address: Address, [network, bits]: Block): boolean =>
  address.kind() === network.kind() && address.match(network, bits);

/**
 * Whether an address is one that anybody on the internet may have: no loopback, private, link-local, shared, multicast,
 * reserved or documentation address, and none that carries an IPv4 address inside (mapped, NAT64, 6to4, Teredo).
 */
export const isPublic = (text: string): boolean => {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast') return false;
  if (address.kind() === 'ipv4') return !special.some((block) => within(address, block));
  return within(address, globalUnicast) && !documentation.some((block) => within(address, block));
};

/** What an operator lets pass besides: `host:port` by name, or a block of addresses as CIDR, on any port. */
export interface Allowed {
  readonly hosts: ReadonlySet<string>;
  readonly blocks: readonly Block[];
}

/** Reads an allowlist; throws on what is neither `host:port` nor CIDR. */
export const allowedBy = (entries: readonly string[]): Allowed => {
  const hosts = new Set<string>();
  const blocks: Block[] = [];
  for (const entry of entries)
    if (entry.includes('/')) blocks.push(ipaddr.parseCIDR(entry));
    else if (/^(?:[a-z0-9.-]+|\[[0-9a-f:]+\]):\d{1,5}$/i.test(entry)) hosts.add(entry.toLowerCase());
    else throw new TypeError(`${entry} is neither host:port nor a block of addresses`);
  return { hosts, blocks };
};

const usualPorts: ReadonlySet<number> = new Set([80, 443]);

/** Whether an address may be spoken to under a host's name and port. */
export const mayReach = (allowed: Allowed, host: string, port: number, address: string): boolean => {
  if (allowed.hosts.has(`${host.toLowerCase()}:${port}`)) return true;
  if (ipaddr.isValid(address) && allowed.blocks.some((block) => within(ipaddr.parse(address), block))) return true;
  return usualPorts.has(port) && isPublic(address);
};
