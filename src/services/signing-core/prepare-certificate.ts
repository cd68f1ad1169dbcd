import { encodeSignatureAlgorithm } from '../../formats/algorithms/encode-algorithm-identifier.ts';
import {
  encodeSubjectPublicKeyInfo,
  keyIdentifierOf,
  type PublicKeyValue,
} from '../../formats/algorithms/encode-subject-public-key-info.ts';
import { type KeyAlgorithm, keyAlgorithms } from '../../formats/algorithms/signature-algorithms.ts';
import { oids } from '../../formats/oids.ts';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { encodeTbsCertificate } from '../../formats/x509/encode-certificate.ts';
import {
  encodeAuthorityKeyIdentifier,
  encodeBasicConstraintsOfCa,
  encodeCrlDistributionPoints,
  encodeDocumentTypeList,
  encodeExtKeyUsage,
  encodeGeneralNames,
  encodeKeyUsage,
  encodeNameChange,
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
  const holder =
    order.successor === undefined
      ? newHolder(profile, state, order)
      : successorAsHolder(order.successor, issuer);
  if (issuer !== undefined) assertWithinIssuer(order.notBefore, holder.notAfter, issuer);
  return encodeTbsCertificate({
    serialNumber: order.serialNumber,
    signature: encodeSignatureAlgorithm((issuer?.algorithm ?? algorithm).signature),
    issuer: issuer?.name ?? holder.subject,
    notBefore: order.notBefore,
    notAfter: holder.notAfter,
    subject: holder.subject,
    subjectPublicKeyInfo: encodeSubjectPublicKeyInfo(subjectKey, profile.keys.ecParameters),
    extensions: extensionsOf(profile, state, order, { holder, subjectKey, issuer }),
  });
}

/** What a certificate says of its holder, other than the key. */
interface Holder {
  /** Name, DER. */
  readonly subject: Uint8Array;
  readonly notAfter: Date;
  /** extnValue of subjectAltName. */
  readonly subjectAltName: Uint8Array;
  /** extnValue of privateKeyUsagePeriod. */
  readonly privateKeyUsagePeriod: Uint8Array | undefined;
}

function newHolder(profile: CertificateProfile, state: IssuingState, order: CertificateOrder): Holder {
  if (profile.subject === 'of-successor' || profile.validity === 'of-successor') {
    throw new Refused('policy', `${profile.profile} needs the certificate of the successor`, {
      field: 'successor',
      mend: 'issue the new self-signed CSCA certificate first and link to it',
    });
  }
  const { certificate, privateKeyUsage } = profile.validity;
  const fill = placeholders(state, order);
  const subject = profile.subject.map((entry) => {
    const [type, template] = Object.entries(entry)[0] as [IssuedAttributeType, string];
    return { type, value: fill(template), isPrintable: profile.kind === 'vds-signer' };
  });
  assertSubjectForm(profile, subject);
  const usageFrom = order.usageFrom ?? order.notBefore;
  if (usageFrom < order.notBefore) {
    throw new Refused('policy', 'the private key usage period would begin before the validity', {
      field: 'usageFrom',
      rule: 'C-PKUP',
      source: 'Doc 9303-12 Table 6',
      mend: 'let it begin with or after notBefore',
    });
  }
  const usageEnd = privateKeyUsage && addPeriod(usageFrom, privateKeyUsage);
  return {
    subject: encodeName(subject),
    notAfter: addPeriod(usageFrom, certificate),
    subjectAltName: encodeGeneralNames(subjectAltName(profile, state, order, fill)),
    privateKeyUsagePeriod: usageEnd && encodePrivateKeyUsagePeriod(usageFrom, usageEnd),
  };
}

/**
 * A link certificate says what the new self-signed certificate says: name, alternative names and usage period of
 * the new key (Doc 9303-12 §7.1.1.5). It ends no later than the certificate of the key that signs it: the standard
 * does not say, and a link that outlives its trust anchor proves nothing.
 */
function successorAsHolder(successor: Uint8Array, issuer: Issuer | undefined): Holder {
  const certificate = decodeCertificate(successor, { strict: true });
  const name = certificate.extensions.get(oids.subjectAltName);
  if (name === undefined || issuer === undefined) {
    throw new Refused('policy', 'a link certificate needs an issuer and a successor of ours', {
      field: 'successor',
      mend: 'give the new self-signed CSCA certificate and the key before it',
    });
  }
  return {
    subject: certificate.subject.bytes,
    notAfter: new Date(Math.min(certificate.notAfter.getTime(), issuer.notAfter.getTime())),
    subjectAltName: name.value,
    privateKeyUsagePeriod: certificate.extensions.get(oids.privateKeyUsagePeriod)?.value,
  };
}

/** Names that a chip or seal has little room for (Doc 9303-12 §7.1.2, §7.1.3). */
function assertSubjectForm(
  profile: CertificateProfile,
  subject: readonly { readonly type: IssuedAttributeType; readonly value: string }[],
): void {
  const commonName = subject.find(({ type }) => type === 'commonName')?.value ?? '';
  const refuse = (rule: string, detail: string, source: string, mend: string): never => {
    throw new Refused('policy', detail, { field: 'subject.name', rule, source, mend });
  };
  const found = JSON.stringify(commonName);
  if (profile.kind === 'vds-signer' && !/^[A-Z0-9]{2}$/.test(commonName)) {
    refuse(
      'C-DN1-VDS-CN',
      `the commonName of a bar-code signer has exactly two characters, A to Z and 0 to 9; this is ${found}`,
      'Doc 9303-12 §7.1.3 Table 8',
      'write the third and fourth character of the signer identifier in the seal (name in sigillo.yaml)',
    );
  }
  if (profile.kind === 'lds2-signer' && [...commonName].length > 9) {
    refuse(
      'C-DN1-LDS2-CN',
      `the commonName of an LDS2 signer has at most nine characters; ${found} has ${[...commonName].length}`,
      'Doc 9303-12 §7.1.2 Table 7',
      'write a name of one to nine characters (name in sigillo.yaml)',
    );
  }
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
      : key.kind === 'rsa' &&
        algorithm.key.kind === 'rsa' &&
        algorithm.key.modulusBits === bitLength(key.modulus);
  if (matches) return algorithm;
  throw new Refused('policy', `the key is not of the kind that ${order.keyAlgorithm} names`, {
    field: 'subjectKey',
    mend: 'make a key pair of that kind',
  });
}

function bitLength(bigEndian: Uint8Array): number {
  return BigInt(`0x${Buffer.from(bigEndian).toString('hex') || '0'}`).toString(2).length;
}

/** @throws Refused `C-VAL` */
function assertWithinIssuer(
  notBefore: Date,
  notAfter: Date,
  issuer: Pick<Issuer, 'notAfter' | 'signsUntil'>,
): void {
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

interface Parties {
  readonly holder: Holder;
  readonly subjectKey: PublicKeyValue;
  readonly issuer: Issuer | undefined;
}

/** The extensions that the profile lists, in its order: these and no others. */
function extensionsOf(
  profile: CertificateProfile,
  state: IssuingState,
  order: CertificateOrder,
  { holder, subjectKey, issuer }: Parties,
): IssuedExtension[] {
  const asked = profile.extensions;
  const subjectKeyIdentifier = keyIdentifierOf(subjectKey);
  const hasNewName = issuer !== undefined && Buffer.compare(issuer.name, holder.subject) !== 0;
  const values: Record<keyof typeof asked, () => Uint8Array | undefined> = {
    authorityKeyIdentifier: () => encodeAuthorityKeyIdentifier(issuer?.keyIdentifier ?? subjectKeyIdentifier),
    subjectKeyIdentifier: () => encodeSubjectKeyIdentifier(subjectKeyIdentifier),
    keyUsage: () => encodeKeyUsage(asked.keyUsage?.bits ?? []),
    privateKeyUsagePeriod: () => holder.privateKeyUsagePeriod,
    subjectAltName: () => holder.subjectAltName,
    issuerAltName: () => (issuer === undefined ? holder.subjectAltName : issuerAltName(issuer)),
    basicConstraints: () => encodeBasicConstraintsOfCa(asked.basicConstraints?.pathLenConstraint ?? 0),
    extKeyUsage: () => encodeExtKeyUsage(asked.extKeyUsage?.purposes ?? []),
    cRLDistributionPoints: () =>
      encodeCrlDistributionPoints((asked.cRLDistributionPoints?.uris ?? []).map(placeholders(state, order))),
    documentTypeList: () => encodeDocumentTypeList(asked.documentTypeList?.types ?? []),
    nameChange: () => (hasNewName ? encodeNameChange() : undefined),
  };
  return (Object.keys(asked) as (keyof typeof asked)[]).flatMap((type) => {
    const extension = asked[type];
    const value = extension && values[type]();
    return value === undefined ? [] : [{ type, critical: extension?.critical ?? false, value }];
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
