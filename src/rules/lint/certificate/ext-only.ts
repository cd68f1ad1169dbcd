import { oids } from '../../../formats/oids.ts';
import type { CertificateRule } from './context.ts';
import { isMinimal } from './kind.ts';
import { cellOf, tableExtensions } from './table-6.ts';

export const extOnly: CertificateRule = {
  id: 'C-EXT-ONLY',
  title: 'a signer of LDS2 objects or seals has no extensions but those of its table',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.2 Table 7, §7.1.3 Table 8',
  mend: 'leave out every other extension',
  appliesTo: isMinimal,
  findings: ({ raw, kind, edition }) => {
    const allowed = tableExtensions
      .filter((name) => cellOf(name, kind, edition) !== 'x')
      .map((name): string => oids[name]);
    return raw.extensions.filter(({ oid }) => !allowed.includes(oid)).map(({ name }) => `there is ${name}`);
  },
};
