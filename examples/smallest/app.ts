/** The smallest deployment: everything by default, and one setting. `npx cdk deploy --app "node examples/smallest/app.ts"` */
import { App } from 'aws-cdk-lib';
import { parseDeployConfig } from '../../core/config/parse-deploy-config.ts';
import { OnedoorStack } from '../../lib/onedoor-stack.ts';

/** @param bundles folder of the built programs; by default `dist` of this package */
export function smallestStack(app: App, bundles?: string): OnedoorStack {
  const config = parseDeployConfig({ deployment: 'my-game' });
  return new OnedoorStack(app, config.deployment, { config, ...(bundles !== undefined && { bundles }) });
}

if (import.meta.main) smallestStack(new App());
