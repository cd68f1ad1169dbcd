import type { SignedData } from '../../../formats/cms/signed-data.ts';
import type { EfCom } from '../../../formats/lds/ef-com.ts';
import type { Mrz } from '../../../formats/lds/mrz.ts';
import type { Certificate } from '../../../formats/x509/certificate.ts';
import type { CertificateList } from '../../../formats/x509/crl.ts';
import type { Rule, RuleWith } from '../rule.ts';
import type { SignedDataContext } from '../signed-data/context.ts';
import type { RawLds } from './raw-lds.ts';

/** What of the chip, and of the issuer, an EF.SOD is judged with. */
export interface SodInputs {
  /** Content of the elementary files, by data group number. */
  readonly dataGroups?: ReadonlyMap<number, Uint8Array> | undefined;
  /** EF.COM, decoded. */
  readonly efCom?: EfCom | undefined;
  /** Content of EF.CardAccess. */
  readonly cardAccess?: Uint8Array | undefined;
  /** The issuer's code as in the MRZ, e.g. `ITA`, `D`. */
  readonly mrzCode?: string | undefined;
  /** The newest CRL of the CSCA. */
  readonly crl?: CertificateList | undefined;
}

export interface SodContext extends SignedDataContext, SodInputs {
  readonly kind: 'ef-sod';
  readonly signedData: SignedData;
  /** Undefined where the content is no LDSSecurityObject at all. */
  readonly lds: RawLds | undefined;
  /** Whether the ContentInfo is in the tag 77. */
  readonly hasTag77: boolean;
  /** The certificate that the signer identifier names, or the only one that is embedded. */
  readonly dsc: Certificate | undefined;
  /** DG1 of `dataGroups`, if it can be read. */
  readonly mrz: Mrz | undefined;
}

export type SodRule = Rule<SodContext>;

type InputName = keyof SodInputs | 'lds' | 'dsc' | 'mrz' | 'at';

/** A rule that cannot be judged without the named inputs. */
export function needing<Name extends InputName>(
  needs: readonly Name[],
  rule: RuleWith<SodContext, Name>,
): SodRule {
  return { ...rule, needs };
}
