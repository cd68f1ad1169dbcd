/**
 * Two-letter codes of certificates and the codes of the machine readable zone that go with them. Doc 9303-3 §5
 * takes both from ISO 3166-1 and changes some; certificates are found by the one, documents by the other, and
 * neither can be made from the other by cutting.
 */
const iso3166 = `
  AD AND, AE ARE, AF AFG, AG ATG, AI AIA, AL ALB, AM ARM, AO AGO, AQ ATA, AR ARG, AS ASM, AT AUT,
  AU AUS, AW ABW, AX ALA, AZ AZE, BA BIH, BB BRB, BD BGD, BE BEL, BF BFA, BG BGR, BH BHR, BI BDI,
  BJ BEN, BL BLM, BM BMU, BN BRN, BO BOL, BQ BES, BR BRA, BS BHS, BT BTN, BV BVT, BW BWA, BY BLR,
  BZ BLZ, CA CAN, CC CCK, CD COD, CF CAF, CG COG, CH CHE, CI CIV, CK COK, CL CHL, CM CMR, CN CHN,
  CO COL, CR CRI, CU CUB, CV CPV, CW CUW, CX CXR, CY CYP, CZ CZE, DE DEU, DJ DJI, DK DNK, DM DMA,
  DO DOM, DZ DZA, EC ECU, EE EST, EG EGY, EH ESH, ER ERI, ES ESP, ET ETH, FI FIN, FJ FJI, FK FLK,
  FM FSM, FO FRO, FR FRA, GA GAB, GB GBR, GD GRD, GE GEO, GF GUF, GG GGY, GH GHA, GI GIB, GL GRL,
  GM GMB, GN GIN, GP GLP, GQ GNQ, GR GRC, GS SGS, GT GTM, GU GUM, GW GNB, GY GUY, HK HKG, HM HMD,
  HN HND, HR HRV, HT HTI, HU HUN, ID IDN, IE IRL, IL ISR, IM IMN, IN IND, IO IOT, IQ IRQ, IR IRN,
  IS ISL, IT ITA, JE JEY, JM JAM, JO JOR, JP JPN, KE KEN, KG KGZ, KH KHM, KI KIR, KM COM, KN KNA,
  KP PRK, KR KOR, KW KWT, KY CYM, KZ KAZ, LA LAO, LB LBN, LC LCA, LI LIE, LK LKA, LR LBR, LS LSO,
  LT LTU, LU LUX, LV LVA, LY LBY, MA MAR, MC MCO, MD MDA, ME MNE, MF MAF, MG MDG, MH MHL, MK MKD,
  ML MLI, MM MMR, MN MNG, MO MAC, MP MNP, MQ MTQ, MR MRT, MS MSR, MT MLT, MU MUS, MV MDV, MW MWI,
  MX MEX, MY MYS, MZ MOZ, NA NAM, NC NCL, NE NER, NF NFK, NG NGA, NI NIC, NL NLD, NO NOR, NP NPL,
  NR NRU, NU NIU, NZ NZL, OM OMN, PA PAN, PE PER, PF PYF, PG PNG, PH PHL, PK PAK, PL POL, PM SPM,
  PN PCN, PR PRI, PS PSE, PT PRT, PW PLW, PY PRY, QA QAT, RE REU, RO ROU, RS SRB, RU RUS, RW RWA,
  SA SAU, SB SLB, SC SYC, SD SDN, SE SWE, SG SGP, SH SHN, SI SVN, SJ SJM, SK SVK, SL SLE, SM SMR,
  SN SEN, SO SOM, SR SUR, SS SSD, ST STP, SV SLV, SX SXM, SY SYR, SZ SWZ, TC TCA, TD TCD, TF ATF,
  TG TGO, TH THA, TJ TJK, TK TKL, TL TLS, TM TKM, TN TUN, TO TON, TR TUR, TT TTO, TV TUV, TW TWN,
  TZ TZA, UA UKR, UG UGA, UM UMI, US USA, UY URY, UZ UZB, VA VAT, VC VCT, VE VEN, VG VGB, VI VIR,
  VN VNM, VU VUT, WF WLF, WS WSM, YE YEM, YT MYT, ZA ZAF, ZM ZMB, ZW ZWE
`;

/** What Doc 9303-3 §5 adds and changes, and what its issuers use in practice. */
const additions: readonly (readonly [string, readonly string[]])[] = [
  ['DE', ['D']],
  ['KS', ['RKS']],
  ['XK', ['RKS']],
  ['EU', ['EUE']],
  // The first United Nations CSCA of 2012 has C=ZZ.
  ['UN', ['UNO', 'UNA', 'UNK']],
  ['ZZ', ['UNO', 'UNA', 'UNK']],
  ['GB', ['GBD', 'GBN', 'GBO', 'GBP', 'GBS']],
  // Hong Kong and Macao sign under C=CN and print CHN.
  ['CN', ['HKG', 'MAC']],
  ['HK', ['CHN']],
  ['MO', ['CHN']],
  ['XO', ['XOM']],
  ['XP', ['XPO']],
  ['AN', ['ANT']],
  ['NT', ['NTZ']],
  // Specimens.
  ['UT', ['UTO']],
];

const mrzCodes = new Map<string, Set<string>>();
for (const pair of iso3166.split(',')) {
  const [two = '', three = ''] = pair.trim().split(' ');
  mrzCodes.set(two, new Set([three]));
}
for (const [two, codes] of additions) {
  const known = mrzCodes.get(two) ?? new Set();
  for (const code of codes) known.add(code);
  mrzCodes.set(two, known);
}

/**
 * Whether a document with this issuing State in its MRZ can come from an issuer with this countryName.
 *
 * @param country two letters of a certificate, in upper case
 * @param mrzCode without fillers, e.g. `D`, `UTO`
 * @returns undefined for a country that is in no table
 */
export function isIssuedBy(country: string, mrzCode: string): boolean | undefined {
  const codes = mrzCodes.get(country);
  if (codes === undefined) return undefined;
  return codes.has(mrzCode);
}
