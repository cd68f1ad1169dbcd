import { describe, expect, it } from 'vitest';
import { usageLimitOf } from '../../../src/rules/profile/certificate-profile.ts';
import { parsePolicies } from '../../../src/rules/profile/policies.ts';
import type { PolicySource } from '../../../src/rules/profile/policy-file.ts';
import { shippedPolicySources } from '../../support/policies.ts';

/** The policies that come with the program, with one file edited. */
function shipped(edit: { file: string; from: string | RegExp; to: string } | undefined): PolicySource[] {
  return shippedPolicySources().map((source) => {
    if (source.file !== `policies/${edit?.file}`) return source;
    const text = source.text.replace(edit?.from ?? '', edit?.to ?? '');
    if (text === source.text) throw new Error(`the edit of ${source.file} changes nothing`);
    return { ...source, text };
  });
}

describe('policies', () => {
  it('loads what comes with the program, under one digest', () => {
    const policies = parsePolicies(shipped(undefined));
    expect([...policies.profiles.keys()]).toContain('dsc-passport');
    expect(policies.digest).toMatch(/^[0-9a-f]{64}$/);
    const edited = shipped({ file: 'sod.yaml', from: 'SHA-512]', to: 'SHA-384]' });
    expect(parsePolicies(edited).digest).not.toBe(policies.digest);
  });

  // Each planted error is reported with file, line and key.
  it.each([
    [
      'an unknown key',
      'dsc-passport.yaml',
      'issuer: csca',
      'issuer: csca\nisuer: csca',
      /dsc-passport\.yaml:5 isuer: is not a key that is known/,
    ],
    [
      'an unknown extension',
      'dsc-passport.yaml',
      'documentTypeList:',
      'documentTypes:',
      /dsc-passport\.yaml:\d\d extensions\.documentTypes: is not a key that is known/,
    ],
    ['a key twice', 'csca.yaml', 'kind: csca', 'kind: csca\nkind: csca', /csca\.yaml:\d+/],
    ['no YAML', 'csca.yaml', 'profile: csca', 'profile: [csca', /csca\.yaml:\d+/],
    ['a missing key', 'csca.yaml', 'standard: Doc 9303-12, 8th edition\n', '', /standard: is missing/],
    [
      'an algorithm that is not issued',
      'csca.yaml',
      'ecdsa-P-384-sha384',
      'ecdsa-P-384-sha1',
      /keys\.allowed\.0/,
    ],
    ['a period of hours', 'csca.yaml', 'P4Y', 'PT4H', /validity\.privateKeyUsage/],
    [
      'a serial number of 20 random octets',
      'csca.yaml',
      'randomOctets: 16',
      'randomOctets: 20',
      /randomOctets: must be at most 19.*RFC 5280/,
    ],
    [
      'a CRL distribution point by ftp',
      'csca.yaml',
      '"{distribution}/crl',
      '"ftp://x/crl',
      /cRLDistributionPoints/,
    ],
    [
      'a document type with filler',
      'dsc-passport.yaml',
      'types: [P]',
      'types: ["P<"]',
      /documentTypeList\.types\.0/,
    ],
    [
      'a name other than the file',
      'dsc-passport.yaml',
      'profile: dsc-passport',
      'profile: dsc',
      /must be named as its file/,
    ],
    [
      'a CRL valid for more than 90 days',
      'crl.yaml',
      'P60D',
      'P91D',
      /crl\.yaml:3 nextUpdate: must not be more than 90 days/,
    ],
    [
      'pathLenConstraint other than 0',
      'csca.yaml',
      'pathLenConstraint: 0',
      'pathLenConstraint: 1',
      /pathLenConstraint/,
    ],
    ['SHA-1 for data groups', 'sod.yaml', 'SHA-256,', 'SHA-1,', /digestAlgorithms\.0/],
  ])('refuses %s', (_, file, from, to, message) => {
    expect(() => parsePolicies(shipped({ file, from, to }))).toThrow(
      expect.objectContaining({ kind: 'malformed', message: expect.stringMatching(message) }),
    );
  });

  it.each([
    [
      'an unknown rule',
      'C-CDP-PRESNT',
      'until: 2027-03-31',
      /C-CDP-PRESNT is no rule about certificates or CRLs/,
    ],
    ['a rule about EF.SODs', 'S-V3', 'until: 2027-03-31', /S-V3 is no rule about certificates or CRLs/],
    ['what cannot be read', 'C-READ', 'until: 2027-03-31', /C-READ is no rule/],
    ['a rule without an end', 'C-CDP-PRESENT', '', /waivers\.0\.until: is missing/],
    ['a rule for ever', 'C-CDP-PRESENT', 'until: never', /waivers\.0\.until: must be the last day/],
    [
      'a rule twice',
      'C-CDP-PRESENT',
      'until: 2027-03-31\n  - { id: C-CDP-PRESENT, reason: the directory is late, until: 2028-01-01 }',
      /waivers\.yaml:6 waivers\.1\.id: C-CDP-PRESENT is waived twice/,
    ],
  ])('refuses a waiver of %s, naming the line', (_, id, until, message) => {
    const text = `policy: waivers\nwaivers:\n  - id: ${id}\n    reason: the directory is late\n    ${until}\n`;
    expect(() => parsePolicies([...shippedPolicySources(), { file: 'policies/waivers.yaml', text }])).toThrow(
      expect.objectContaining({
        kind: 'malformed',
        field: expect.stringMatching(/^policies\/waivers\.yaml:[3-6] waivers\.[01]\./),
        message: expect.stringMatching(message),
      }),
    );
  });

  // What is told first, in which words, and by which source.
  it.each([
    [
      'a key that is misspelt, before the one that is then missing',
      'csca.yaml',
      'issuer: self',
      'isuer: self',
      /csca\.yaml:\d+ isuer: is not a key that is known here \(profile, kind, .*\): take it out or correct it$/,
      'docs/policies.md',
    ],
    [
      'one within a key',
      'dsc-passport.yaml',
      'longestSigned:',
      'longestSinged:',
      /:\d+ validity\.longestSinged: is not a key that is known here \(certificate, privateKeyUsage, longestSigned\)/,
      'docs/policies.md',
    ],
    [
      'one where there are two forms',
      'csca.yaml',
      'randomOctets: 16',
      'randomOctet: 16',
      /:\d+ serialNumber\.randomOctet: is not a key that is known here: serialNumber must be the key randomOctets, or the key certificateReference$/,
      'docs/policies.md',
    ],
    [
      'an attribute of a name',
      'csca.yaml',
      '- commonName',
      '- comonName',
      /subject\.\d\.comonName: is not a key that is known here \(countryName, /,
      'docs/policies.md',
    ],
    [
      'a form that is none',
      'csca.yaml',
      'serialNumber: { randomOctets: 16 }',
      'serialNumber: 16',
      / serialNumber: must be the key randomOctets, or the key certificateReference$/,
      'Doc 9303-12 Table 5',
    ],
    [
      'a missing text',
      'crl.yaml',
      /standard.*\n/,
      '',
      / standard: is missing: must be a text$/,
      'docs/policies.md',
    ],
    [
      'a missing period',
      'crl.yaml',
      /nextUpdate.*/,
      '',
      / nextUpdate: is missing: must be an ISO 8601 period such as P10Y3M$/,
      'Doc 9303-12 §4.1.5',
    ],
    [
      'a missing map',
      'csca.yaml',
      /keys:\n[^]*ecParameters.*\n/,
      '',
      / keys: is missing: must be the keys allowed, ecPa/,
      'docs/policies.md',
    ],
    [
      'a list with nothing',
      'sod.yaml',
      /digestAlgorithms.*/,
      'digestAlgorithms: []',
      /must have at least 1 entry/,
      'Doc 9303-12 §4.1.6.4',
    ],
    [
      'SHA-1 in a SOD',
      'sod.yaml',
      'SHA-256,',
      'SHA-1,',
      /digestAlgorithms\.0: must be one of SHA-224, /,
      'Doc 9303-12 §4.1.6.4',
    ],
    [
      'SHA-1 under a key',
      'csca.yaml',
      'P-384-sha384',
      'P-384-sha1',
      /keys\.allowed\.0: is not/,
      'Doc 9303-12 §4.1.6; digests: §4.1.6.4',
    ],
    [
      'a document type',
      'dsc-passport.yaml',
      'types: [P]',
      'types: ["P<"]',
      /types\.0: must be one/,
      'Doc 9303-12 §7.1.1.6',
    ],
    [
      'a CRL for too long',
      'crl.yaml',
      'P60D',
      'P91D',
      /nextUpdate: must not be more than 90 days$/,
      'Doc 9303-12 §4.1.5',
    ],
  ])('tells %s in plain words, with the source', (_, file, from, to, message, source) => {
    expect(() => parsePolicies(shipped({ file, from, to }))).toThrow(
      expect.objectContaining({ kind: 'malformed', message: expect.stringMatching(message), source }),
    );
  });

  // Bounds of the standard that a profile cannot leave.
  it.each([
    [
      'a Document Signer key in use for more than three months',
      'dsc-passport.yaml',
      'privateKeyUsage: P3M',
      'privateKeyUsage: P4M',
      /longer than 100 days/,
    ],
    [
      'a CSCA key in use for more than five years',
      'csca.yaml',
      'privateKeyUsage: P4Y',
      'privateKeyUsage: P6Y',
      /longer than 1830 days/,
    ],
    [
      'a certificate that ends before the last document',
      'dsc-passport.yaml',
      'certificate: P10Y3M',
      'certificate: P10Y2M',
      /must cover/,
    ],
    [
      'a CSCA that ends before what it issued',
      'csca.yaml',
      'certificate: P14Y6M',
      'certificate: P14Y',
      /must cover/,
    ],
    [
      'no word of how long documents are valid',
      'dsc-passport.yaml',
      /\n {2}longestSigned: P10Y.*/,
      '',
      /longestSigned/,
    ],
    [
      'RSA for a bar-code signer',
      'vds-signer.yaml',
      'ecdsa-P-384-sha384',
      'rsassa-pss-3072-sha256',
      /ECDSA only/,
    ],
    [
      'an organization in the name of a bar-code signer',
      'vds-signer.yaml',
      '  - commonName',
      '  - organizationName: "x"\n  - commonName',
      /alone/,
    ],
    [
      'keyUsage in a bar-code signer',
      'vds-signer.yaml',
      '  extKeyUsage',
      '  keyUsage: { critical: true, bits: [digitalSignature] }\n  extKeyUsage',
      /extensions\.keyUsage/,
    ],
    ['a SPOC server without its host', 'spoc-server.yaml', 'hosts: true', 'hosts: false', /hosts/],
    [
      'a SPOC client with the purpose of a server',
      'spoc-client.yaml',
      'spocClient',
      'spocServer',
      /purposes/,
    ],
    [
      'a link with a name of its own',
      'csca-link.yaml',
      /subject: of-successor.*/,
      'subject: [{ countryName: UT }, { commonName: x }]',
      /links only/,
    ],
    ['a notice of less than 90 days', 'csca.yaml', 'notice: P90D', 'notice: P89D', /90 days/],
    ['a new CSCA key that signs on its first day', 'csca.yaml', 'rest: P2D', 'rest: P1D', /two days/],
    [
      'a notice for a Document Signer',
      'dsc-passport.yaml',
      'destroyAfter:',
      'notice: P90D\n  destroyAfter:',
      /CSCA only/,
    ],
    [
      'a SPOC client certificate of two years',
      'spoc-client.yaml',
      'certificate: P1Y',
      'certificate: P2Y',
      /spoc-client\.yaml:\d+ validity\.certificate: must be 6 to 18 months/,
    ],
    [
      'a SPOC server certificate that may be shorter than six months',
      'spoc-server.yaml',
      'certificate: P1Y',
      'certificate: P180D',
      /6 to 18 months/,
    ],
    [
      'a bar-code signer that leaves nothing for the life of a seal',
      'vds-signer.yaml',
      'certificate: P7Y',
      'certificate: P2Y',
      /must cover/,
    ],
    ...['csca', 'vds-signer', 'vds-nc-signer', 'lds2-visa-signer', 'dtc-signer'].map(
      (name): [string, string, RegExp, string, RegExp] => [
        `a ${name} without a word of how long is valid what it signs`,
        `${name}.yaml`,
        /\n {2}longestSigned: .*/,
        '',
        /validity\.longestSigned: is needed/,
      ],
    ),
    ...['vds-signer', 'vds-nc-signer', 'lds2-visa-signer'].flatMap(
      (name): [string, string, RegExp, string, RegExp][] => [
        [
          `a ${name} key in use for less than a year`,
          `${name}.yaml`,
          /privateKeyUsage: P2Y/,
          'privateKeyUsage: P11M',
          /validity\.privateKeyUsage: must be one to two years/,
        ],
        [
          `a ${name} key in use for more than two years`,
          `${name}.yaml`,
          /privateKeyUsage: P2Y/,
          'privateKeyUsage: P3Y',
          /longer than 732 days/,
        ],
        [
          `a ${name} without privateKeyUsage`,
          `${name}.yaml`,
          /\n {2}privateKeyUsage: .*/,
          '',
          /validity\.privateKeyUsage: is needed/,
        ],
      ],
    ),
    [
      'an LDS2 signer that ends before the document',
      'lds2-visa-signer.yaml',
      'certificate: P10Y3M',
      'certificate: P9Y',
      /must cover/,
    ],
    [
      'a DTC signer key in use for more than three months',
      'dtc-signer.yaml',
      'privateKeyUsage: P3M',
      'privateKeyUsage: P4M',
      /longer than 100 days/,
    ],
    ['a link without nameChange', 'csca-link.yaml', /\n {2}nameChange.*/, '', /nameChange/],
    [
      'nameChange in a Document Signer',
      'dsc-passport.yaml',
      '  documentTypeList',
      '  nameChange: { critical: false, when: subject-differs }\n  documentTypeList',
      /nameChange/,
    ],
  ])('refuses %s', (_, file, from, to, message) => {
    expect(() => parsePolicies(shipped({ file, from, to }))).toThrow(
      expect.objectContaining({ kind: 'malformed', message: expect.stringMatching(message) }),
    );
  });

  // Doc 9303-12 Table 6 as the loader enforces it.
  it.each([
    [
      'keyUsage that is not critical',
      'dsc-passport.yaml',
      'critical: true, bits',
      'critical: false, bits',
      /keyUsage\.critical/,
    ],
    [
      'a further keyUsage bit',
      'dsc-passport.yaml',
      'digitalSignature]',
      'digitalSignature, nonRepudiation]',
      /keyUsage\.bits/,
    ],
    ['a CSCA without cRLSign', 'csca.yaml', 'keyCertSign, cRLSign', 'keyCertSign', /keyUsage\.bits/],
    [
      'a Document Signer without documentTypeList',
      'dsc-passport.yaml',
      /\n {2}documentTypeList.*/,
      '',
      /documentTypeList/,
    ],
    [
      'a Document Signer with extKeyUsage',
      'dsc-passport.yaml',
      '  documentTypeList',
      '  extKeyUsage: { critical: true, purposes: [serverAuth] }\n  documentTypeList',
      /extKeyUsage/,
    ],
    [
      'a Master List Signer whose extKeyUsage is not critical',
      'master-list-signer.yaml',
      'critical: true, purposes',
      'critical: false, purposes',
      /extKeyUsage\.critical/,
    ],
    [
      'named curves under the CSCA',
      'dsc-passport.yaml',
      'ecParameters: explicit',
      'ecParameters: named',
      /ecParameters/,
    ],
    [
      'subjectAltName without country code',
      'dsc-passport.yaml',
      'countryCode: true',
      'countryCode: false',
      /countryCode/,
    ],
    [
      'a usage period without length',
      'dsc-passport.yaml',
      /\n {2}privateKeyUsage: P3M.*/,
      '',
      /privateKeyUsage/,
    ],
    [
      'an LDS2 signer that is a bar-code signer too',
      'lds2-visa-signer.yaml',
      'purposes: [lds2VisaSigner]',
      'purposes: [lds2VisaSigner, vdsSigner]',
      /lds2-visa-signer\.yaml:\d+ extensions\.extKeyUsage\.purposes: must be of lds2TravelStampSigner/,
    ],
    [
      'an LDS2 signer with the purpose of another kind',
      'lds2-visa-signer.yaml',
      'purposes: [lds2VisaSigner]',
      'purposes: [dtcSigner]',
      /extKeyUsage\.purposes/,
    ],
    [
      'a TLS server with the purpose of a signer',
      'communication.yaml',
      'serverAuth, clientAuth',
      'serverAuth, vdsSigner',
      /extKeyUsage\.purposes: must be of serverAuth, clientAuth and nothing else/,
    ],
    ...[
      ['master-list-signer', 'cscaMasterListSigningKey'],
      ['deviation-list-signer', 'deviationListSigningKey'],
      ['spoc-client', 'spocClient'],
      ['spoc-server', 'spocServer'],
      ['vds-signer', 'vdsSigner'],
      ['vds-nc-signer', 'vdsNcSigner'],
      ['dtc-signer', 'dtcSigner'],
    ].map(([name = '', purpose = '']): [string, string, string, string, RegExp] => [
      `a ${name} with a further purpose`,
      `${name}.yaml`,
      `purposes: [${purpose}]`,
      `purposes: [${purpose}, clientAuth]`,
      new RegExp(`extKeyUsage\\.purposes: must be exactly ${purpose}`),
    ]),
    ['a Document Signer that issues itself', 'dsc-passport.yaml', 'issuer: csca', 'issuer: self', /issuer/],
  ])('refuses %s (Table 6)', (_, file, from, to, message) => {
    expect(() => parsePolicies(shipped({ file, from, to }))).toThrow(
      expect.objectContaining({
        kind: 'malformed',
        message: expect.stringMatching(message),
        field: expect.stringMatching(/\.yaml:\d+ /),
        source: expect.stringMatching(/^Doc 9303-12 /),
      }),
    );
  });

  it('gives a Document Signer 100,000 signatures where its policy says nothing else', () => {
    const limitOf = (edit: Parameters<typeof shipped>[0], name = 'dsc-passport') => {
      const profile = parsePolicies(shipped(edit)).profiles.get(name);
      return profile && usageLimitOf(profile);
    };
    const file = 'dsc-passport.yaml';
    expect(limitOf({ file, from: /\n {2}usageLimit: .*/, to: '' })).toBe(100_000);
    expect(limitOf({ file, from: /\nrotation:[^]*/, to: '' })).toBe(100_000);
    expect(limitOf({ file, from: 'usageLimit: 100000', to: 'usageLimit: 7' })).toBe(7);
    expect(limitOf(undefined, 'csca')).toBeUndefined();
  });
});
