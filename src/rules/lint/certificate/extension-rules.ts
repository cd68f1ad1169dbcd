import type { PkdCode } from '../rule.ts';
import { type CertificateRule, extensionOf } from './context.ts';
import { isMinimal } from './kind.ts';
import { cellOf, type TableExtension } from './table-6.ts';

interface ExtensionRule {
  readonly id: string;
  readonly extension: TableExtension;
  readonly pkdCode?: PkdCode;
}

const source = 'Doc 9303-12 §7.1 Table 6';

/** An extension that Table 6 wants present. */
export function mandatory({ id, extension, pkdCode }: ExtensionRule): CertificateRule {
  return {
    id,
    title: `${extension} is present`,
    severity: 'error',
    source,
    mend: `add the extension ${extension}`,
    ...(pkdCode === undefined ? {} : { pkdCode }),
    appliesTo: (kind, edition) => cellOf(extension, kind, edition).startsWith('m'),
    findings: (context) =>
      extensionOf(context, extension) === undefined ? [`there is no ${extension}`] : [],
  };
}

/** An extension that Table 6 forbids. Those that Tables 7 and 8 do not list are one rule for all of them. */
export function forbidden({ id, extension, pkdCode }: ExtensionRule): CertificateRule {
  return {
    id,
    title: `${extension} is absent`,
    severity: 'error',
    source,
    mend: `leave out the extension ${extension}`,
    ...(pkdCode === undefined ? {} : { pkdCode }),
    appliesTo: (kind, edition) => !isMinimal(kind) && cellOf(extension, kind, edition) === 'x',
    findings: (context) => (extensionOf(context, extension) === undefined ? [] : [`there is ${extension}`]),
  };
}

/** An extension that must be critical where it is present. */
export function critical({ id, extension, pkdCode }: ExtensionRule): CertificateRule {
  return {
    id,
    title: `${extension} is critical`,
    severity: 'error',
    source,
    mend: `mark ${extension} as critical`,
    ...(pkdCode === undefined ? {} : { pkdCode }),
    appliesTo: (kind, edition) => cellOf(extension, kind, edition).endsWith(' C'),
    findings: (context) =>
      extensionOf(context, extension)?.isCritical === false ? [`${extension} is not critical`] : [],
  };
}

/** An extension that must not be critical where it is present. */
export function notCritical({ id, extension, pkdCode }: ExtensionRule): CertificateRule {
  return {
    id,
    title: `${extension} is not critical`,
    severity: 'error',
    source,
    mend: `do not mark ${extension} as critical`,
    ...(pkdCode === undefined ? {} : { pkdCode }),
    appliesTo: (kind, edition) => cellOf(extension, kind, edition).endsWith('nc'),
    findings: (context) =>
      extensionOf(context, extension)?.isCritical === true ? [`${extension} is critical`] : [],
  };
}
