import type { AlternativeName } from '../../../formats/x509/extensions/alternative-name.ts';
import type { CertificateRule } from './context.ts';

export const anIa5: CertificateRule = {
  id: 'C-AN-IA5',
  title: 'rfc822Name, dNSName and uniformResourceIdentifier are ASCII',
  severity: 'error',
  source: 'RFC 5280 §4.2.1.6',
  mend: 'write the name in its ASCII form',
  findings: ({ certificate }) => [
    ...notAscii('subjectAltName', certificate.subjectAltName),
    ...notAscii('issuerAltName', certificate.issuerAltName),
  ],
};

function notAscii(field: string, name: AlternativeName | undefined): readonly string[] {
  return (name?.names ?? []).flatMap((one) => {
    if (!('value' in one)) return [];
    // oxlint-disable-next-line no-control-regex -- IA5String is exactly the 128 ASCII characters
    return /^[\x00-\x7f]*$/.test(one.value)
      ? []
      : [`${field} has the ${one.kind} ${JSON.stringify(one.value)}`];
  });
}
