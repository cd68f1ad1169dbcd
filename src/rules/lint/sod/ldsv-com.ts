import { needing } from './context.ts';

export const ldsvCom = needing(['lds', 'efCom'], {
  id: 'S-LDSV-COM',
  title: 'the versions are those of EF.COM',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.1, §4.6.2.3',
  mend: 'write the same versions in both',
  findings: ({ lds: { versionInfo }, efCom }) => {
    if (versionInfo === undefined) return [];
    const { ldsVersion, unicodeVersion } = versionInfo;
    return [
      ...(ldsVersion === efCom.ldsVersion
        ? []
        : [`ldsVersion ${ldsVersion} and ${efCom.ldsVersion ?? 'none'}`]),
      ...(unicodeVersion === efCom.unicodeVersion
        ? []
        : [`unicodeVersion ${unicodeVersion} and ${efCom.unicodeVersion ?? 'none'}`]),
    ];
  },
});
