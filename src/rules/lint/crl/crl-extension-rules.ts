import type { KnownOidName } from '../../../formats/oids.ts';
import { type CrlRule, extensionOf } from './context.ts';

const source = 'Doc 9303-12 §7.1.4 Table 10';

export function mandatoryInCrl(id: string, extension: KnownOidName, pkdCode: string): CrlRule {
  return {
    id,
    title: `${extension} is present`,
    severity: 'error',
    source,
    mend: `add the extension ${extension}`,
    pkdCode,
    findings: (context) =>
      extensionOf(context, extension) === undefined ? [`there is no ${extension}`] : [],
  };
}

export function notCriticalInCrl(id: string, extension: KnownOidName, pkdCode: string): CrlRule {
  return {
    id,
    title: `${extension} is not critical`,
    severity: 'error',
    source,
    mend: `do not mark ${extension} as critical`,
    pkdCode,
    findings: (context) =>
      extensionOf(context, extension)?.isCritical === true ? [`${extension} is critical`] : [],
  };
}

/** A CSCA has one complete CRL: no deltas, no parts. */
export function noCrlExtension(id: string, extension: KnownOidName, pkdCode: string): CrlRule {
  return {
    id,
    title: `${extension} is absent`,
    severity: 'error',
    source,
    mend: `leave out ${extension}: a CSCA has one complete CRL`,
    pkdCode,
    findings: (context) => (extensionOf(context, extension) === undefined ? [] : [`there is ${extension}`]),
  };
}
