import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registerCorpusTable } from '../../src/app/cli/corpus-table.ts';
import { registerInspect } from '../../src/app/cli/inspect.ts';
import { registerVerify } from '../../src/app/cli/verify.ts';
import { commandLine, type Ended } from '../support/command-line.ts';
import { corpusFiles, corpusFolder, describeCorpus } from '../support/corpus.ts';
import {
  dg1,
  issue,
  masterListSignerExtensions,
  noon,
  signCrl,
  signMasterList,
  softwareKey,
  utopia,
} from '../support/software-pki.ts';

const sigillo = commandLine([registerVerify, registerInspect, registerCorpusTable], noon('2026-03-01'));

const line = z.strictObject({
  file: z.string(),
  kind: z.string(),
  verdict: z.string(),
  findings: z.array(
    z.strictObject({ code: z.string(), severity: z.string(), detail: z.string(), source: z.string() }),
  ),
});

function jsonLines({ out }: Ended): z.infer<typeof line>[] {
  return out
    .trimEnd()
    .split('\n')
    .map((text) => line.parse(JSON.parse(text)));
}

let folder: string;
const path = (...names: readonly string[]): string => join(folder, ...names);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigillo-verify-'));
  const { csca, dsc, efSod } = utopia('ecdsa-P-256-sha256');
  const mlsc = issue({
    key: softwareKey('ecdsa-P-256-sha256'),
    commonName: 'MLS',
    issuer: csca,
    serialNumber: 3n,
    extensions: masterListSignerExtensions,
  });
  mkdirSync(path('trust', 'deeper'), { recursive: true });
  writeFileSync(path('trust', 'deeper', 'csca.cer'), csca.bytes);
  writeFileSync(path('trust', 'ut.crl'), signCrl(csca, []));
  writeFileSync(path('trust', 'notes.txt'), 'not trust material');
  writeFileSync(path('ef.sod'), efSod);
  writeFileSync(path('list.ml'), signMasterList(csca, mlsc, [csca.bytes]));
  writeFileSync(path('dg1.bin'), dg1);
  writeFileSync(path('dg1-changed.bin'), Uint8Array.of(...dg1.subarray(0, -1), 0x37));
  writeFileSync(path('noise.bin'), 'noise');
  const pem = (bytes: Uint8Array): string => {
    const base64 = Buffer.from(bytes).toString('base64').replace(/.{64}/g, '$&\n');
    return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
  };
  writeFileSync(path('both.pem'), pem(csca.bytes) + pem(dsc.bytes));
  writeFileSync(path('cut.pem'), pem(csca.bytes).slice(0, 200));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('sigillo verify', () => {
  it('answers 0 and TRUSTED for a document under a trusted CSCA', () => {
    const ended = sigillo('verify', path('ef.sod'), '--trust', path('trust'), '--dg', `1=${path('dg1.bin')}`);
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.out).toContain('TRUSTED');
    expect(ended.out).toContain('C=UT,CN=DS 1');
    expect(ended.out).toContain('C=UT,CN=CSCA Utopia');
  });

  it('answers 1 and INVALID for a data group that was changed', () => {
    const dg = `1=${path('dg1-changed.bin')}`;
    const ended = sigillo('verify', path('ef.sod'), '--trust', path('trust'), '--dg', dg, '--json');
    const [verified] = jsonLines(ended);
    expect(ended.code).toBe(1);
    expect(verified).toMatchObject({ file: path('ef.sod'), kind: 'ef-sod', verdict: 'INVALID' });
    expect(verified?.findings).toMatchObject([
      { code: 'DG_HASH', severity: 'error' },
      { code: 'DG_NOT_CHECKED', severity: 'info' },
      { code: 'MRZ_CD', severity: 'warning' },
    ]);
  });

  it('answers 1 and UNDETERMINED without trust', () => {
    const ended = sigillo('verify', path('ef.sod'), '--json');
    expect(ended.code).toBe(1);
    expect(jsonLines(ended)).toMatchObject([{ verdict: 'UNDETERMINED' }]);
  });

  it('tells kinds apart by content, one JSON object a line', () => {
    const files = ['ef.sod', 'list.ml', 'trust/ut.crl', 'both.pem', 'noise.bin'].map((name) => path(name));
    const ended = sigillo('verify', '--trust', path('trust'), '--json', ...files);
    expect(jsonLines(ended).map(({ kind, verdict }) => `${kind} ${verdict}`)).toEqual([
      'ef-sod TRUSTED',
      'master-list TRUSTED',
      'crl TRUSTED',
      'certificate TRUSTED',
      'certificate TRUSTED',
      'unknown UNREADABLE',
    ]);
    expect(ended.code).toBe(1);
  });

  it('takes a master list for trust and says that only the operator vouches for it', () => {
    const ended = sigillo('verify', path('ef.sod'), '--trust', path('list.ml'));
    expect(ended.code).toBe(0);
    expect(ended.err).toContain('is trusted because you named it');
    const pinned = sigillo('verify', path('ef.sod'), '--trust', path('list.ml'), '--trust', path('both.pem'));
    expect(pinned).toMatchObject({ code: 0, err: '' });
  });

  it('leaves a master list out of the trust whose signature does not hold', () => {
    const forged = sigillo('verify', path('ef.sod'), '--trust', forgedList());
    expect(forged.code).toBe(1);
    expect(forged.err).toContain('is left out');
  });

  it('counts days at which it is asked to look', () => {
    const trust = ['--trust', path('trust')];
    const late = sigillo('verify', path('ef.sod'), ...trust, '--at', '2037-06-01', '--json');
    const codes = jsonLines(late)[0]?.findings.map((finding) => finding.code);
    expect(codes).toContain('DSC_EXPIRED');
    const strict = sigillo(
      'verify',
      path('ef.sod'),
      ...trust,
      '--at',
      '2026-08-01',
      '--require-crl',
      '--json',
    );
    expect(jsonLines(strict)).toMatchObject([{ verdict: 'UNDETERMINED' }]);
  });

  it.each([
    [['verify']],
    [['verify', '--dg', '17=x', 'y']],
    [['verify', '--dg', 'x', 'y']],
    [['verify', '--at', 'yesterday', 'y']],
    [['verify', '--no-such-option', 'y']],
    [['verify', 'no-such-file']],
    [['verify', '--trust', 'no-such-folder', 'no-such-file']],
    [['inspect', 'no-such-file']],
    [['corpus', '--at', 'x', 'y']],
  ])('answers 2 to %j, with a sentence and no stack trace', (words) => {
    const ended = sigillo(...words);
    expect(ended.code).toBe(2);
    expect(ended.err).not.toBe('');
    expect(ended.err).not.toMatch(/\n\s+at /);
  });

  it('answers 1 to a folder of things it cannot read, without a stack trace', () => {
    const ended = sigillo('verify', path('cut.pem'), path('noise.bin'), path('dg1.bin'));
    expect(ended.code).toBe(1);
    expect(ended.out.match(/UNREADABLE/g)).toHaveLength(3);
  });

  it('shows every step when asked', () => {
    const { out } = sigillo('verify', path('ef.sod'), '--trust', path('trust'), '--steps');
    expect(out).toMatch(/ok +signature of EF\.SOD/);
    expect(out).toMatch(/skipped +EF\.COM/);
  });
});

/** A list whose last octet, the end of its signature, is another one. */
function forgedList(): string {
  const csca = utopia('ecdsa-P-256-sha256').csca;
  const mlsc = issue({
    key: softwareKey('ecdsa-P-256-sha256'),
    commonName: 'MLS',
    issuer: csca,
    serialNumber: 3n,
    extensions: masterListSignerExtensions,
  });
  const forged = signMasterList(csca, mlsc, [csca.bytes]);
  forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1;
  writeFileSync(path('forged.ml'), forged);
  return path('forged.ml');
}

describe('sigillo inspect', () => {
  it.each([
    ['ef.sod', ['LDS security object', 'Document Signer', 'SHA-256', 'signingTime', 'documentTypeList']],
    ['list.ml', ['CSCA master list', 'Master List Signer', '1 of 1 issuers']],
    ['trust/ut.crl', ['Certificate revocation list', 'CRL number']],
    ['both.pem', ['CSCA root', 'Document Signer', 'EC on P-256, explicit parameters']],
    ['dg1.bin', ['machine readable zone TD3', 'ERIKSSON, ANNA MARIA']],
  ])('shows %s', (name, words) => {
    const { out, code } = sigillo('inspect', path(name));
    expect(code).toBe(0);
    for (const word of words) expect(out).toContain(word);
  });

  it('shows ASN.1 when asked, and says when there is none', () => {
    expect(sigillo('inspect', '--asn1', path('ef.sod')).out).toContain('OBJECT IDENTIFIER');
    expect(sigillo('inspect', path('noise.bin'))).toMatchObject({ code: 1, out: '' });
  });

  it('writes JSON that says what the dump says', () => {
    const { out } = sigillo('inspect', '--json', path('ef.sod'));
    expect(JSON.parse(out)).toMatchObject({
      kind: 'ef-sod',
      dump: { title: expect.stringContaining('EF.SOD') as string },
      notes: [],
    });
  });
});

describeCorpus('the commands on the corpus', () => {
  it('inspect shows every file of it', () => {
    for (const part of ['sod', 'dsc', 'csca', 'crl', 'dg', 'masterlists', 'cardsecurity', 'deviation']) {
      for (const file of corpusFiles(part)) {
        const { out, err } = sigillo('inspect', join(corpusFolder, part, file));
        expect({ file, err }).toEqual({ file, err: '' });
        expect(out.length).toBeGreaterThan(20);
      }
    }
  });

  it('corpus gives a verdict and its reasons for each', () => {
    const { out, code } = sigillo('corpus', corpusFolder, '--at', '2026-08-01');
    expect(code).toBe(1);
    expect(out).toMatch(/sod\/GB_p256_ldsv1\.sod +TRUSTED_WITH_WARNINGS +CRL_MISSING/);
    expect(out).toMatch(/masterlists\/neg_wrong-content_ber\.ml +INVALID +MASTERLIST_CONTENT_TYPE/);
    expect(out).toMatch(/\d+ files: /);
  });
});
