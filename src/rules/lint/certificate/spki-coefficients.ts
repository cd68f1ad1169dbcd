import { type CertificateRule, explicitParametersOf } from './context.ts';

export const spkiCoefficients: CertificateRule = {
  id: 'C-SPKI-COEFFICIENTS',
  title: 'the coefficients of the curve are as long as its prime',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6.3, X9.62 §4.3.3',
  mend: 'keep the leading zeros of a and b',
  findings: (context) => {
    const form = explicitParametersOf(context);
    if (form === undefined) return [];
    const { primeOctets, coefficientOctets } = form;
    return coefficientOctets
      .filter((octets) => octets !== primeOctets)
      .map((octets) => `a coefficient has ${octets} octets, the prime ${primeOctets}`);
  },
};
