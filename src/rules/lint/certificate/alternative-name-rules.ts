import type { AttributeTypeAndValue, Name } from '../../../formats/x509/name.ts';
import { oidName, oids } from '../../../formats/oids.ts';
import type { AlternativeName } from '../../../formats/x509/extensions/alternative-name.ts';
import type { CertificateContext, CertificateRule } from './context.ts';
import { isMinimal } from './kind.ts';

type Which = 'subjectAltName' | 'issuerAltName';

const source = 'Doc 9303-12 §7.1.1.2';

function alternativeName({ certificate }: CertificateContext, which: Which): AlternativeName | undefined {
  return certificate[which];
}

function directoryNames(name: AlternativeName): readonly Name[] {
  return name.names.flatMap((one) => (one.kind === 'directoryName' ? [one.name] : []));
}

function localitiesOf(name: AlternativeName): readonly AttributeTypeAndValue[] {
  return directoryNames(name)
    .flatMap(({ rdns }) => rdns.flat())
    .filter(({ type }) => type === oids.localityName);
}

/** In the 6th edition an alternative name means nothing. */
const appliesTo: NonNullable<CertificateRule['appliesTo']> = (kind, edition) =>
  !isMinimal(kind) && edition >= 7;

/** The code of the MRZ, in a directoryName of its own. */
export function hasCountryCode(id: string, which: Which): CertificateRule {
  return {
    id,
    title: `${which} has one directoryName with the code of the issuer as localityName`,
    severity: 'error',
    source,
    mend: `add a directoryName with the code of the MRZ as localityName to ${which}`,
    appliesTo,
    findings: (context) => {
      const name = alternativeName(context, which);
      if (name === undefined) return [];
      const names = directoryNames(name);
      if (names.length !== 1) return [`${which} has ${names.length} directoryNames`];
      return localitiesOf(name).length === 1
        ? []
        : [`${which} has ${localitiesOf(name).length} localityNames`];
    },
  };
}

/** localityName and, for an issuer that the MRZ does not tell apart, stateOrProvinceName. */
export function hasNoOtherAttribute(id: string, which: Which): CertificateRule {
  return {
    id,
    title: `the directoryName of ${which} has localityName and stateOrProvinceName and nothing else`,
    severity: 'error',
    source,
    mend: 'leave out every other attribute',
    appliesTo,
    findings: (context) => {
      const name = alternativeName(context, which);
      const allowed: readonly string[] = [oids.localityName, oids.stateOrProvinceName];
      return (name === undefined ? [] : directoryNames(name))
        .flatMap(({ rdns }) => rdns.flat())
        .filter(({ type }) => !allowed.includes(type))
        .map(({ type }) => `the directoryName of ${which} has ${oidName(type) ?? type}`);
    },
  };
}

/** Up to three letters. Whether Germany is `D` or `D<<` the standard does not say, so both are right. */
export function hasCodeOfMrz(id: string, which: Which): CertificateRule {
  return {
    id,
    title: `localityName of ${which} is written as in the MRZ`,
    severity: 'error',
    source,
    mend: 'write the one to three upper-case letters of the MRZ',
    appliesTo,
    findings: (context) => {
      const name = alternativeName(context, which);
      return (name === undefined ? [] : localitiesOf(name))
        .filter(({ value }) => !/^(?=.{1,3}$)[A-Z]+<*$/.test(value))
        .map(({ value }) => `localityName of ${which} is ${JSON.stringify(value)}`);
    },
  };
}

const contacts: readonly string[] = ['rfc822Name', 'dNSName', 'uniformResourceIdentifier'];

export function hasContact(id: string, which: Which): CertificateRule {
  return {
    id,
    title: `${which} has a way to contact the issuer`,
    severity: 'warning',
    source,
    mend: 'add an rfc822Name, dNSName or uniformResourceIdentifier',
    appliesTo,
    findings: (context) => {
      const name = alternativeName(context, which);
      if (name === undefined || name.names.some(({ kind }) => contacts.includes(kind))) return [];
      return [`${which} has neither rfc822Name nor dNSName nor uniformResourceIdentifier`];
    },
  };
}
