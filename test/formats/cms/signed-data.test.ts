import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSignedData } from '../../../src/formats/cms/signed-data.ts';
import { isDer } from '../../../src/formats/der/is-der.ts';
import { decodeEfSod } from '../../../src/formats/lds/ef-sod.ts';
import { decodeLdsSecurityObject } from '../../../src/formats/lds/lds-security-object.ts';
import { MalformedInput } from '../../../src/formats/malformed-input.ts';
import { decodeMasterList } from '../../../src/formats/masterlist/master-list.ts';
import { oids } from '../../../src/formats/oids.ts';
import { recognise } from '../../../src/formats/recognise.ts';
import { corpusFiles, describeCorpus, readCorpus } from '../../support/corpus.ts';
import {
  issue,
  masterListSignerExtensions,
  noon,
  signMasterList,
  softwareKey,
  utopia,
} from '../../support/software-pki.ts';

const document = utopia('ecdsa-P-256-sha256');
const mlsc = issue({
  key: softwareKey('ecdsa-P-256-sha256'),
  commonName: 'MLS',
  issuer: document.csca,
  serialNumber: 3n,
  extensions: masterListSignerExtensions,
});
const masterList = signMasterList(document.csca, mlsc, [document.csca.bytes]);

describe('EF.SOD (Doc 9303-10 §4.6.2)', () => {
  it('of our own is strict DER and read without a note', () => {
    const efSod = decodeEfSod(document.efSod, { strict: true });
    expect(efSod.notes).toEqual([]);
    expect(isDer(document.efSod)).toBe(true);
    expect([...efSod.ldsSecurityObject.dataGroupHashes.keys()]).toEqual([1, 2]);
    expect(efSod.ldsSecurityObject.ldsVersionInfo).toEqual({ ldsVersion: '0108', unicodeVersion: '040000' });
    const [signerInfo] = efSod.signedData.signerInfos;
    expect(signerInfo?.signedAttributes).toMatchObject({
      contentType: oids.ldsSecurityObject,
      signingTime: noon('2026-02-01'),
    });
    expect(Buffer.from(signerInfo?.signedAttributes?.received ?? [])).toEqual(
      Buffer.from(signerInfo?.signedAttributes?.der ?? [1]),
    );
  });

  it('without the tag 77 is read with a note, and strictly refused', () => {
    const contentInfo = document.efSod.subarray(4);
    expect(decodeEfSod(contentInfo).notes.map((note) => note.code)).toEqual(['SOD_TLV']);
    expect(() => decodeEfSod(contentInfo, { strict: true })).toThrow(MalformedInput);
  });
});

const decoders = [
  ['EF.SOD', decodeEfSod, document.efSod],
  ['SignedData', decodeSignedData, document.efSod.subarray(4)],
  ['master list', decodeMasterList, masterList],
  [
    'LDSSecurityObject',
    decodeLdsSecurityObject,
    decodeEfSod(document.efSod).signedData.eContent ?? masterList,
  ],
  ['recognition', recognise, document.efSod],
] as const;

describe.each(decoders)('%s', (_, decode, valid) => {
  const promise = (bytes: Uint8Array): void => {
    try {
      decode(bytes);
    } catch (error) {
      if (!(error instanceof MalformedInput)) throw error;
    }
  };

  it('answers any octets with a value or MalformedInput', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), promise), { numRuns: 500 });
  });

  it('answers a bit flip or an end at any octet with a value or MalformedInput', () => {
    for (let at = 0; at < valid.length; at += 1) {
      const mutated = Uint8Array.from(valid);
      mutated[at] = (mutated[at] ?? 0) ^ (1 << (at % 8));
      promise(mutated);
      promise(valid.subarray(0, at));
    }
  });

  it('answers octets put in or taken out with a value or MalformedInput', () => {
    const cut = fc.tuple(fc.nat(valid.length), fc.nat(20), fc.uint8Array({ maxLength: 20 }));
    fc.assert(
      fc.property(cut, ([at, removed, added]) => {
        promise(Buffer.concat([valid.subarray(0, at), added, valid.subarray(at + removed)]));
      }),
      { numRuns: 500 },
    );
  });
});

describeCorpus('real CMS objects', () => {
  const positives = corpusFiles('sod').filter((file) => !file.startsWith('negative'));
  it.each(positives)('sod/%s is read', (file) => {
    const { signedData, ldsSecurityObject } = decodeEfSod(readCorpus('sod', file));
    expect(signedData.certificates).toHaveLength(1);
    expect(signedData.signerInfos).toHaveLength(1);
    expect(ldsSecurityObject.dataGroupHashes.has(1)).toBe(true);
    expect(recognise(readCorpus('sod', file))).toBe('ef-sod');
  });

  it('New Zealand: BER with indefinite lengths is noted and strictly refused', () => {
    const bytes = readCorpus('sod', 'NZ_2017_ber-indefinite.sod');
    expect(decodeEfSod(bytes).notes.map((note) => note.code)).toContain('BER_INDEFINITE_LENGTH');
    expect(() => decodeEfSod(bytes, { strict: true })).toThrow(MalformedInput);
  });

  const lists = corpusFiles('masterlists').filter((file) => file.endsWith('.ml') && !file.startsWith('neg'));
  it.each(lists)('masterlists/%s is read, and every certificate in it', (file) => {
    const list = decodeMasterList(readCorpus('masterlists', file));
    expect(list.malformed).toEqual([]);
    for (const certificate of list.certificates) {
      expect(certificate.subjectPublicKey.kind).not.toBe('unsupported');
      expect(certificate.signatureAlgorithm.kind).not.toBe('unsupported');
    }
  });

  it('a list of 588 certificates is read in far less than a second', () => {
    const bytes = readCorpus('masterlists', 'DE_ML_2026-05-28-08-28-45.ml');
    const times = Array.from({ length: 5 }, () => {
      const before = performance.now();
      expect(decodeMasterList(bytes).certificates).toHaveLength(588);
      return performance.now() - before;
    });
    expect(Math.min(...times)).toBeLessThan(250);
  });

  it('other signed objects are recognised by their content', () => {
    expect(recognise(readCorpus('cardsecurity', 'DE_cardsecurity.cms'))).toBe('card-security');
    expect(recognise(readCorpus('deviation', 'EE_eRP_deviation-list_2018-06-26.bin'))).toBe('deviation-list');
    expect(recognise(readCorpus('masterlists', 'DE_bare_2023-01-01.bin'))).toBe('master-list');
    expect(recognise(readCorpus('dg', 'bsi2008', 'EF_COM.bin'))).toBe('ef-com');
    expect(recognise(readCorpus('dg', 'bsi2008', 'Datagroup1.bin'))).toBe('data-group');
  });
});
