import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

/** Who calls, by AWS's own word. */
export interface Identity {
  readonly account: string;
  readonly arn: string;
  readonly region: string;
}

/** One quota of the account in this region (Service Quotas). */
export interface Quota {
  /** As in the Service Quotas console: `ec2`, `lambda`. */
  readonly service: string;
  /** `L-…`. */
  readonly code: string;
}

/** The person's access to an AWS account: whose it is, and what the account may have. */
export interface Account {
  /** Rejects with the SDK's error: no region, no credentials, expired ones, no network. */
  identity(): Promise<Identity>;
  /** The value in force; undefined where it cannot be asked. */
  quota(quota: Quota): Promise<number | undefined>;
  close(): void;
}

/** With what the SDK finds: environment, profile, role. */
export function createAccount(): Account {
  const sts = new STSClient({ maxAttempts: 2 });
  const quotas = new ServiceQuotasClient({ maxAttempts: 2 });
  return {
    async identity() {
      const region = await sts.config.region();
      const { Account: account = '', Arn: arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
      return { account, arn, region };
    },
    async quota({ service, code }) {
      try {
        const asked = new GetServiceQuotaCommand({ ServiceCode: service, QuotaCode: code });
        return (await quotas.send(asked)).Quota?.Value;
      } catch {
        return undefined;
      }
    },
    close() {
      sts.destroy();
      quotas.destroy();
    },
  };
}
