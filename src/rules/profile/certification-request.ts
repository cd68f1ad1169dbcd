import { z } from 'zod';
import { type KeyAlgorithm, keyAlgorithms } from '../../formats/algorithms/signature-algorithms.ts';
import type { SubjectPublicKey } from '../../formats/algorithms/subject-public-key.ts';
import { verifySignature } from '../../formats/algorithms/verify-signature.ts';
import { readElement } from '../../formats/der/reader.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { Tolerances } from '../../formats/note.ts';
import { oidName, oids } from '../../formats/oids.ts';
import type { CertificationRequest } from '../../formats/x509/certification-request.ts';
import { decodeAlternativeName, hostsOf } from '../../formats/x509/extensions/alternative-name.ts';
import { publicKeyValueOf } from '../exchange/exchange-key.ts';
import type { Violation } from '../sod/sod-rules.ts';
import type { CertificateProfile } from './certificate-profile.ts';

/** What a certification request is held against (docs/requests.md). */
export interface RequestContext {
  readonly profile: CertificateProfile;
  /** countryName of the issuer. */
  readonly country: string;
  /** Hosts that the officer gives. */
  readonly hosts: readonly string[];
}

type RequestRule = (request: CertificationRequest, context: RequestContext) => Violation | undefined;

const proofHolds: RequestRule = ({ signatureAlgorithm, subjectPublicKey, infoBytes, signature }) => {
  const refuse = (detail: string, mend: string): Violation => {
    return { rule: 'Q-POP', source: 'RFC 2986 §4.2', field: 'signature', detail, mend };
  };
  if (signatureAlgorithm.kind === 'unsupported') {
    return refuse(`the request is signed by ${signatureAlgorithm.reason}`, 'sign it with SHA-256 or longer');
  }
  if (signatureAlgorithm.digest === 'SHA-1') {
    return refuse('the request is signed with SHA-1', 'sign it with SHA-256 or longer');
  }
  if (verifySignature(signatureAlgorithm, subjectPublicKey, infoBytes, signature)) return undefined;
  const detail = 'the signature of the request does not verify with its key: possession is not proved';
  return refuse(detail, 'fetch the request again, or have it made anew');
};

const countryFits: RequestRule = ({ subject }, { country }) =>
  subject.country === country
    ? undefined
    : {
        rule: 'Q-DN',
        source: 'Doc 9303-12 §7.1.1.1',
        field: 'subject.countryName',
        detail: `the subject's country is ${subject.country ?? 'missing'}, the issuer's is ${country}`,
        mend: `have the request made with C=${country}: a CSCA certifies keys of its own State only`,
      };

const keyFits: RequestRule = ({ subjectPublicKey }, { profile }) => {
  const refuse = (detail: string, mend: string): Violation => {
    return { rule: 'Q-KEY', source: 'Doc 9303-12 §4.1.6', field: 'subjectPKInfo', detail, mend };
  };
  const allowed = `make a key for one of ${profile.keys.allowed.join(', ')}`;
  if (subjectPublicKey.kind === 'unsupported')
    return refuse(`the key is no key that is certified: ${subjectPublicKey.reason}`, allowed);
  if (keyAlgorithmFor(subjectPublicKey, profile) === undefined) {
    return refuse(`${describe(subjectPublicKey)} is not allowed for ${profile.profile}`, allowed);
  }
  try {
    publicKeyValueOf(subjectPublicKey.bytes, 'subjectPKInfo');
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    const mend =
      'write an RSA key as rsaEncryption, an EC key as an uncompressed point with the name of its curve';
    return refuse(`the key is not written as it is to be: ${error.reason}`, mend);
  }
  return undefined;
};

const extensionsFit: RequestRule = ({ extensions }, { profile }) => {
  for (const oid of extensions.keys()) {
    const name = oidName(oid) ?? oid;
    if (Object.hasOwn(profile.extensions, name)) continue;
    return {
      rule: 'Q-EXT',
      source: 'Doc 9303-12 Table 6',
      field: `extensionRequest.${name}`,
      detail: `the request asks for ${name}, which ${profile.profile} does not have`,
      mend: 'have the request made without it: extensions come from the profile',
    };
  }
  return undefined;
};

const hostsFit: RequestRule = ({ extensions }, { profile, hosts }) => {
  const refuse = (detail: string, mend: string): Violation => {
    return { rule: 'Q-HOST', source: 'Doc 9303-12 §7.1.1.2', field: 'host', detail, mend };
  };
  const hasHosts = profile.extensions.subjectAltName?.hosts === true;
  if (hasHosts && hosts.length === 0) {
    return refuse(`a ${profile.profile} certificate names the hosts of its holder`, 'give each with --host');
  }
  if (!hasHosts && hosts.length > 0) {
    return refuse(`a ${profile.profile} certificate names no host`, 'leave --host out');
  }
  const wrong = hosts.find((host) => !isHost(host));
  if (wrong !== undefined) {
    return refuse(
      `${wrong} is neither a host name nor an IPv4 address`,
      'write it as in DNS, without wildcard',
    );
  }
  const value = extensions.get(oids.subjectAltName)?.value;
  const asked = value === undefined ? [] : requestedHosts(value);
  const left = asked.find((host) => !hosts.includes(host));
  if (left === undefined) return undefined;
  return refuse(
    `the request asks for ${left}, which was not given`,
    `add --host ${left}, or have it left out`,
  );
};

const rules: readonly RequestRule[] = [keyFits, proofHolds, countryFits, extensionsFit, hostsFit];

/** The first rule that a certification request breaks; undefined for one whose key may be certified. */
export function requestViolation(
  request: CertificationRequest,
  context: RequestContext,
): Violation | undefined {
  for (const rule of rules) {
    const violation = rule(request, context);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

/** The first key algorithm of a profile that a key is of. */
export function keyAlgorithmFor(key: SubjectPublicKey, { keys }: CertificateProfile): string | undefined {
  return keys.allowed.find((name) => {
    const type = keyAlgorithms.get(name)?.key;
    return type !== undefined && isOfType(key, type);
  });
}

function isOfType(key: SubjectPublicKey, type: KeyAlgorithm['key']): boolean {
  switch (key.kind) {
    case 'ec':
      return type.kind === 'ec' && type.curve === key.curve.name;
    case 'rsa':
      return type.kind === 'rsa' && type.modulusBits === key.modulusBits;
    case 'unsupported':
      return false;
  }
}

function describe(key: Exclude<SubjectPublicKey, { kind: 'unsupported' }>): string {
  return key.kind === 'ec' ? `an EC key on ${key.curve.name}` : `an RSA key of ${key.modulusBits} bits`;
}

function requestedHosts(subjectAltName: Uint8Array): readonly string[] {
  const element = readElement(subjectAltName, 'subjectAltName', new Tolerances({ strict: true }));
  return hostsOf(decodeAlternativeName(element));
}

const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
/** RFC 1123 §2.1; a last label that begins with a digit would be taken for an address. */
const hostName = new RegExp(`^(?=.{1,253}$)(?:${label}\\.)*(?![0-9])${label}$`);

function isHost(host: string): boolean {
  return hostName.test(host) || z.ipv4().safeParse(host).success;
}
