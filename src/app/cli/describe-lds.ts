import type { SignedData } from '../../formats/cms/signed-data.ts';
import type { SignerInfo } from '../../formats/cms/signer-info.ts';
import type { EfCom } from '../../formats/lds/ef-com.ts';
import type { EfSod } from '../../formats/lds/ef-sod.ts';
import type { LdsSecurityObject } from '../../formats/lds/lds-security-object.ts';
import type { Mrz } from '../../formats/lds/mrz.ts';
import type { MasterList } from '../../formats/masterlist/master-list.ts';
import { certificateKind } from '../../rules/passive-authentication/index.ts';
import { algorithmText, describeCertificate, publicKeyText } from './describe-certificate.ts';
import { type Dump, hex, instantText, oidText, rows } from './dump.ts';

export function describeEfSod(efSod: EfSod): Dump {
  return {
    title: `EF.SOD, ${efSod.bytes.length} octets`,
    rows: signedDataRows(efSod.signedData),
    parts: [describeLds(efSod.ldsSecurityObject), ...describeSigners(efSod.signedData)],
  };
}

/** Any SignedData whose content is not decoded further. */
export function describeSignedData(signedData: SignedData): Dump {
  return {
    title: `SignedData, ${signedData.bytes.length} octets`,
    rows: [...signedDataRows(signedData), ['content', `${signedData.eContent?.length ?? 0} octets`]],
    parts: describeSigners(signedData),
  };
}

function signedDataRows({ version, eContentType, digestAlgorithms }: SignedData): Dump['rows'] {
  return rows(
    ['CMS version', `v${version}`],
    ['content type', oidText(eContentType)],
    ['digest algorithms', digestAlgorithms.map((oid) => oidText(oid)).join(', ')],
  );
}

function describeLds(lds: LdsSecurityObject): Dump {
  const { ldsVersionInfo } = lds;
  return {
    title: 'LDS security object',
    rows: rows(
      ['version', `v${lds.version}`],
      ['LDS version', ldsVersionInfo?.ldsVersion],
      ['Unicode version', ldsVersionInfo?.unicodeVersion],
      ['hash algorithm', lds.hashAlgorithm.name],
      ...[...lds.dataGroupHashes].map(([number, hash]) => [`DG${number}`, hex(hash)] as const),
    ),
  };
}

function describeSigners(signedData: SignedData): readonly Dump[] {
  return [
    ...signedData.signerInfos.map(describeSignerInfo),
    ...signedData.certificates.map(describeCertificate),
  ];
}

function describeSignerInfo(signerInfo: SignerInfo): Dump {
  const { sid, signedAttributes, digestAlgorithm, digestAlgorithmOid } = signerInfo;
  const isNamed = sid.kind === 'issuerAndSerialNumber';
  return {
    title: 'Signer',
    rows: rows(
      ['version', `v${signerInfo.version}`],
      ['issuer', isNamed ? sid.issuer.display : undefined],
      ['serial number', isNamed ? `0x${hex(sid.serialNumberOctets)}` : undefined],
      ['key identifier', isNamed ? undefined : hex(sid.keyIdentifier)],
      ['digest algorithm', digestAlgorithm?.name ?? digestAlgorithmOid],
      ['signed attributes', signedAttributes?.types.map((type) => oidText(type)).join(', ') ?? 'absent'],
      ['message digest', signedAttributes?.messageDigest && hex(signedAttributes.messageDigest)],
      ['signing time', signedAttributes?.signingTime && instantText(signedAttributes.signingTime)],
      ['signature algorithm', algorithmText(signerInfo.signatureAlgorithm)],
      ['signature', `${signerInfo.signature.length} octets`],
    ),
  };
}

export function describeMasterList(list: MasterList): Dump {
  const countries = new Set(list.certificates.map((certificate) => certificate.subject.country));
  return {
    title: `CSCA master list, ${list.bytes.length} octets`,
    rows: [
      ...signedDataRows(list.signedData),
      ['certificates', `${list.certificates.length} of ${countries.size} issuers`],
      ...list.malformed.map((one) => ['unreadable', one.fault.message] as const),
    ],
    parts: [...describeSigners(list.signedData), describeCertList(list)],
  };
}

function describeCertList(list: MasterList): Dump {
  const byCountry = list.certificates.toSorted((a, b) => {
    const order = (a.subject.country ?? '').localeCompare(b.subject.country ?? '', 'en');
    return order === 0 ? a.notBefore.getTime() - b.notBefore.getTime() : order;
  });
  return {
    title: 'Certificates',
    rows: byCountry.map((certificate) => {
      const years = `${certificate.notBefore.getUTCFullYear()}–${certificate.notAfter.getUTCFullYear()}`;
      const key = publicKeyText(certificate.subjectPublicKey);
      const text = `${years}  ${certificateKind(certificate)}  ${certificate.subject.display}  ${key}`;
      return [`${certificate.subject.country ?? '??'} ${certificate.fingerprint.slice(0, 16)}`, text];
    }),
  };
}

export function describeEfCom(com: EfCom): Dump {
  return {
    title: 'EF.COM',
    rows: rows(
      ['LDS version', com.ldsVersion],
      ['Unicode version', com.unicodeVersion],
      ['data groups', com.dataGroups.map((number) => `DG${number}`).join(', ')],
    ),
  };
}

export function describeMrz(mrz: Mrz): Dump {
  return {
    title: `DG1: machine readable zone ${mrz.format}`,
    rows: rows(
      ['lines', mrz.lines],
      ['document code', mrz.documentCode],
      ['issuing State', mrz.issuingState],
      ['document number', mrz.documentNumber],
      ['name', `${mrz.primaryIdentifier}, ${mrz.secondaryIdentifier}`],
      ['nationality', mrz.nationality],
      ['date of birth', mrz.dateOfBirth],
      ['sex', mrz.sex],
      ['date of expiry', mrz.dateOfExpiry],
      ['optional data', mrz.optionalData === '' ? undefined : mrz.optionalData],
      [
        'check digits',
        mrz.wrongCheckDigits.length === 0 ? 'right' : `wrong: ${mrz.wrongCheckDigits.join(', ')}`,
      ],
    ),
  };
}
