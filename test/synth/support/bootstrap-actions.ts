import { ARN, HERE, prefixed, type ResourceActions } from './action-entry.ts';

const iam = (names: string): string => prefixed('iam', names);

const BOOTSTRAP_ROLE = `${ARN}:iam::123456789012:role/cdk-hnb659fds-deploy-role-123456789012-eu-west-1`;
const BUCKET = `${ARN}:s3:::cdk-hnb659fds-assets-123456789012-eu-west-1`;

/** The same for the stack that `cdk bootstrap` makes, by its own public template. */
export const BOOTSTRAP_ACTIONS: Readonly<Record<string, ResourceActions>> = {
  'AWS::S3::Bucket': {
    arn: BUCKET,
    create:
      's3:CreateBucket s3:PutEncryptionConfiguration s3:PutBucketPublicAccessBlock s3:PutBucketVersioning ' +
      's3:PutLifecycleConfiguration s3:PutBucketTagging',
    update: 's3:GetBucketVersioning s3:GetEncryptionConfiguration s3:GetLifecycleConfiguration',
    // The bucket stays when the stack goes (its DeletionPolicy), and nothing here could empty it.
    delete: 's3:GetBucketPolicy',
  },
  'AWS::S3::BucketPolicy': {
    arn: BUCKET,
    create: 's3:PutBucketPolicy s3:GetBucketPolicy',
    update: 's3:PutBucketPolicy',
    delete: 's3:DeleteBucketPolicy',
  },
  'AWS::ECR::Repository': {
    arn: `${ARN}:ecr:${HERE}:repository/cdk-hnb659fds-container-assets-123456789012-eu-west-1`,
    create:
      'ecr:CreateRepository ecr:PutLifecyclePolicy ecr:SetRepositoryPolicy ecr:TagResource ecr:DescribeRepositories',
    update: 'ecr:PutImageTagMutability ecr:PutImageScanningConfiguration',
    delete: 'ecr:DeleteRepository',
  },
  'AWS::IAM::Role': {
    arn: BOOTSTRAP_ROLE,
    create: iam('CreateRole PutRolePolicy GetRole GetRolePolicy TagRole'),
    update: iam('UpdateRole UpdateAssumeRolePolicy UntagRole ListAttachedRolePolicies ListRolePolicies'),
    delete: iam('DeleteRole DeleteRolePolicy'),
    beside: [
      `iam:AttachRolePolicy ${BOOTSTRAP_ROLE} iam:PolicyARN=arn:aws:iam::123456789012:policy/OnedoorExecutionData`,
      `iam:AttachRolePolicy ${BOOTSTRAP_ROLE} iam:PolicyARN=arn:aws:iam::aws:policy/ReadOnlyAccess`,
    ],
  },
  'AWS::IAM::Policy': {
    arn: BOOTSTRAP_ROLE,
    create: iam('PutRolePolicy'),
    update: iam('PutRolePolicy'),
    delete: iam('DeleteRolePolicy'),
  },
  'AWS::SSM::Parameter': {
    arn: `${ARN}:ssm:${HERE}:parameter/cdk-bootstrap/hnb659fds/version`,
    create: 'ssm:PutParameter ssm:AddTagsToResource ssm:GetParameters',
    update: 'ssm:PutParameter',
    delete: 'ssm:DeleteParameter',
  },
};
