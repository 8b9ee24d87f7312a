import { App } from 'aws-cdk-lib';
import { parseDeployConfig } from '../core/config/parse-deploy-config.ts';
import { OnedoorStack } from '../lib/onedoor-stack.ts';
import { config as input } from '../onedoor.config.ts';

/** The CDK application: `cdk` runs it, see cdk.json. */
const config = parseDeployConfig(input);
new OnedoorStack(new App(), config.deployment, { config });
