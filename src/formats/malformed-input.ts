/**
 * Input that is not what its format says it must be. The only error that parsers and decoders of this
 * project throw on purpose, for truncated, oversized and deeply nested input too.
 */
export class MalformedInput extends Error {
  readonly kind = 'malformed';
  /** The field or ASN.1 component in the standard's words, e.g. `serialNumber`. */
  readonly field: string;
  /** What is wrong with it, without the field's name. */
  readonly reason: string;
  /** The clause that asks for it, e.g. `RFC 5280 §4.1.2.2`. */
  readonly source: string | undefined;
  /** Octets from the start of the input, where that is known. */
  readonly offset: number | undefined;

  constructor(
    field: string,
    reason: string,
    details: { source?: string; offset?: number; cause?: unknown } = {},
  ) {
    const at = details.offset === undefined ? '' : ` (at octet ${details.offset})`;
    super(`${field}: ${reason}${at}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'MalformedInput';
    this.field = field;
    this.reason = reason;
    this.source = details.source;
    this.offset = details.offset;
  }
}
