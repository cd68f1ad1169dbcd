import type { FoundSignatureAlgorithm } from '../../formats/algorithms/decode-algorithm-identifier.ts';
import { keyIdentifier, type SubjectPublicKey } from '../../formats/algorithms/subject-public-key.ts';
import { oids } from '../../formats/oids.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import type { CertificateList, CrlEntry } from '../../formats/x509/crl.ts';
import type { Extension } from '../../formats/x509/extension.ts';
import type { AlternativeName } from '../../formats/x509/extensions/alternative-name.ts';
import type { GeneralName } from '../../formats/x509/general-names.ts';
import { certificateKind } from '../../rules/passive-authentication/index.ts';
import { type Dump, hex, hexLines, instantText, oidText, type Row, rows } from './dump.ts';

export function describeCertificate(certificate: Certificate): Dump {
  const { serialNumber, serialNumberOctets } = certificate;
  return {
    title: `Certificate: ${certificateKind(certificate)}`,
    rows: rows(
      ['version', `v${certificate.version}`],
      ['serial number', `0x${hex(serialNumberOctets)} (${serialNumber})`],
      ['issuer', certificate.issuer.display],
      ['subject', certificate.subject.display],
      ['valid from', instantText(certificate.notBefore)],
      ['valid until', instantText(certificate.notAfter)],
      ['public key', publicKeyText(certificate.subjectPublicKey)],
      ['key SHA-1', hex(keyIdentifier(certificate.subjectPublicKey))],
      ['signature algorithm', algorithmText(certificate.signatureAlgorithm)],
      ['signature', `${certificate.signature.length} octets`],
      ['SHA-256', certificate.fingerprint],
    ),
    parts: [describeExtensions(certificate)],
  };
}

export function describeCrl(crl: CertificateList): Dump {
  const { revokedCertificates } = crl;
  return {
    title: 'Certificate revocation list',
    rows: rows(
      ['version', `v${crl.version}`],
      ['issuer', crl.issuer.display],
      ['this update', instantText(crl.thisUpdate)],
      ['next update', crl.nextUpdate === undefined ? 'absent' : instantText(crl.nextUpdate)],
      ['CRL number', crl.crlNumber?.toString()],
      ['authority key', keyIdText(crl.authorityKeyIdentifier?.keyIdentifier)],
      ['signature algorithm', algorithmText(crl.signatureAlgorithm)],
      ['revoked', String(revokedCertificates.length)],
    ),
    parts: revokedCertificates.length === 0 ? [] : [{ title: 'Revoked', rows: revokedRows(crl) }],
  };
}

const shownEntries = 50;

function revokedRows({ revokedCertificates }: CertificateList): Row[] {
  const shown: Row[] = [];
  for (const entry of revokedCertificates) {
    if (shown.length === shownEntries) {
      return [...shown, ['…', `${revokedCertificates.length - shownEntries} more`]];
    }
    shown.push([`0x${entry.serialNumber.toString(16)}`, revokedText(entry)]);
  }
  return shown;
}

function revokedText({ revocationDate, extensions }: CrlEntry): string {
  const names = [...extensions.keys()].map((oid) => oidText(oid));
  return [instantText(revocationDate), ...names].join(', ');
}

export function algorithmText(algorithm: FoundSignatureAlgorithm): string {
  switch (algorithm.kind) {
    case 'ecdsa':
      return `ECDSA with ${algorithm.digest}`;
    case 'rsassa-pkcs1-v1_5':
      return `RSASSA-PKCS1-v1_5 with ${algorithm.digest}`;
    case 'rsassa-pss': {
      const { digest, mgfDigest, saltLength } = algorithm;
      return `RSASSA-PSS with ${digest}, MGF1 with ${mgfDigest}, salt of ${saltLength} octets`;
    }
    case 'unsupported':
      return `unsupported: ${algorithm.reason}`;
  }
}

export function publicKeyText(key: SubjectPublicKey): string {
  switch (key.kind) {
    case 'rsa':
      return `RSA, ${key.modulusBits} bits, exponent ${key.exponent}${key.pss === undefined ? '' : ', for PSS'}`;
    case 'ec':
      return `EC on ${key.curve.name}, ${key.parameters} parameters${key.isCompressed ? ', compressed point' : ''}`;
    case 'unsupported':
      return `unsupported: ${key.reason}`;
  }
}

function describeExtensions(certificate: Certificate): Dump {
  const extensions = [...certificate.extensions.values()];
  return {
    title: 'Extensions',
    rows: extensions.map((extension) => {
      const name = oidText(extension.oid);
      return [`${name}${extension.isCritical ? ' (critical)' : ''}`, extensionText(certificate, extension)];
    }),
  };
}

/** The decoded value; of what is unknown or malformed, its octets. */
function extensionText(certificate: Certificate, extension: Extension): string | readonly string[] {
  return decodedExtension(certificate, extension.oid) ?? hexLines(extension.value);
}

function decodedExtension(certificate: Certificate, oid: string): string | readonly string[] | undefined {
  switch (oid) {
    case oids.authorityKeyIdentifier:
      return keyIdText(certificate.authorityKeyIdentifier?.keyIdentifier);
    case oids.subjectKeyIdentifier:
      return keyIdText(certificate.subjectKeyIdentifier);
    case oids.keyUsage:
      return certificate.keyUsage === undefined ? undefined : [...certificate.keyUsage].join(', ');
    case oids.privateKeyUsagePeriod:
      return usagePeriodText(certificate);
    case oids.subjectAltName:
      return alternativeNameText(certificate.subjectAltName);
    case oids.issuerAltName:
      return alternativeNameText(certificate.issuerAltName);
    case oids.basicConstraints:
      return basicConstraintsText(certificate);
    case oids.extKeyUsage:
      return certificate.extendedKeyUsage?.map((purpose) => oidText(purpose)).join(', ');
    case oids.cRLDistributionPoints:
      return certificate.crlDistributionPoints?.flatMap((point) => point.fullName.map(generalNameText));
    case oids.certificatePolicies:
      return certificate.certificatePolicies?.join(', ');
    case oids.documentTypeList:
    case oids.documentTypeListDraft:
      return certificate.documentTypeList?.types.join(', ');
    case oids.nameChange:
      return certificate.nameChange ? 'the name of the CSCA has changed' : undefined;
    default:
      return undefined;
  }
}

function keyIdText(keyIdentifier: Uint8Array | undefined): string | undefined {
  return keyIdentifier === undefined ? undefined : hex(keyIdentifier);
}

function usagePeriodText({ privateKeyUsagePeriod: period }: Certificate): string | undefined {
  if (period === undefined) return undefined;
  const from = period.notBefore === undefined ? '…' : instantText(period.notBefore);
  const to = period.notAfter === undefined ? '…' : instantText(period.notAfter);
  return `${from} to ${to}`;
}

function basicConstraintsText({ basicConstraints }: Certificate): string | undefined {
  if (basicConstraints === undefined) return undefined;
  const { cA, pathLenConstraint } = basicConstraints;
  return `${cA ? 'CA' : 'no CA'}${pathLenConstraint === undefined ? '' : `, path length ${pathLenConstraint}`}`;
}

function alternativeNameText(name: AlternativeName | undefined): readonly string[] | undefined {
  return name?.names.map(generalNameText);
}

function generalNameText(name: GeneralName): string {
  switch (name.kind) {
    case 'directoryName':
      return `directory name ${name.name.display}`;
    case 'registeredID':
      return `registered ID ${name.oid}`;
    case 'other':
      return `[${name.tag & 0x1f}] ${hex(name.bytes)}`;
    case 'rfc822Name':
    case 'dNSName':
    case 'uniformResourceIdentifier':
      return name.value;
  }
}
