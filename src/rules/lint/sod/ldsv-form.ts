import { needing } from './context.ts';

export const ldsvForm = needing(['lds'], {
  id: 'S-LDSV-FORM',
  title: 'ldsVersion is four digits, unicodeVersion six',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.2.3',
  mend: 'write 0108 and 040000',
  findings: ({ lds: { versionInfo } }) => {
    if (versionInfo === undefined) return [];
    const { ldsVersion, unicodeVersion } = versionInfo;
    return [
      ...(/^\d{4}$/.test(ldsVersion) ? [] : [`ldsVersion is ${JSON.stringify(ldsVersion)}`]),
      ...(/^\d{6}$/.test(unicodeVersion) ? [] : [`unicodeVersion is ${JSON.stringify(unicodeVersion)}`]),
    ];
  },
});
