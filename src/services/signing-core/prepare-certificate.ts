import { encodeSignatureAlgorithm } from '../../formats/algorithms/encode-algorithm-identifier.ts';
import {
  encodeSubjectPublicKeyInfo,
  keyIdentifierOf,
  type PublicKeyValue,
} from '../../formats/algorithms/encode-subject-public-key-info.ts';
import { type KeyAlgorithm, keyAlgorithms } from '../../formats/algorithms/signature-algorithms.ts';
import { encodeTbsCertificate } from '../../formats/x509/encode-certificate.ts';
import {
  encodeAuthorityKeyIdentifier,
  encodeBasicConstraintsOfCa,
  encodeCrlDistributionPoints,
  encodeDocumentTypeList,
  encodeExtKeyUsage,
  encodeGeneralNames,
  encodeKeyUsage,
  encodePrivateKeyUsagePeriod,
  encodeSubjectKeyIdentifier,
  type IssuedExtension,
  type IssuedGeneralName,
} from '../../formats/x509/encode-extensions.ts';
import { encodeName, type IssuedAttributeType } from '../../formats/x509/encode-name.ts';
import type { CertificateProfile } from '../../rules/profile/certificate-profile.ts';
import type { IssuingState } from '../../rules/profile/issuing-state.ts';
import { addPeriod } from '../../rules/profile/period.ts';
import { Refused } from '../errors.ts';
import type { CertificateOrder } from '../ports.ts';

/** What a certificate takes over from its issuer. */
export interface Issuer {
  /** Subject of the issuing certificate, DER, octet by octet. */
  readonly name: Uint8Array;
  readonly keyIdentifier: Uint8Array;
  /** extnValue of its subjectAltName, which becomes issuerAltName. */
  readonly subjectAltName: Uint8Array | undefined;
  readonly notAfter: Date;
  /** End of its privateKeyUsagePeriod, or of its validity where it has none. */
  readonly signsUntil: Date;
  readonly algorithm: KeyAlgorithm;
}

/**
 * Builds the TBSCertificate of an order from its profile; nothing in it has a default here.
 *
 * @param issuer undefined for a self-signed certificate
 * @throws Refused `policy` when profile, key or dates do not allow it; MalformedInput on values that cannot
 * be encoded
 */
export function prepareCertificate(
  profile: CertificateProfile,
  state: IssuingState,
  order: CertificateOrder,
  subjectKey: PublicKeyValue,
  issuer: Issuer | undefined,
): Uint8Array {
  const algorithm = allowedAlgorithm(profile, order, subjectKey);
  const notAfter = addPeriod(order.notBefore, profile.validity.certificate);
  if (issuer !== undefined) assertWithinIssuer(order.notBefore, notAfter, issuer);
  const fill = placeholders(state, order);
  const subject = encodeName(
    profile.subject.map((entry) => {
      const [type, template] = Object.entries(entry)[0] as [IssuedAttributeType, string];
      return { type, value: fill(template) };
    }),
  );
  return encodeTbsCertificate({
    serialNumber: order.serialNumber,
    signature: encodeSignatureAlgorithm((issuer?.algorithm ?? algorithm).signature),
    issuer: issuer?.name ?? subject,
    notBefore: order.notBefore,
    notAfter,
    subject,
    subjectPublicKeyInfo: encodeSubjectPublicKeyInfo(subjectKey, profile.keys.ecParameters),
    extensions: extensionsOf(profile, state, order, fill, keyIdentifierOf(subjectKey), issuer),
  });
}

function allowedAlgorithm(
  profile: CertificateProfile,
  order: CertificateOrder,
  key: PublicKeyValue,
): KeyAlgorithm {
  const algorithm = keyAlgorithms.get(order.keyAlgorithm);
  if (algorithm === undefined || !profile.keys.allowed.includes(order.keyAlgorithm)) {
    throw new Refused('policy', `${order.keyAlgorithm} is not allowed for ${profile.profile}`, {
      field: 'keyAlgorithm',
      mend: `use one of ${profile.keys.allowed.join(', ')}`,
    });
  }
  const matches =
    key.kind === 'ec'
      ? algorithm.key.kind === 'ec' && algorithm.key.curve === key.curve
      : algorithm.key.kind === 'rsa' && algorithm.key.modulusBits === bitLength(key.modulus);
  if (matches) return algorithm;
  throw new Refused('policy', `the key is not of the kind that ${order.keyAlgorithm} names`, {
    field: 'subjectKey',
    mend: 'make a key pair of that kind',
  });
}

function bitLength(bigEndian: Uint8Array): number {
  return BigInt(`0x${Buffer.from(bigEndian).toString('hex') || '0'}`).toString(2).length;
}

function assertWithinIssuer(notBefore: Date, notAfter: Date, issuer: Issuer): void {
  const refuse = (field: string, detail: string): never => {
    throw new Refused('policy', detail, {
      field,
      source: 'Doc 9303-12 §4.1.1',
      rule: 'C-VAL',
      mend: 'issue under the newest CSCA key',
    });
  };
  if (notAfter > issuer.notAfter) refuse('notAfter', 'the certificate would outlive its issuer');
  if (notBefore > issuer.signsUntil) refuse('notBefore', "the issuer's private key may not be used any more");
}

type Fill = (template: string) => string;

function placeholders(state: IssuingState, order: CertificateOrder): Fill {
  const values: Record<string, string | undefined> = { ...state, ...order.subject };
  return (template) =>
    template.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name];
      if (value !== undefined) return value;
      throw new Refused('policy', `profile ${order.profile} needs a value for {${name}}`, {
        field: `subject.${name}`,
        mend: 'give it with the order',
      });
    });
}

/** The extensions that the profile lists, in its order: these and no others. */
function extensionsOf(
  profile: CertificateProfile,
  state: IssuingState,
  order: CertificateOrder,
  fill: Fill,
  subjectKeyIdentifier: Uint8Array,
  issuer: Issuer | undefined,
): IssuedExtension[] {
  const asked = profile.extensions;
  const alternativeName = () => encodeGeneralNames(subjectAltName(profile, state, order, fill));
  const keyUsageUntil = () =>
    addPeriod(order.notBefore, profile.validity.privateKeyUsage ?? profile.validity.certificate);
  const values: Record<keyof typeof asked, () => Uint8Array> = {
    authorityKeyIdentifier: () => encodeAuthorityKeyIdentifier(issuer?.keyIdentifier ?? subjectKeyIdentifier),
    subjectKeyIdentifier: () => encodeSubjectKeyIdentifier(subjectKeyIdentifier),
    keyUsage: () => encodeKeyUsage(asked.keyUsage?.bits ?? []),
    privateKeyUsagePeriod: () => encodePrivateKeyUsagePeriod(order.notBefore, keyUsageUntil()),
    subjectAltName: alternativeName,
    issuerAltName: () => (issuer === undefined ? alternativeName() : issuerAltName(issuer)),
    basicConstraints: () => encodeBasicConstraintsOfCa(asked.basicConstraints?.pathLenConstraint ?? 0),
    extKeyUsage: () => encodeExtKeyUsage(asked.extKeyUsage?.purposes ?? []),
    cRLDistributionPoints: () =>
      encodeCrlDistributionPoints((asked.cRLDistributionPoints?.uris ?? []).map(fill)),
    documentTypeList: () => encodeDocumentTypeList(asked.documentTypeList?.types ?? []),
  };
  return (Object.keys(asked) as (keyof typeof asked)[]).flatMap((type) => {
    const extension = asked[type];
    return extension === undefined ? [] : [{ type, critical: extension.critical, value: values[type]() }];
  });
}

/** issuerAltName describes the CSCA: its own subjectAltName, octet by octet (Doc 9303-12 §7.1.1.2). */
function issuerAltName(issuer: Issuer): Uint8Array {
  if (issuer.subjectAltName !== undefined) return issuer.subjectAltName;
  throw new Refused('policy', 'the issuing certificate has no subjectAltName to take issuerAltName from', {
    rule: 'C-AN',
    source: 'Doc 9303-12 §7.1.1.2',
    mend: 'issue under a CSCA certificate of the 7th edition or later',
  });
}

function subjectAltName(
  profile: CertificateProfile,
  state: IssuingState,
  order: CertificateOrder,
  fill: Fill,
): IssuedGeneralName[] {
  const asked = profile.extensions.subjectAltName;
  if (asked === undefined) return [];
  const contacts = asked.contacts.map(({ kind, value }) => ({ kind, value: fill(value) }));
  const hosts = asked.hosts ? (order.hosts ?? []).map(hostName) : [];
  const country = { kind: 'icaoCountryCode', localityName: state.mrzCode } as const;
  return [...contacts, ...hosts, ...(asked.countryCode ? [country] : [])];
}

function hostName(host: string): IssuedGeneralName {
  const address = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host);
  if (address !== null) return { kind: 'iPAddress', octets: Uint8Array.from(address.slice(1).map(Number)) };
  return { kind: 'dNSName', value: host };
}
