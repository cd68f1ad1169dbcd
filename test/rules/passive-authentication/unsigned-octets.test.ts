import { describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import { decodeCrl } from '../../../src/formats/x509/crl.ts';
import { buildTrustStore, passiveAuthentication } from '../../../src/rules/passive-authentication/index.ts';
import { noon, signCrl, utopia } from '../../support/software-pki.ts';

/**
 * What no signature covers: versions, digestAlgorithms, signer identifier, parameters of algorithms. Changed, it
 * lets the same document pass at one reader and fail at the next, so that strictly it is never just TRUSTED.
 */
describe.each(['ecdsa-brainpoolP256r1-sha256', 'rsassa-pss-2048-sha256', 'rsassa-pkcs1-2048-sha256'])(
  'octets that %s does not sign',
  (algorithm) => {
    const { csca, dsc, efSod } = utopia(algorithm);
    const trust = buildTrustStore([decodeCertificate(csca.bytes)]);
    const crls = [decodeCrl(signCrl(csca, []))];
    const judge = (octets: Uint8Array) =>
      passiveAuthentication({
        efSod: octets,
        trust,
        crls,
        at: noon('2026-03-01'),
        strict: true,
        requireCrl: true,
      });

    it('are not trusted with any one bit of them changed', () => {
      const intact = judge(efSod);
      expect(intact.verdict).toBe('TRUSTED');
      const [signerInfo] = intact.signedData?.signerInfos ?? [];
      const signed = [
        intact.signedData?.eContent,
        decodeCertificate(dsc.bytes).tbsBytes,
        decodeCertificate(dsc.bytes).signature,
        signerInfo?.signedAttributes?.received.subarray(1),
        signerInfo?.signature,
      ].map((part) => ({ start: Buffer.from(efSod).indexOf(part!), length: part!.length }));
      expect(signed.every(({ start }) => start > 0)).toBe(true);
      const isSigned = (at: number) => signed.some(({ start, length }) => at >= start && at < start + length);
      const trusted: string[] = [];
      for (let at = 0; at < efSod.length; at += 1) {
        for (let bit = 0; bit < 8 && !isSigned(at); bit += 1) {
          const changed = Uint8Array.from(efSod);
          changed[at] = (changed[at] ?? 0) ^ (1 << bit);
          if (judge(changed).verdict === 'TRUSTED') trusted.push(`bit ${bit} of octet ${at}`);
        }
      }
      expect(trusted).toEqual([]);
    });
  },
);

describe('a signature that is not whole octets (RFC 5280 §4.1.1.3)', () => {
  const { csca } = utopia('ecdsa-brainpoolP256r1-sha256');

  it.each([
    ['certificate', csca.bytes, decodeCertificate],
    ['CRL', signCrl(csca, []), decodeCrl],
  ] as const)('is refused in a %s', (_, bytes, decode) => {
    // Whatever the value is: its last octet gets the zero bits that unused bits have to be.
    const changed = Uint8Array.from(bytes);
    changed[bytes.length - 1] = 0x80;
    changed[bytes.length - decode(bytes).signature.length - 1] = 7;
    expect(() => decode(changed)).toThrow('has a signature that is not whole octets');
  });
});
