import { decodeAlgorithmIdentifier } from '../../../formats/algorithms/decode-algorithm-identifier.ts';
import type { Element } from '../../../formats/der/reader.ts';
import type { KnownOidName } from '../../../formats/oids.ts';
import { oids } from '../../../formats/oids.ts';
import type { Certificate } from '../../../formats/x509/certificate.ts';
import type { Period } from '../../profile/period.ts';
import type { Edition } from '../edition.ts';
import type { Rule, RuleWith } from '../rule.ts';
import { type EcParametersForm, ecParametersForm } from '../x509/ec-parameters.ts';
import type { PlacedName } from '../x509/names.ts';
import type { RawExtension } from '../x509/raw-extension.ts';
import type { CertificateKind } from './kind.ts';
import type { RawCertificate } from './raw-certificate.ts';

/** What a CSCA has issued before, for rules about what must not be used twice. */
export interface IssuedRegister {
  /** Whether the CSCA has given this serial number to another certificate, under any of its keys and names. */
  hasSerialNumber(serialNumber: bigint): boolean;
  /** Whether the key is in a certificate that is no root or link of the same key. */
  hasKey(subjectPublicKey: Uint8Array): boolean;
  /** Whether another key has this subject. */
  hasSubject(subject: Uint8Array): boolean;
  /** subjectKeyIdentifiers under which the key was certified. */
  keyIdentifiersOf(subjectPublicKey: Uint8Array): readonly Uint8Array[];
}

/** What a certificate is judged with; what is not given leaves the rules that need it unjudged. */
export interface CertificateInputs {
  /** The CSCA certificate of the key that signs. A self-signed certificate is its own. */
  readonly issuer?: Certificate | undefined;
  readonly register?: IssuedRegister | undefined;
  /** When it is, or was, issued. */
  readonly at?: Date | undefined;
  /** The issuer's code as in the MRZ, e.g. `ITA`, `D`. */
  readonly mrzCode?: string | undefined;
  /** Longest validity of what the key signs: documents under a Document Signer, certificates under a CSCA. */
  readonly longestSigned?: Period | undefined;
  /** Longest use of the private key by policy. */
  readonly longestUsage?: Period | undefined;
}

export interface CertificateContext extends CertificateInputs {
  readonly kind: CertificateKind;
  readonly edition: Edition;
  readonly certificate: Certificate;
  readonly raw: RawCertificate;
  /** Undefined for a TBSCertificate, which is not signed yet. */
  readonly signature: Uint8Array | undefined;
  /** The file that the certificate was in; undefined where it was decoded before. */
  readonly received: Uint8Array | undefined;
}

export type CertificateRule = Rule<CertificateContext>;

type InputName = keyof CertificateInputs | 'signature' | 'received';

/** A rule that cannot be judged without the named inputs. */
export function needing<Name extends InputName>(
  needs: readonly Name[],
  rule: RuleWith<CertificateContext, Name>,
): CertificateRule {
  return { ...rule, needs };
}

/** An extension by its name; of one that occurs twice the first. */
export function extensionOf({ raw }: CertificateContext, name: KnownOidName): RawExtension | undefined {
  return raw.extensions.find(({ oid }) => oid === oids[name]);
}

/** issuer and subject; only one where both are the same octets. */
export function namesOf({ certificate }: CertificateContext): readonly PlacedName[] {
  const { issuer, subject } = certificate;
  if (Buffer.compare(issuer.bytes, subject.bytes) === 0)
    return [{ field: 'issuer and subject', name: subject }];
  return [
    { field: 'issuer', name: issuer },
    { field: 'subject', name: subject },
  ];
}

/** Domain parameters of an elliptic-curve key as they are written; undefined for another key. */
export function ecParametersOf({ raw }: CertificateContext): Element | 'absent' | undefined {
  const { oid, parameters } = decodeAlgorithmIdentifier(raw.spkiAlgorithm);
  return oid === oids.idEcPublicKey ? (parameters ?? 'absent') : undefined;
}

/** Undefined where there are none. */
export function explicitParametersOf(context: CertificateContext): EcParametersForm | undefined {
  const parameters = ecParametersOf(context);
  return parameters === 'absent' ? undefined : ecParametersForm(parameters);
}
