import { describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import { buildTrustStore, isIssuedBy } from '../../../src/rules/passive-authentication/index.ts';
import {
  caExtensions,
  documentSignerExtensions,
  type IssuedCertificate,
  issue,
  softwareKey,
} from '../../support/software-pki.ts';

const key = () => softwareKey('ecdsa-P-256-sha256');
const ca = (changes: Partial<Parameters<typeof issue>[0]>): IssuedCertificate =>
  issue({ key: key(), commonName: 'CSCA Utopia', extensions: caExtensions, ...changes });
const storeOf = (...issued: readonly IssuedCertificate[]) =>
  buildTrustStore(issued.map(({ bytes }) => decodeCertificate(bytes)));

describe('trust store (Doc 9303-12 §4.1.4.3, §6.1.1)', () => {
  const first = ca({});

  it('takes a self-signed certificate, and the same one only once', () => {
    expect(storeOf(first, first).anchors).toHaveLength(1);
  });

  it('keeps several keys under one name apart', () => {
    const second = ca({ serialNumber: 2n });
    const store = storeOf(first, second);
    expect(store.anchors).toHaveLength(2);
    const dsc = issue({ key: key(), commonName: 'DS', issuer: second, extensions: documentSignerExtensions });
    const { anchors, isKeyKnown } = store.candidates(decodeCertificate(dsc.bytes));
    expect(isKeyKnown).toBe(true);
    expect(anchors[0]?.certificate.serialNumber).toBe(2n);
    expect(anchors).toHaveLength(2);
  });

  it('follows a chain of link certificates, in whatever order they come, also to a new name', () => {
    const second = key();
    const third = key();
    const link1 = ca({ key: second, issuer: first, serialNumber: 2n });
    const link2 = ca({ key: third, issuer: link1, commonName: 'CSCA New Utopia', serialNumber: 3n });
    const store = storeOf(link2, link1, first);
    expect(store.anchors).toHaveLength(3);
    expect(store.rejected).toEqual([]);
    const last = store.find(decodeCertificate(link2.bytes).fingerprint);
    expect(last?.introducedBy?.introducedBy?.certificate.serialNumber).toBe(1n);
  });

  it('does not follow a link whose issuer is not trusted', () => {
    const stranger = ca({});
    const link = ca({ issuer: stranger, serialNumber: 2n });
    const store = storeOf(first, link);
    expect(store.anchors).toHaveLength(1);
    expect(store.rejected).toHaveLength(1);
  });

  it('does not take a link of another country', () => {
    const link = ca({ issuer: first, serialNumber: 2n, country: 'XX' });
    expect(storeOf(first, link).anchors).toHaveLength(1);
  });

  it('never makes an anchor of a Document Signer', () => {
    const dsc = issue({ key: key(), commonName: 'DS', issuer: first, extensions: documentSignerExtensions });
    const store = storeOf(first, dsc);
    expect(store.anchors).toHaveLength(1);
    expect(store.signers).toHaveLength(1);
  });

  it('does not let one country vouch for another that has the same key identifier', () => {
    const foreign = ca({ country: 'XX' });
    const dsc = issue({ key: key(), commonName: 'DS', issuer: first, extensions: documentSignerExtensions });
    expect(storeOf(foreign).candidates(decodeCertificate(dsc.bytes)).anchors).toEqual([]);
  });
});

describe('countries (Doc 9303-3 §5)', () => {
  it.each([
    ['IT', 'ITA', true],
    ['DE', 'D', true],
    ['KS', 'RKS', true],
    ['EU', 'EUE', true],
    ['ZZ', 'UNO', true],
    ['CN', 'HKG', true],
    ['GB', 'GBR', true],
    ['IT', 'ITX', false],
    ['DE', 'ITA', false],
    ['QQ', 'ITA', undefined],
  ])('C=%s and %s in the MRZ: %s', (country, code, expected) => {
    expect(isIssuedBy(country, code)).toBe(expected);
  });
});
