/**
 * The commands that there are beside the daemons, in the order and under the headings of `patchmesh --help`.
 */
import { apiToken } from './api-token.ts'
import { listApiTokens, revokeApiToken } from './api-tokens.ts'
import {
  applianceLogs,
  listAppliances,
  renameAppliance,
  retireAppliance,
  showAppliance,
  trustAppliance,
} from './appliances.ts'
import { approve } from './approve.ts'
import { backup, restore } from './backup.ts'
import { listBaselines, removeBaseline, setBaseline } from './baselines.ts'
import type { Command } from './command.ts'
import { configCheck } from './config-check.ts'
import { listDataCenters, listFlows } from './data-centers.ts'
import { doctor } from './doctor.ts'
import { enrollToken } from './enroll-token.ts'
import { enrollAppliance, listTokens, replaceAppliance, revokeToken } from './enrollment.ts'
import { exportEvidence, verifyEvidence } from './evidence.ts'
import { exportPatches } from './export-patches.ts'
import { listDueDates, setAdvisory, setDueDates, showExposure } from './exposure.ts'
import { extendInstall } from './extend-install.ts'
import { cancelInstall, listInstalls, pauseInstall, resumeInstall, showInstall } from './installs.ts'
import { placeKeysCommand, sealKeysCommand } from './keys.ts'
import { listLimits, setLimits } from './limits.ts'
import { migrate } from './migrate.ts'
import { listPasskeys, removePasskey } from './passkeys.ts'
import { listPatches, showPatch, withdrawPatch } from './patches.ts'
import { addPerson, changePerson, listPeople, newLink, removePerson } from './people.ts'
import { newKey } from './personal-keys.ts'
import { planInstall } from './plan-install.ts'
import { setPolicy, showPolicy } from './policy.ts'
import { addToPolicy, initPolicy, signPolicy } from './policy-file.ts'
import { listPublishers, removePublisher, setPublisher } from './publishers.ts'
import { releaseBuild } from './release-build.ts'
import { releaseExample } from './release-example.ts'
import { releaseKey } from './release-key.ts'
import { releaseSign } from './release-sign.ts'
import { releaseWrap } from './release-wrap.ts'
import { pinPatch, setRetention, showRetention, unpinPatch } from './retention.ts'
import { endSession, listSessions, showAccount } from './sessions.ts'
import { signInLink } from './sign-in-link.ts'
import { startInstall } from './start-install.ts'
import { makeSupportBundle } from './support.ts'
import { exportTrail, listTrail } from './trail.ts'
import { uploadPatch } from './upload-patch.ts'
import { discardUpload, listUploads } from './uploads.ts'
import { verifyTrail } from './verify-trail.ts'
import { listWindows, removeWindow, setWindow } from './windows.ts'

export const COMMANDS: Readonly<Record<string, readonly Command[]>> = {
  'Set it up': [configCheck, doctor],
  'Keep it safe': [backup, restore, sealKeysCommand, placeKeysCommand, migrate],
  'Let others in': [
    enrollToken,
    enrollAppliance,
    listTokens,
    revokeToken,
    apiToken,
    signInLink,
    listApiTokens,
    revokeApiToken,
  ],
  People: [
    ...[listPeople, addPerson, changePerson, newLink, removePerson],
    ...[listSessions, endSession, listPasskeys, removePasskey, showAccount],
  ],
  'Trust publishers': [listPublishers, setPublisher, removePublisher],
  'Have installs approved': [newKey, initPolicy, addToPolicy, signPolicy, showPolicy, setPolicy, approve],
  'See what was done': [listTrail, exportTrail, verifyTrail, exportEvidence, verifyEvidence],
  'Replicate patches': [uploadPatch, listUploads, discardUpload, listPatches, showPatch, withdrawPatch, exportPatches],
  'Install patches': [
    ...[
      planInstall,
      startInstall,
      listInstalls,
      showInstall,
      extendInstall,
      pauseInstall,
      resumeInstall,
      cancelInstall,
    ],
  ],
  'Say when': [listWindows, setWindow, removeWindow],
  'Say what all shall have': [listBaselines, setBaseline, removeBaseline],
  'Know who is exposed': [showExposure, setAdvisory, listDueDates, setDueDates],
  'Keep what is needed': [showRetention, setRetention, pinPatch, unpinPatch],
  'Spare the WAN': [listLimits, setLimits, listDataCenters, listFlows],
  'Look after appliances': [
    ...[listAppliances, showAppliance, applianceLogs, renameAppliance, replaceAppliance, retireAppliance],
    ...[trustAppliance, makeSupportBundle],
  ],
  'Make patches': [releaseExample, releaseBuild, releaseWrap, releaseKey, releaseSign],
}
