import type { IssuingState } from '../../src/rules/profile/issuing-state.ts';

/** The state that Doc 9303 takes for its examples. */
export const utopia: IssuingState = {
  country: 'UT',
  mrzCode: 'UTO',
  organization: 'Utopia',
  contact: 'https://utopia.example/',
  distribution: 'https://pkd.utopia.example',
};
