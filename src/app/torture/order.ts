import type { SodRequestBody } from '../http/sod-request.ts';
import type { Chance } from './chance.ts';

/** Document types of a development instance; each has a Document Signer of its own. */
const documentTypes = ['P', 'IR', 'AR', 'CR'] as const;
const digests = { 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64 } as const;
const optionalDataGroups = [3, 7, 11, 12, 13, 14, 15, 16] as const;

/** An order for a chip that does not exist: its data group hashes are chance. */
export function randomOrder(chance: Chance, requestId: string): SodRequestBody {
  const digestAlgorithm = chance.oneOf(Object.keys(digests) as (keyof typeof digests)[]);
  const numbers = [1, 2, ...optionalDataGroups.filter(() => chance.happens(40))];
  const hash = () => Buffer.from(chance.octets(digests[digestAlgorithm])).toString('base64');
  return {
    requestId,
    documentType: chance.oneOf(documentTypes),
    digestAlgorithm,
    lds: chance.happens(50) ? { version: '1.7' } : { version: '1.8', unicode: '4.0.0' },
    dataGroupHashes: Object.fromEntries(numbers.map((number) => [String(number), hash()])),
  };
}

/** The same request id with one hash changed: another document, which may never be signed under it. */
export function withOtherContent(chance: Chance, order: SodRequestBody): SodRequestBody {
  const octets = Buffer.from(order.dataGroupHashes['2'] ?? '', 'base64').length;
  const other = Buffer.from(chance.octets(octets)).toString('base64');
  return { ...order, dataGroupHashes: { ...order.dataGroupHashes, '2': other } };
}
