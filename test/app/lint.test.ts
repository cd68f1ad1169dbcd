import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registerLint } from '../../src/app/cli/lint.ts';
import { aboutKinds, lintPage } from '../../src/app/cli/lint-page.ts';
import { encodeExtKeyUsage } from '../../src/formats/x509/encode-extensions.ts';
import { mainModule } from '../support/instance.ts';
import { commandLine, type Ended } from '../support/command-line.ts';
import {
  changed,
  cleanParts,
  crlParts,
  cscaKey,
  encodeTbs,
  encodeTbsCrl,
  instant,
  issuerOf,
  nameOf,
  signParts,
  without,
} from '../support/lint-parts.ts';
import {
  deviationListParts,
  encodeSignedParts,
  masterListParts,
  sodParts,
} from '../support/lint-signed-parts.ts';

const sigillo = commandLine([registerLint], instant('2026-03-01'));

const line = z.strictObject({
  file: z.string(),
  kind: z.string(),
  verdict: z.enum(['CLEAN', 'WARNINGS', 'ERRORS', 'UNREADABLE']),
  findings: z.array(
    z.strictObject({
      code: z.string(),
      severity: z.enum(['info', 'warning', 'error']),
      detail: z.string(),
      source: z.string(),
    }),
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
const pem = (bytes: Uint8Array): string => {
  const base64 = Buffer.from(bytes).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigillo-lint-'));
  const issuer = issuerOf(cscaKey());
  const dsc = cleanParts('document-signer');
  const wrong = { ...without(dsc, 'cRLDistributionPoints'), subject: nameOf('DS <1> & "2" \u001b[31m') };
  const crl = crlParts(issuer);
  mkdirSync(path('csca'));
  writeFileSync(path('csca', 'csca.cer'), issuer.certificate);
  writeFileSync(path('csca', 'notes.txt'), 'no certificate');
  writeFileSync(path('dsc.cer'), signParts(encodeTbs(dsc), dsc));
  writeFileSync(path('wrong.cer'), signParts(encodeTbs(wrong), wrong));
  writeFileSync(path('both.pem'), pem(issuer.certificate) + pem(signParts(encodeTbs(wrong), wrong)));
  writeFileSync(path('cut.pem'), pem(issuer.certificate).slice(0, 300));
  writeFileSync(path('ut.crl'), signParts(encodeTbsCrl(crl), crl));
  writeFileSync(path('list.ml'), encodeSignedParts(masterListParts()));
  writeFileSync(path('list.dl'), encodeSignedParts(deviationListParts()));
  writeFileSync(path('ef.sod'), encodeSignedParts(sodParts()));
  writeFileSync(path('noise.bin'), 'noise');
  writeFileSync(path('empty.bin'), '');
  writeFileSync(path('short.cer'), issuer.certificate.subarray(0, 300));
  writeFileSync(path('inner.cer'), Uint8Array.of(0x30, 3, 0x30, 5, 0));
  writeFileSync(path('other.der'), Uint8Array.of(0x30, 3, 2, 1, 5));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('sigillo lint', () => {
  it('answers 0 and CLEAN, one object a line, whatever the file is', () => {
    const files = ['dsc.cer', 'csca/csca.cer', 'ut.crl', 'list.ml', 'list.dl', 'ef.sod'].map((name) =>
      path(name),
    );
    const ended = sigillo('lint', ...files, '--json', '--issuer', path('csca'));
    expect({ code: ended.code, err: ended.err }).toEqual({ code: 0, err: '' });
    expect(jsonLines(ended).map(({ kind, verdict }) => [kind, verdict])).toEqual([
      ['certificate', 'CLEAN'],
      ['certificate', 'CLEAN'],
      ['crl', 'CLEAN'],
      ['master-list', 'CLEAN'],
      ['deviation-list', 'CLEAN'],
      ['ef-sod', 'CLEAN'],
    ]);
  });

  it('answers 1 and ERRORS with the findings of a certificate', () => {
    const ended = sigillo('lint', path('wrong.cer'), '--json');
    expect(ended.code).toBe(1);
    expect(jsonLines(ended)).toEqual([
      {
        file: path('wrong.cer'),
        kind: 'certificate',
        verdict: 'ERRORS',
        findings: [
          {
            code: 'C-CDP-PRESENT',
            severity: 'error',
            detail: 'there is no cRLDistributionPoints',
            source: 'Doc 9303-12 §7.1 Table 6',
          },
        ],
      },
    ]);
  });

  it('says to people what is wrong, by which clause, and how to mend it', () => {
    const { out } = sigillo('lint', path('wrong.cer'));
    expect(out).toContain('document-signer, 8th edition  ERRORS');
    expect(out).toContain('C-CDP-PRESENT [Doc 9303-12 §7.1 Table 6; ERR:DSC.CDP.14]');
    expect(out).toContain('mend: add the extension cRLDistributionPoints');
    expect(out).toContain('not judged: ');
    expect(out).not.toContain('\u001b');
  });

  it('judges by the issuer that is given, and by what it is told the certificate is', () => {
    const [clean] = jsonLines(
      sigillo('lint', path('dsc.cer'), '--json', '--issuer', path('csca', 'csca.cer')),
    );
    expect(clean?.findings).toEqual([]);
    const other = sigillo('lint', path('dsc.cer'), '--json', '--kind', 'master-list-signer');
    expect(jsonLines(other)[0]?.findings.map(({ code }) => code)).toEqual(['C-EKU-PRESENT', 'C-DTL-ABSENT']);
    const old = sigillo('lint', path('dsc.cer'), '--json', '--edition', '6');
    expect(jsonLines(old)[0]?.findings.map(({ code }) => code)).toEqual(['C-AN-EDITION-6', 'C-AN-EDITION-6']);
  });

  it('takes a TLS certificate of whatever PKI for communication, and its help says so', () => {
    // As policies/access-client.yaml has it.
    const access = (['subjectAltName', 'issuerAltName', 'cRLDistributionPoints'] as const).reduce(
      without,
      changed(cleanParts('communication'), 'extKeyUsage', {
        critical: false,
        value: encodeExtKeyUsage(['clientAuth']),
      }),
    );
    writeFileSync(path('access.cer'), signParts(encodeTbs(access), access));
    expect(sigillo('lint', path('access.cer')).out).toContain('communication, 8th edition');
    expect(sigillo('lint', '--help').out).toMatch(/no part of the eMRTD PKI.* are called communication/);
    expect(lintPage()).toContain(aboutKinds);
  });

  it('lints the certificates inside, when asked', () => {
    const ended = sigillo('lint', path('list.ml'), path('ef.sod'), '--inside', '--json');
    expect(jsonLines(ended).map(({ file }) => file.slice(folder.length + 1))).toEqual([
      'list.ml',
      'list.ml#1',
      'list.ml#2',
      'list.ml#3',
      'ef.sod',
      'ef.sod#1',
    ]);
  });

  it('reads every certificate of a PEM file', () => {
    const ended = sigillo('lint', path('both.pem'), '--json');
    expect(ended.code).toBe(1);
    expect(jsonLines(ended).map(({ verdict }) => verdict)).toEqual(['CLEAN', 'ERRORS']);
  });

  it.each(['noise.bin', 'cut.pem'])('answers 1 and UNREADABLE for %s', (name) => {
    const ended = sigillo('lint', path(name), '--json');
    expect(ended.code).toBe(1);
    expect(jsonLines(ended)[0]).toMatchObject({ kind: 'unknown', verdict: 'UNREADABLE' });
    expect(jsonLines(ended)[0]?.findings).toMatchObject([{ code: 'UNKNOWN_FORMAT' }]);
  });

  it.each([
    [
      'short.cer',
      /its DER breaks off in the element at octet 0 \(the file has 300\): has \d+ octets of content where/,
    ],
    ['inner.cer', /its DER breaks off in the element at octet \d+ \(the file has \d+\)/],
    ['noise.bin', /neither DER nor PEM: the octet at 0 is 6e, where 30 begins a certificate/],
    ['empty.bin', /the file is empty/],
    ['other.der', /DER, but none of certificate, CRL/],
  ])('says of %s what was expected, and where it breaks off', (name, detail) => {
    const { out } = sigillo('lint', path(name));
    expect(out).toMatch(detail);
    expect(out).toContain('mend: give a certificate, CRL, master list, deviation list or EF.SOD');
  });

  it.each([
    [],
    ['nowhere.cer'],
    ['dsc.cer', '--kind', 'passport'],
    ['dsc.cer', '--edition', '5'],
    ['dsc.cer', '--json', '--sarif'],
    ['dsc.cer', '--issuer', 'nowhere'],
  ])('answers 2 to a call that is wrong: %s %s %s', (...words) => {
    const ended = sigillo('lint', ...words.map((word) => (word.endsWith('.cer') ? path(word) : word)));
    expect(ended.code).toBe(2);
    expect(ended.err).not.toBe('');
    expect(ended.err).not.toContain('    at ');
  });

  it('writes SARIF 2.1.0 with the rules and a result for each finding', () => {
    const ended = sigillo('lint', path('wrong.cer'), path('dsc.cer'), '--sarif');
    expect(ended.code).toBe(1);
    const log = JSON.parse(ended.out) as {
      version: string;
      runs: {
        tool: { driver: { rules: { id: string }[] } };
        results: { ruleId: string; level: string; locations: unknown[] }[];
      }[];
    };
    expect(log.version).toBe('2.1.0');
    expect(log.runs[0]?.tool.driver.rules.map(({ id }) => id)).toContain('C-CDP-PRESENT');
    expect(log.runs[0]?.results).toMatchObject([
      {
        ruleId: 'C-CDP-PRESENT',
        level: 'error',
        locations: [{ physicalLocation: { artifactLocation: { uri: `file://${path('wrong.cer')}` } } }],
      },
    ]);
  });

  it('writes JUnit with a failure for each rule that is an error', () => {
    const { out, code } = sigillo('lint', path('wrong.cer'), path('dsc.cer'), '--junit');
    expect(code).toBe(1);
    expect(out).toContain(`<testsuite name="${path('wrong.cer')}" tests="1" failures="1">`);
    expect(out).toContain('<failure type="C-CDP-PRESENT"');
    expect(out).toContain('<testcase classname="document-signer" name="all rules"/>');
    expect(out.match(/<testsuite /g)).toHaveLength(2);
  });
});

describe('sigillo lint in a pipe whose reader goes away', () => {
  /** As `sigillo … | head -0`: nobody reads, and the other end of the pipe is closed. */
  async function unread(...words: readonly string[]): Promise<{ code: number | null; err: string }> {
    const child = spawn(process.execPath, [mainModule, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, err };
  }

  it('says nothing of it, and ends with what was found', async () => {
    const clean = ['--issuer', path('csca'), path('dsc.cer')];
    expect(await unread('lint', ...clean, ...clean)).toEqual({ code: 0, err: '' });
    expect(await unread('lint', path('wrong.cer'), ...clean)).toEqual({ code: 1, err: '' });
    expect(await unread('lint', path('nowhere.cer'))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^sigillo: cannot read/),
    });
  });
});

describe('docs/lint.md', () => {
  it('is what sigillo lint --rules prints', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/lint.md'), 'utf8');
    expect(page).toBe(lintPage());
    expect(sigillo('lint', '--rules')).toEqual({ out: page, err: '', code: 0 });
  });
});
