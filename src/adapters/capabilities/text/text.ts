import type { Capability } from '../../../ports.ts';
import { regexMatch } from './regex.ts';
import { templateRender } from './template.ts';

/** The capabilities `text.*` (requirements W83): they compute from their arguments alone. */
export const textCapabilities = (): readonly Capability[] => [regexMatch(), templateRender()];
