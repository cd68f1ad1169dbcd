import { describe, expect, it } from 'vitest';
import { MalformedInput } from '../../../src/formats/malformed-input.ts';
import { applyWaivers, lintCertificate } from '../../../src/rules/lint/index.ts';
import { cleanParts, encodeTbs, inputsOf, instant, signParts, without } from '../../support/lint-parts.ts';

const waiver = { id: 'C-CDP-PRESENT', reason: 'the directory is not open yet', until: instant('2026-06-30') };

function withoutDistributionPoints(): ReturnType<typeof lintCertificate> {
  const parts = without(cleanParts('document-signer'), 'cRLDistributionPoints');
  return lintCertificate(signParts(encodeTbs(parts), parts), inputsOf('document-signer'));
}

describe('applyWaivers', () => {
  it('sets what is waived aside, with the reason, and the verdict follows', () => {
    const report = applyWaivers(withoutDistributionPoints(), [waiver], instant('2026-06-30'));
    expect(report).toMatchObject({ verdict: 'CLEAN', findings: [] });
    expect(report.waived).toMatchObject([
      { code: 'C-CDP-PRESENT', severity: 'error', reason: waiver.reason, until: waiver.until },
    ]);
  });

  it('lets an expired waiver do nothing, and finds it', () => {
    const report = applyWaivers(withoutDistributionPoints(), [waiver], instant('2026-07-01'));
    expect(report.verdict).toBe('ERRORS');
    expect(report.waived).toEqual([]);
    expect(report.findings.map(({ code }) => code)).toEqual(['C-CDP-PRESENT', 'W-EXPIRED']);
  });

  it('finds an expired waiver also where there is nothing to waive', () => {
    const parts = cleanParts('document-signer');
    const clean = lintCertificate(signParts(encodeTbs(parts), parts), inputsOf('document-signer'));
    const report = applyWaivers(clean, [waiver], instant('2026-07-01'));
    expect(report.verdict).toBe('WARNINGS');
    expect(report.findings.map(({ code }) => code)).toEqual(['W-EXPIRED']);
  });

  it('refuses a waiver of a rule that does not exist', () => {
    const typo = { ...waiver, id: 'C-CDP-PRESNT' };
    const report = withoutDistributionPoints();
    expect(() => applyWaivers(report, [typo], instant('2026-06-01'))).toThrow(MalformedInput);
  });

  it('does not make readable what cannot be read', () => {
    const report = lintCertificate(new Uint8Array());
    const everything = { ...waiver, id: 'C-READ' };
    expect(applyWaivers(report, [everything], instant('2026-06-01')).verdict).toBe('UNREADABLE');
  });
});
