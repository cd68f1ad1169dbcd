import type { Element } from '../../der/reader.ts';

/** When the private key may be used (Doc 9303-12 §7.1.1.1). */
export interface PrivateKeyUsagePeriod {
  readonly notBefore: Date | undefined;
  readonly notAfter: Date | undefined;
}

/**
 *     PrivateKeyUsagePeriod ::= SEQUENCE {
 *       notBefore  [0] GeneralizedTime OPTIONAL,
 *       notAfter   [1] GeneralizedTime OPTIONAL }
 */
export function decodePrivateKeyUsagePeriod(element: Element): PrivateKeyUsagePeriod {
  const fields = element.fields();
  const notBefore = fields.optional(0x80, 'notBefore')?.generalizedTime(0x80);
  const notAfter = fields.optional(0x81, 'notAfter')?.generalizedTime(0x81);
  fields.end();
  return { notBefore, notAfter };
}
