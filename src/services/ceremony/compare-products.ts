import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import { decodeCrl } from '../../formats/x509/crl.ts';
import type { SubjectPublicKey } from '../../formats/algorithms/subject-public-key.ts';
import { parseSubjectPublicKey } from '../../formats/algorithms/subject-public-key.ts';
import { oids } from '../../formats/oids.ts';
import type { CeremonyStep } from '../../rules/ceremony/ceremony-file.ts';
import { parseResponseBundle } from '../../rules/exchange/response-bundle.ts';

/**
 * What a product of a ceremony and the same product made again on a scratch token differ in, besides keys and
 * signatures.
 *
 * @returns one sentence for each difference
 */
export function differences(
  step: CeremonyStep,
  recorded: Uint8Array,
  replayed: Uint8Array,
): readonly string[] {
  switch (step.step) {
    case 'make-key':
      return sameKeyType(parseSubjectPublicKey(recorded), parseSubjectPublicKey(replayed));
    case 'issue-certificate':
    case 'issue-link':
      return certificateDifferences(recorded, replayed);
    case 'sign-crl':
      return crlDifferences(recorded, replayed);
    case 'process-request':
      return responseDifferences(recorded, replayed);
    case 'export':
      if (step.what === 'identity') return [];
      return step.what === 'crl'
        ? crlDifferences(recorded, replayed)
        : certificateDifferences(recorded, replayed);
  }
}

function sameKeyType(a: SubjectPublicKey, b: SubjectPublicKey): readonly string[] {
  return keyType(a) === keyType(b) ? [] : [`key type: ${keyType(a)} recorded, ${keyType(b)} replayed`];
}

function keyType(key: SubjectPublicKey): string {
  switch (key.kind) {
    case 'ec':
      return `${key.curve.name}, ${key.parameters} parameters`;
    case 'rsa':
      return `RSA ${key.modulusBits}`;
    case 'unsupported':
      return key.oid;
  }
}

/** Extensions whose values are digests of keys. */
const ofKeys: readonly string[] = [oids.subjectKeyIdentifier, oids.authorityKeyIdentifier];

function certificateDifferences(recorded: Uint8Array, replayed: Uint8Array): readonly string[] {
  const a = decodeCertificate(recorded, { strict: true });
  const b = decodeCertificate(replayed, { strict: true });
  return [
    ...unequal('version', a.version, b.version),
    ...unequal('serialNumber', a.serialNumber.toString(16), b.serialNumber.toString(16)),
    ...unequal('signature', hex(a.tbsSignatureBytes), hex(b.tbsSignatureBytes)),
    ...unequal('signatureAlgorithm', hex(a.signatureAlgorithmBytes), hex(b.signatureAlgorithmBytes)),
    ...unequal('issuer', hex(a.issuer.bytes), hex(b.issuer.bytes)),
    ...unequal('notBefore', a.notBefore.toISOString(), b.notBefore.toISOString()),
    ...unequal('notAfter', a.notAfter.toISOString(), b.notAfter.toISOString()),
    ...unequal('subject', hex(a.subject.bytes), hex(b.subject.bytes)),
    ...sameKeyType(a.subjectPublicKey, b.subjectPublicKey),
    ...extensionDifferences(a, b),
  ];
}

function extensionDifferences(a: Certificate, b: Certificate): readonly string[] {
  const named = ({ extensions }: Certificate): string => [...extensions.keys()].join(', ');
  const values = [...a.extensions].flatMap(([oid, extension]) => {
    const other = b.extensions.get(oid);
    if (other === undefined) return [];
    const isOfKey = ofKeys.includes(oid);
    return [
      ...unequal(`extension ${oid} critical`, extension.isCritical, other.isCritical),
      ...(isOfKey ? [] : unequal(`extension ${oid}`, hex(extension.value), hex(other.value))),
    ];
  });
  return [...unequal('extensions', named(a), named(b)), ...values];
}

function crlDifferences(recorded: Uint8Array, replayed: Uint8Array): readonly string[] {
  const a = decodeCrl(recorded, { strict: true });
  const b = decodeCrl(replayed, { strict: true });
  const revoked = (list: typeof a): string =>
    [...list.revokedCertificates]
      .map(
        ({ serialNumber, revocationDate }) => `${serialNumber.toString(16)} ${revocationDate.toISOString()}`,
      )
      .join(', ');
  return [
    ...unequal('CRL number', String(a.crlNumber), String(b.crlNumber)),
    ...unequal('CRL issuer', hex(a.issuer.bytes), hex(b.issuer.bytes)),
    ...unequal('thisUpdate', a.thisUpdate.toISOString(), b.thisUpdate.toISOString()),
    ...unequal('nextUpdate', a.nextUpdate?.toISOString(), b.nextUpdate?.toISOString()),
    ...unequal('signatureAlgorithm', hex(a.signatureAlgorithmBytes), hex(b.signatureAlgorithmBytes)),
    ...unequal('revokedCertificates', revoked(a), revoked(b)),
  ];
}

function responseDifferences(recorded: Uint8Array, replayed: Uint8Array): readonly string[] {
  const { content: a } = parseResponseBundle(recorded);
  const { content: b } = parseResponseBundle(replayed);
  const counted = a.certificates.length === b.certificates.length;
  const profiles = (content: typeof a): string =>
    content.cscaCertificates.map(({ profile }) => profile).join(', ');
  return [
    ...unequal('from', a.from, b.from),
    ...unequal('to', a.to, b.to),
    ...unequal('sequence', a.sequence, b.sequence),
    ...unequal(
      'answers',
      `${a.answers.sequence} ${a.answers.sha256}`,
      `${b.answers.sequence} ${b.answers.sha256}`,
    ),
    ...unequal('policyDigest', a.policyDigest, b.policyDigest),
    ...unequal('rollover', a.rollover?.announcedAt.getTime(), b.rollover?.announcedAt.getTime()),
    ...unequal('cscaCertificates', profiles(a), profiles(b)),
    ...unequal('number of certificates', a.certificates.length, b.certificates.length),
    ...(counted ? a.certificates : []).flatMap(({ keyId, certificate }, index) => {
      const other = b.certificates[index];
      if (other === undefined) return [];
      const keys = [certificate, other.certificate].map(
        (der) => decodeCertificate(der).subjectPublicKey.bytes,
      );
      return [
        ...unequal('keyId', keyId, other.keyId),
        ...unequal('subjectPublicKeyInfo', hex(keys[0]), hex(keys[1])),
        ...certificateDifferences(certificate, other.certificate),
      ].map((difference) => `certificate ${index + 1}: ${difference}`);
    }),
    ...crlDifferences(a.crl, b.crl),
  ];
}

function hex(octets: Uint8Array | undefined): string {
  return Buffer.from(octets ?? []).toString('hex');
}

function unequal(what: string, recorded: unknown, replayed: unknown): readonly string[] {
  if (recorded === replayed) return [];
  return [`${what}: ${String(recorded)} recorded, ${String(replayed)} replayed`];
}
