import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeDigestAlgorithm } from '../../../src/formats/algorithms/encode-algorithm-identifier.ts';
import { contextPrimitive, objectIdentifier, sequence } from '../../../src/formats/der/writer.ts';
import { decodeDeviationList } from '../../../src/formats/deviationlist/deviation-list.ts';
import { MalformedInput } from '../../../src/formats/malformed-input.ts';
import { oids } from '../../../src/formats/oids.ts';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import { describeCorpus, readCorpus } from '../../support/corpus.ts';
import {
  csca,
  deviationListContent,
  deviationListParts,
  documentNumbers,
  encodeSignedParts,
} from '../../support/lint-signed-parts.ts';

function listWith(eContent: Uint8Array): Uint8Array {
  return encodeSignedParts({ ...deviationListParts(), eContent });
}

describe('decodeDeviationList (Doc 9303-12 §10.2)', () => {
  it('reads the criteria and descriptions of a list', () => {
    const list = decodeDeviationList(encodeSignedParts(deviationListParts()), { strict: true });
    expect(list).toMatchObject({ version: 0, digestAlgorithm: undefined, notes: [] });
    const [deviation] = list.deviations;
    expect(deviation?.documents).toEqual({
      documentType: 'P<',
      dscIdentifier: undefined,
      issuingDate: {
        firstIssued: new Date('2017-10-01T00:00:00Z'),
        lastIssued: new Date('2018-02-05T00:00:00Z'),
      },
      documentNumbers: ['AB0000001', 'AB0000002'],
    });
    expect(deviation?.descriptions).toMatchObject([
      {
        description: 'Hash of DG12 is wrong',
        deviationType: `${oids.deviationList}.2.2`,
        hasNationalUse: false,
      },
    ]);
    expect(deviation?.descriptions[0]?.parameters?.integer()).toBe(12n);
  });

  it('reads the form of the German list of 2018, which names the signer by issuer and serial number', () => {
    const name = decodeCertificate(csca().certificate).subject;
    const content = deviationListContent({
      digestAlgorithm: [encodeDigestAlgorithm('SHA-1')],
      documents: [Uint8Array.of(0xa1, name.bytes.length + 4, ...name.bytes, 2, 2, 1, 0x42)],
      descriptions: [
        sequence(objectIdentifier(`${oids.deviationList}.1.2`), Uint8Array.of(0xa0, 3, 2, 1, 0)),
      ],
    });
    const list = decodeDeviationList(listWith(content));
    expect(list.digestAlgorithm).toBe('1.3.14.3.2.26');
    expect(list.deviations[0]?.documents.dscIdentifier).toMatchObject({
      kind: 'issuerAndSerialNumber',
      issuer: { display: name.display },
      serialNumberOctets: Uint8Array.of(1, 0x42),
    });
    expect(list.deviations[0]?.descriptions[0]?.description).toBeUndefined();
  });

  it.each([
    [2, 'subjectKeyIdentifier'],
    [3, 'certificateDigest'],
  ])('reads the signer identifier [%s], %s', (tag, kind) => {
    const content = deviationListContent({ documents: [contextPrimitive(tag, new Uint8Array(20))] });
    const [deviation] = decodeDeviationList(listWith(content)).deviations;
    expect(deviation?.documents.dscIdentifier).toMatchObject({ kind });
  });

  it.each([1, 2])('takes a document type of %s characters', (length) => {
    const documents = [contextPrimitive(0, Buffer.from('P<'.slice(0, length)))];
    const list = decodeDeviationList(listWith(deviationListContent({ documents })));
    expect(list.deviations[0]?.documents.documentType).toHaveLength(length);
  });

  it('notes document numbers that are out of order, and refuses them when strict', () => {
    const bytes = listWith(deviationListContent({ documents: [documentNumbers('B', 'A')] }));
    expect(decodeDeviationList(bytes).notes.map(({ code }) => code)).toEqual(['BER_SET_ORDER']);
    expect(() => decodeDeviationList(bytes, { strict: true })).toThrow(MalformedInput);
  });

  it('gives a list or MalformedInput for whatever it gets', () => {
    const clean = encodeSignedParts(deviationListParts());
    const changed = fc
      .tuple(fc.nat(clean.length - 1), fc.uint8Array({ maxLength: 8 }))
      .map(([position, octets]) => {
        return Uint8Array.of(...clean.subarray(0, position), ...octets, ...clean.subarray(position + 1));
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), changed), (bytes) => {
        try {
          decodeDeviationList(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedInput);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describeCorpus('the Estonian deviation list of 2018', () => {
  it('names 169,422 residence permits by number, by one deviation', () => {
    const list = decodeDeviationList(readCorpus('deviation', 'EE_eRP_deviation-list_2018-06-26.bin'));
    expect(list.deviations).toHaveLength(1);
    expect(list.deviations[0]?.documents.documentNumbers?.[0]).toBe('BB0000001');
    expect(list.deviations[0]?.documents.documentNumbers).toHaveLength(169_422);
  });
});
