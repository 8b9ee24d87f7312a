import { App } from 'aws-cdk-lib';
import { parseDeployConfig } from '../core/config/parse-deploy-config.ts';
import { createPolicy } from '../core/select/create-policy.ts';
import { OnedoorStack } from '../lib/onedoor-stack.ts';
import { config as input } from '../onedoor.config.ts';
import { policies } from '../onedoor.policies.ts';

/** The CDK application: `cdk` runs it, see cdk.json. */
const config = parseDeployConfig(input);
// A word that no program will know is found here, not on the machines.
if (config.runtime.policy !== undefined) createPolicy(config.runtime.policy, policies);
new OnedoorStack(new App(), config.deployment, { config });
