import type { Element } from '../../../formats/der/reader.ts';
import type { KnownOidName } from '../../../formats/oids.ts';
import { oids } from '../../../formats/oids.ts';
import type { Certificate } from '../../../formats/x509/certificate.ts';
import type { CertificateList } from '../../../formats/x509/crl.ts';
import type { Edition } from '../edition.ts';
import type { Rule, RuleWith } from '../rule.ts';
import type { RawExtension } from '../x509/raw-extension.ts';
import type { EntryScan } from './entries.ts';
import type { RawCrl } from './raw-crl.ts';

/** What a CRL is judged with; what is not given leaves the rules that need it unjudged. */
export interface CrlInputs {
  /** The CSCA certificate of the key that signs. */
  readonly issuer?: Certificate | undefined;
  /** The CSCA certificate of the newest key. */
  readonly newest?: Certificate | undefined;
  /** The CRL before. */
  readonly previous?: CertificateList | undefined;
}

export interface CrlContext extends CrlInputs {
  readonly kind: 'crl';
  readonly edition: Edition;
  readonly crl: CertificateList;
  readonly raw: RawCrl;
  readonly entries: EntryScan;
  /** Undefined for a TBSCertList, which is not signed yet. */
  readonly signature: Uint8Array | undefined;
  /** The file that the CRL was in; undefined where it was decoded before. */
  readonly received: Uint8Array | undefined;
}

export type CrlRule = Rule<CrlContext>;

type InputName = keyof CrlInputs | 'signature' | 'received';

/** A rule that cannot be judged without the named inputs. */
export function needing<Name extends InputName>(
  needs: readonly Name[],
  rule: RuleWith<CrlContext, Name>,
): CrlRule {
  return { ...rule, needs };
}

/** An extension by its name; of one that occurs twice the first. */
export function extensionOf({ raw }: CrlContext, name: KnownOidName): RawExtension | undefined {
  return raw.extensions.find(({ oid }) => oid === oids[name]);
}

/** thisUpdate and nextUpdate as they are written. */
export function updateTimes({ raw }: CrlContext): readonly Element[] {
  return raw.nextUpdate === undefined ? [raw.thisUpdate] : [raw.thisUpdate, raw.nextUpdate];
}
