/** The CDK application with the programs of another folder: `node test/emulator/support/other-release.ts FOLDER`. */
import { App } from 'aws-cdk-lib';
import { parseDeployConfig } from '../../../core/config/parse-deploy-config.ts';
import { OnedoorStack } from '../../../lib/onedoor-stack.ts';
import { config as input } from '../../../onedoor.config.ts';

const config = parseDeployConfig(input);
new OnedoorStack(new App(), config.deployment, { config, bundles: process.argv[2] ?? '' });
