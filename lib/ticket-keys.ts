import { RemovalPolicy } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

export interface TicketKeysProps {
  /**
   * What happens to the secret when the stack is deleted. Tickets last minutes, so nothing is lost with it.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The key that signs tickets. CloudFormation makes no Ed25519 key, so Secrets Manager generates a text, and
 * HKDF-SHA256 of it is the seed (RFC 5869, RFC 8032). The text never leaves Secrets Manager but to those granted here;
 * it stands in no environment, output or user data.
 */
export class TicketKeys extends Construct {
  public readonly secret: ISecret;

  constructor(scope: Construct, id: string, props: TicketKeysProps = {}) {
    super(scope, id);
    this.secret = new Secret(this, 'Resource', {
      description: 'Onedoor signs tickets with the Ed25519 key derived from this text',
      // 64 letters and digits: 381 bits, of which HKDF makes the 256 of the seed.
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: props.removalPolicy ?? RemovalPolicy.DESTROY,
    }) as ISecret;
  }

  /** Lets a program sign tickets: the assign function and the gateways, nobody else. */
  public grantRead(grantee: IGrantable): void {
    this.secret.grantRead(grantee);
  }
}
