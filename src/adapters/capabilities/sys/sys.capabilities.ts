import type { Capability } from '../../../ports.ts';
import { execCapability, type ExecSettings } from './exec.capability.ts';
import { informationCapabilities, type InformationSettings } from './sys.information.ts';
import { zipCapability } from './zip.capability.ts';

export interface SysSettings extends InformationSettings, ExecSettings {}

/** What requirements W81 asks for of the machine: `sys.info`, `sys.exec.run` and `sys.archive.zip`. */
export const sysCapabilities = (settings: SysSettings): readonly Capability[] => [
  ...informationCapabilities(settings),
  execCapability(settings),
  zipCapability(settings.workspace),
];
