import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { type Curve, curves } from '../../../src/formats/algorithms/curves.ts';
import { recogniseCurve } from '../../../src/formats/algorithms/ec-parameters.ts';
import { encodeEcParameters } from '../../../src/formats/algorithms/encode-subject-public-key-info.ts';
import { readElement } from '../../../src/formats/der/reader.ts';
import { integer, objectIdentifier, octetString, sequence } from '../../../src/formats/der/writer.ts';
import { Tolerances } from '../../../src/formats/note.ts';
import { oids } from '../../../src/formats/oids.ts';

const openssl = spawnSync('openssl', ['version']);

function recognise(bytes: Uint8Array): { curve: Curve | undefined; codes: readonly string[] } {
  const tolerances = new Tolerances();
  const curve = recogniseCurve(readElement(bytes, 'ECParameters', tolerances));
  return { curve, codes: tolerances.notes.map((note) => note.code) };
}

describe.skipIf(openssl.error !== undefined)('curve table against OpenSSL (FIPS 186-4, RFC 5639)', () => {
  it.each(curves)('$name has the parameters that OpenSSL has', ({ name, openssl: opensslName }) => {
    const arguments_ = ['ecparam', '-name', opensslName, '-param_enc', 'explicit', '-outform', 'DER'];
    const { stdout, status } = spawnSync('openssl', arguments_);
    expect(status).toBe(0);
    expect(recognise(Uint8Array.from(stdout)).curve?.name).toBe(name);
  });
});

const field = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'));
const number = (digits: string): bigint => BigInt(`0x${digits}`);

interface Changes {
  readonly curve?: Partial<Curve>;
  readonly cofactor?: bigint | undefined;
  readonly base?: Uint8Array;
}

function ecParameters(original: Curve, changes: Changes): Uint8Array {
  const curve = { ...original, ...changes.curve };
  const base = changes.base ?? Buffer.concat([Uint8Array.of(4), field(curve.gx), field(curve.gy)]);
  const cofactor = 'cofactor' in changes ? changes.cofactor : 1n;
  return sequence(
    integer(1),
    sequence(objectIdentifier(oids.primeField), integer(number(curve.p))),
    sequence(octetString(field(curve.a)), octetString(field(curve.b))),
    octetString(base),
    integer(number(curve.n)),
    ...(cofactor === undefined ? [] : [integer(cofactor)]),
  );
}

describe('explicit EC parameters (Doc 9303-12 §4.1.6.3)', () => {
  it.each(curves)('$name is recognised as our writer writes it, without a note', (curve) => {
    expect(recognise(encodeEcParameters(curve))).toEqual({ curve, codes: [] });
  });

  const flipped = (digits: string): string => digits.slice(0, -1) + (digits.endsWith('1') ? '3' : '1');
  const fields = ['p', 'a', 'b', 'gx', 'gy', 'n'] as const;
  it.each(fields)('another %s is another curve, whatever else agrees (CVE-2020-0601)', (name) => {
    for (const curve of curves) {
      const changed = ecParameters(curve, { curve: { [name]: flipped(curve[name]) } });
      expect({ of: curve.name, is: recognise(changed).curve }).toEqual({ of: curve.name, is: undefined });
    }
  });

  it.each(curves)('$name with a cofactor of 2 is another curve', (curve) => {
    expect(recognise(ecParameters(curve, { cofactor: 2n })).curve).toBeUndefined();
  });

  it.each(curves)('$name without cofactor and with a compressed base point is read with notes', (curve) => {
    const isOdd = Number.parseInt(curve.gy.slice(-1), 16) % 2 === 1;
    const base = Buffer.concat([Uint8Array.of(isOdd ? 3 : 2), field(curve.gx)]);
    const { curve: found, codes } = recognise(ecParameters(curve, { cofactor: undefined, base }));
    expect(found).toBe(curve);
    expect(codes).toEqual(['EC_NO_COFACTOR', 'EC_COMPRESSED_BASE']);
    const other = Buffer.concat([Uint8Array.of(isOdd ? 2 : 3), field(curve.gx)]);
    expect(recognise(ecParameters(curve, { base: other })).curve).toBeUndefined();
  });
});
