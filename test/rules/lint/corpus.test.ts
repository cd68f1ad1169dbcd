import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { corpusPage, lintCorpus, type LintedCorpus } from '../../../src/app/cli/lint-corpus.ts';
import { explanations } from '../../../src/app/cli/lint-explanations.ts';
import { lintCertificate, type LintReport } from '../../../src/rules/lint/index.ts';
import { corpusFiles, corpusFolder, describeCorpus, readCorpus } from '../../support/corpus.ts';

const docs = join(import.meta.dirname, '../../../docs');

describeCorpus('the corpus under the lint', () => {
  let linted: LintedCorpus;

  beforeAll(() => {
    linted = lintCorpus(corpusFolder);
  });

  function countriesWith(code: string): readonly string[] {
    const found = linted.certificates.filter(({ report }) =>
      report.findings.some((one) => one.code === code),
    );
    return [...new Set(found.map(({ country }) => country))].toSorted();
  }

  function csca(file: string): LintReport {
    return lintCertificate(readCorpus('csca', file));
  }

  it('is read without a throw, certificate by certificate', () => {
    expect(linted.certificates.length).toBeGreaterThan(900);
    expect(linted.others.length).toBeGreaterThan(30);
  });

  it.each([
    ['C-SER-NEGATIVE', ['AL', 'KZ', 'MZ']],
    ['C-SER-ZERO', ['VA']],
    ['C-DN1-COUNTRY-CASE', ['AL', 'AR', 'CA', 'GB', 'RO', 'SI']],
    ['C-DN1-COUNTRY-LETTERS', ['LTU']],
    ['C-EXT-SYNTAX', ['LT']],
    ['C-VAL-CHOICE', ['KZ']],
    ['C-ALG-PSS-SALT', ['CN']],
    ['C-ALG-PSS-COMPLETE', ['EE', 'IL', 'SE']],
    ['C-BC-CA', ['CM', 'IT', 'LU', 'PT', 'TR']],
    ['C-DN2-COUNTRY', ['BM', 'GB']],
  ])('has %s in certificates of %s', (code, countries) => {
    expect(countriesWith(code)).toEqual(countries);
  });

  it('has the random RSA exponents of Austria and Iran, and lower-case countries', () => {
    expect(countriesWith('C-SPKI-RSA-EXPONENT')).toEqual(expect.arrayContaining(['AT', 'CN', 'IR', 'KR']));
  });

  it('has no CSCA certificate whose signature does not hold under the key that it names', () => {
    expect(countriesWith('C-SIG')).toEqual([]);
  });

  it('has basicConstraints that are missing, not critical, or without limit', () => {
    expect(countriesWith('C-BC-PRESENT')).toEqual(['BE', 'EE', 'FI']);
    expect(countriesWith('C-BC-CRITICAL')).toEqual(['CI', 'CN', 'GB']);
    expect(countriesWith('C-BC-PATHLEN')).toEqual(expect.arrayContaining(['DK', 'PL', 'PT', 'TH', 'VE']));
  });

  it('judges by the edition of the time: SHA-1 and missing names of 2006 are no errors', () => {
    const report = csca('CH_2006_self_aac542b7.cer');
    expect(report).toMatchObject({ edition: 6, kind: 'csca' });
    expect(report.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    const byToday = lintCertificate(readCorpus('csca', 'CH_2006_self_aac542b7.cer'), { edition: 8 });
    expect(byToday.findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['C-AN-SAN-PRESENT', 'C-CDP-PRESENT']),
    );
  });

  it('has clean CSCA certificates of many States', () => {
    const clean = linted.certificates.filter(({ report }) => report.verdict === 'CLEAN');
    expect(new Set(clean.map(({ country }) => country)).size).toBeGreaterThan(40);
  });

  it('tells links from roots, as the names of the files do where the subject changes', () => {
    const links = corpusFiles('csca').filter((file) => file.includes('_link_'));
    for (const file of links) expect([file, csca(file).kind]).toEqual([file, 'csca-link']);
  });

  it('is explained in words, code by code', () => {
    const all = [...linted.certificates, ...linted.others].flatMap(({ report }) => report.findings);
    const unexplained = [...new Set(all.map(({ code }) => code))].filter((code) => !explanations.has(code));
    expect(unexplained).toEqual([]);
  });

  it('is counted in docs/lint-corpus.md as it is (sigillo lint --corpus)', () => {
    expect(readFileSync(join(docs, 'lint-corpus.md'), 'utf8')).toBe(corpusPage(linted));
  });
});
