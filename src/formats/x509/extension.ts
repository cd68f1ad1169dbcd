import { type Element, type Fields, readElement } from '../der/reader.ts';
import { tags } from '../der/tags.ts';
import { MalformedInput } from '../malformed-input.ts';
import type { Tolerances } from '../note.ts';
import { oidName } from '../oids.ts';

/** One extension as received; its value is decoded when asked for. */
export interface Extension {
  /** Dotted decimal. */
  readonly oid: string;
  readonly isCritical: boolean;
  /** Content of extnValue: DER of the extension's own type. */
  readonly value: Uint8Array;
  /** Octets from the start of the certificate or CRL to `value`. */
  readonly offset: number;
}

/**
 *     Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension
 *     Extension ::= SEQUENCE {
 *       extnID     OBJECT IDENTIFIER,
 *       critical   BOOLEAN DEFAULT FALSE,
 *       extnValue  OCTET STRING }
 *
 * @returns by OID; of an extension that occurs twice the first, with a note
 */
export function decodeExtensions(element: Element): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>();
  for (const child of element.expect(tags.sequence).elements('Extension')) {
    const extension = decodeExtension(child.fields());
    if (!extensions.has(extension.oid)) extensions.set(extension.oid, extension);
    else {
      const name = oidName(extension.oid) ?? extension.oid;
      child.tolerate('EXTENSION_TWICE', `${name} occurs more than once`, 'RFC 5280 §4.2');
    }
  }
  return extensions;
}

function decodeExtension(fields: Fields): Extension {
  const oid = fields.next('extnID').objectIdentifier();
  const critical = fields.optional(tags.boolean, 'critical');
  const extnValue = fields.next('extnValue');
  fields.end();
  if (critical?.boolean() === false) {
    critical.tolerate('DEFAULT_ENCODED', 'has FALSE written out', 'X.690 §11.5', 'info');
  }
  return {
    oid,
    isCritical: critical?.boolean() ?? false,
    value: extnValue.octetString(),
    offset: extnValue.contentOffset,
  };
}

/**
 * The extensions of one certificate or CRL, each decoded once and on demand. One that is malformed becomes a
 * note and is treated as unreadable, so that it does not take the rest with it; in strict mode it throws.
 */
export class ExtensionValues {
  readonly #extensions: ReadonlyMap<string, Extension>;
  readonly #tolerances: Tolerances;
  readonly #values = new Map<string, unknown>();

  constructor(extensions: ReadonlyMap<string, Extension>, tolerances: Tolerances) {
    this.#extensions = extensions;
    this.#tolerances = tolerances;
  }

  /** @returns undefined when the extension is absent or unreadable; then `has` of the map tells which. */
  get<Value>(oid: string, decode: (element: Element) => Value): Value | undefined {
    const extension = this.#extensions.get(oid);
    if (extension === undefined) return undefined;
    if (!this.#values.has(oid)) this.#values.set(oid, this.#decode(extension, decode));
    return this.#values.get(oid) as Value | undefined;
  }

  #decode<Value>(extension: Extension, decode: (element: Element) => Value): Value | undefined {
    const name = oidName(extension.oid) ?? extension.oid;
    try {
      return decode(readElement(extension.value, name, this.#tolerances));
    } catch (error) {
      if (!(error instanceof MalformedInput) || this.#tolerances.strict) throw error;
      this.#tolerances.remark({
        code: 'EXTENSION_MALFORMED',
        severity: 'warning',
        detail: `${name}: ${error.message}`,
        source: error.source ?? 'RFC 5280 §4.2',
        offset: extension.offset,
      });
      return undefined;
    }
  }
}
