import { describe, expect, it } from 'vitest';
import { coversDocumentType, type SodContent, sodViolation } from '../../../src/rules/sod/sod-rules.ts';
import type { SodPolicy } from '../../../src/rules/profile/policies.ts';

const policy: SodPolicy = {
  policy: 'sod',
  standard: 'Doc 9303-10',
  digestAlgorithms: ['SHA-256', 'SHA-512'],
  ldsVersions: ['1.7', '1.8'],
  unicodeVersions: ['040000'],
  requiredDataGroups: [1, 2],
  signingTimeAttribute: true,
};
const content: SodContent = {
  documentType: 'P',
  digestAlgorithm: 'SHA-256',
  lds: { version: '1.8', unicodeVersion: '040000' },
  dataGroupNumbers: [1, 2, 14],
};

describe('rules of an EF.SOD (Doc 9303-10 §4.6.2)', () => {
  it('lets through what the policy allows', () => {
    expect(sodViolation(content, policy)).toBeUndefined();
    expect(sodViolation({ ...content, lds: { version: '1.7' } }, policy)).toBeUndefined();
  });

  it.each([
    ['SHA-1', { digestAlgorithm: 'SHA-1' }, 'S-SHA1', 'digestAlgorithm'],
    ['a digest outside the policy', { digestAlgorithm: 'SHA-384' }, 'S-DIGEST', 'digestAlgorithm'],
    ['one data group', { dataGroupNumbers: [1] }, 'S-DG', 'dataGroupHashes'],
    ['no DG1', { dataGroupNumbers: [2, 3] }, 'S-DG', 'dataGroupHashes.1'],
    ['no DG2', { dataGroupNumbers: [1, 3] }, 'S-DG', 'dataGroupHashes.2'],
    [
      'another Unicode version',
      { lds: { version: '1.8', unicodeVersion: '050000' } },
      'S-LDSV',
      'lds.unicode',
    ],
  ] as const)('refuses %s', (_, changes, rule, field) => {
    const violation = sodViolation({ ...content, ...changes }, policy);
    expect(violation).toMatchObject({ rule, field });
    expect(violation?.source).toMatch(/^Doc 9303-1[02] §/);
    expect(violation?.mend).not.toBe('');
  });

  it('refuses an LDS version outside the policy', () => {
    expect(sodViolation(content, { ...policy, ldsVersions: ['1.7'] })).toMatchObject({
      field: 'lds.version',
    });
  });
});

describe('documentTypeList (Doc 9303-12 §7.1.1.6)', () => {
  it.each([
    [['P'], 'P', true],
    [['P'], 'PD', true],
    [['PD'], 'P', false],
    [['IR', 'AR'], 'AR', true],
    [['IR'], 'ID', false],
    [[], 'P', false],
  ])('%j covers %s: %s', (list, documentType, covers) => {
    expect(coversDocumentType(list, documentType)).toBe(covers);
  });
});
