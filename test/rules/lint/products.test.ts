import { describe, expect, it } from 'vitest';
import { encodeSignatureAlgorithm } from '../../../src/formats/algorithms/encode-algorithm-identifier.ts';
import { keyIdentifierOf } from '../../../src/formats/algorithms/encode-subject-public-key-info.ts';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import { encodeSigned } from '../../../src/formats/x509/encode-certificate.ts';
import { encodeGeneralNames } from '../../../src/formats/x509/encode-extensions.ts';
import {
  type CertificateKind,
  certificateKinds,
  lintCertificate,
  lintToBeSigned,
} from '../../../src/rules/lint/index.ts';
import type { CertificateProfile } from '../../../src/rules/profile/certificate-profile.ts';
import type { CertificateOrder } from '../../../src/services/ports.ts';
import { type Issuer, prepareCertificate } from '../../../src/services/signing-core/prepare-certificate.ts';
import { instant, keyFor } from '../../support/lint-parts.ts';
import { shippedPolicies } from '../../support/policies.ts';
import { signWith, type SoftwareKey } from '../../support/software-pki.ts';
import { utopia } from '../../support/utopia.ts';

const policies = shippedPolicies();
const names: Partial<Record<CertificateKind, string>> = {
  'vds-signer': 'V1',
  'vds-nc-signer': 'H1',
  'lds2-signer': 'VISA1',
  communication: 'pkd.utopia.example',
};

/** The order of the values does not matter to the lint. */
function order(profile: CertificateProfile, changes: Partial<CertificateOrder>): CertificateOrder {
  const name = names[profile.kind as CertificateKind];
  return {
    profile: profile.profile,
    subject: { sequence: '00001', ...(name === undefined ? {} : { name }) },
    subjectKey: { keyId: '' },
    keyAlgorithm: profile.keys.allowed[0] ?? '',
    policyDigest: policies.digest,
    serialNumber: profile.kind === 'vds-signer' ? 0xa1b2cn : 0x4a17b1c9d3e4f60718293a4b5c6d7e8fn,
    notBefore: instant('2026-11-01'),
    hosts: ['spoc.utopia.example'],
    ...changes,
  };
}

function issuerFrom(key: SoftwareKey, bytes: Uint8Array): Issuer {
  const certificate = decodeCertificate(bytes, { strict: true });
  return {
    name: certificate.subject.bytes,
    keyIdentifier: keyIdentifierOf(key.value),
    subjectAltName: encodeGeneralNames([
      { kind: 'uniformResourceIdentifier', value: utopia.contact },
      { kind: 'icaoCountryCode', localityName: utopia.mrzCode },
    ]),
    notAfter: certificate.notAfter,
    signsUntil: certificate.privateKeyUsagePeriod?.notAfter ?? certificate.notAfter,
    algorithm: key.algorithm,
  };
}

function profileOf(name: string): CertificateProfile {
  const profile = policies.profiles.get(name);
  if (profile === undefined) throw new TypeError(`no profile ${name}`);
  return profile;
}

function sign(key: SoftwareKey, tbs: Uint8Array): Uint8Array {
  return encodeSigned(tbs, encodeSignatureAlgorithm(key.algorithm.signature), signWith(key, tbs));
}

function root(algorithm: string, role: string, notBefore: Date): { key: SoftwareKey; bytes: Uint8Array } {
  const key = keyFor(algorithm, role);
  const profile = profileOf('csca');
  const tbs = prepareCertificate(
    profile,
    utopia,
    order(profile, { keyAlgorithm: algorithm, notBefore }),
    key.value,
    undefined,
  );
  return { key, bytes: sign(key, tbs) };
}

describe('what the shipped policies make', () => {
  const csca = root('ecdsa-brainpoolP384r1-sha384', 'csca', instant('2026-11-01'));
  const successor = root('ecdsa-P-384-sha384', 'new csca', instant('2030-09-01'));
  const issuer = decodeCertificate(csca.bytes);
  const profiles = [...policies.profiles.values()].filter(({ kind }) =>
    certificateKinds.some((known) => known === kind),
  );

  it.each(profiles.map((profile) => [profile.profile, profile] as const))('%s is clean', (_, profile) => {
    for (const keyAlgorithm of profile.keys.allowed) {
      const isRoot = profile.kind === 'csca';
      const isLink = profile.kind === 'csca-link';
      if (isLink && keyAlgorithm !== successor.key.algorithm.name) continue;
      const key = isLink ? successor.key : keyFor(keyAlgorithm, isRoot ? 'csca' : 'signer');
      const notBefore = instant(isLink ? '2030-10-01' : '2026-11-01');
      const changes = { keyAlgorithm, notBefore, ...(isLink ? { successor: successor.bytes } : {}) };
      const tbs = prepareCertificate(
        profile,
        utopia,
        order(profile, changes),
        key.value,
        isRoot ? undefined : issuerFrom(csca.key, csca.bytes),
      );
      const { validity } = profile;
      const options = {
        kind: profile.kind as CertificateKind,
        edition: 8,
        issuer,
        at: notBefore,
        mrzCode: utopia.mrzCode,
        ...(validity === 'of-successor'
          ? {}
          : { longestSigned: validity.longestSigned, longestUsage: validity.privateKeyUsage }),
      } as const;
      const grave = (report: ReturnType<typeof lintToBeSigned>): readonly string[] =>
        report.findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code);
      expect({ keyAlgorithm, codes: grave(lintToBeSigned(tbs, options)) }).toEqual({
        keyAlgorithm,
        codes: [],
      });
      const signer = isRoot ? key : csca.key;
      const finished = lintCertificate(sign(signer, tbs), options);
      expect({ keyAlgorithm, codes: grave(finished) }).toEqual({ keyAlgorithm, codes: [] });
    }
  });
});
