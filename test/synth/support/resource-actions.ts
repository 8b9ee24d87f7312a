import { ARN, HERE, PASS_TO_MACHINE, prefixed, type ResourceActions, ROLE } from './action-entry.ts';
import { NETWORK_ACTIONS } from './network-actions.ts';

const PASS_TO_FUNCTION = `iam:PassRole ${ROLE} iam:PassedToService=lambda.amazonaws.com`;
const FUNCTION = `${ARN}:lambda:${HERE}:function:onedoor-Reaper81B8BA5F-x1`;
const TOPIC = `${ARN}:sns:${HERE}:onedoor-ObservabilityAlarms-x1`;

const lambda = (names: string): string => prefixed('lambda', names);
const iam = (names: string): string => prefixed('iam', names);

/**
 * What CloudFormation calls to create, update and delete each type, as the handlers of the types' public schemas (AWS
 * CloudFormation registry) and, for types without such, the API references of the services say; without what concerns
 * features that no deployment uses. docs/deployer-policy.json is judged by this table, so it must not be made from it.
 */
export const RESOURCE_ACTIONS: Readonly<Record<string, ResourceActions>> = {
  ...NETWORK_ACTIONS,
  'AWS::IAM::Role': {
    arn: ROLE,
    create: iam('CreateRole PutRolePolicy AttachRolePolicy GetRolePolicy TagRole PutRolePermissionsBoundary'),
    update: iam(
      'UpdateRole UpdateAssumeRolePolicy UpdateRoleDescription UntagRole DeleteRolePermissionsBoundary DetachRolePolicy',
    ),
    delete: iam('DeleteRole DeleteRolePolicy GetRole ListAttachedRolePolicies ListRolePolicies'),
  },
  'AWS::IAM::Policy': {
    arn: ROLE,
    create: iam('PutRolePolicy GetRolePolicy'),
    update: iam('PutRolePolicy'),
    delete: iam('DeleteRolePolicy'),
  },
  'AWS::IAM::ManagedPolicy': {
    arn: `${ARN}:iam::123456789012:policy/onedoor-ExistingmachinesPolicy-x1`,
    create: iam('CreatePolicy GetPolicy TagPolicy'),
    update: iam('CreatePolicyVersion ListPolicyVersions DeletePolicyVersion GetPolicyVersion'),
    delete: iam('DeletePolicy ListEntitiesForPolicy'),
  },
  'AWS::IAM::InstanceProfile': {
    arn: `${ARN}:iam::123456789012:instance-profile/onedoor-DoorTemplateProfile-x1`,
    create: iam('CreateInstanceProfile AddRoleToInstanceProfile GetInstanceProfile'),
    update: iam('RemoveRoleFromInstanceProfile'),
    delete: iam('DeleteInstanceProfile'),
    beside: [PASS_TO_MACHINE],
  },
  'AWS::Lambda::Function': {
    arn: FUNCTION,
    create: lambda('CreateFunction GetFunction PutFunctionConcurrency TagResource GetRuntimeManagementConfig'),
    update: lambda('UpdateFunctionCode UpdateFunctionConfiguration DeleteFunctionConcurrency ListTags UntagResource'),
    delete: lambda('DeleteFunction'),
    beside: [PASS_TO_FUNCTION, `s3:GetObject ${ARN}:s3:::cdk-hnb659fds-assets-123456789012-eu-west-1/f00d.zip`],
  },
  'AWS::Lambda::Version': {
    arn: FUNCTION,
    create: lambda('PublishVersion GetFunctionConfiguration ListVersionsByFunction'),
    delete: lambda('DeleteFunction'),
  },
  'AWS::Lambda::Alias': {
    arn: FUNCTION,
    create: lambda('CreateAlias GetAlias PutProvisionedConcurrencyConfig GetProvisionedConcurrencyConfig'),
    update: lambda('UpdateAlias DeleteProvisionedConcurrencyConfig'),
    delete: lambda('DeleteAlias'),
  },
  'AWS::Lambda::EventInvokeConfig': {
    arn: FUNCTION,
    create: lambda('PutFunctionEventInvokeConfig'),
    update: lambda('UpdateFunctionEventInvokeConfig GetFunctionEventInvokeConfig'),
    delete: lambda('DeleteFunctionEventInvokeConfig'),
  },
  'AWS::Lambda::Permission': {
    arn: FUNCTION,
    create: lambda('AddPermission GetPolicy'),
    delete: lambda('RemovePermission'),
  },
  'AWS::Lambda::EventSourceMapping': {
    arn: '*',
    create: lambda('CreateEventSourceMapping GetEventSourceMapping TagResource'),
    update: lambda('UpdateEventSourceMapping'),
    delete: lambda('DeleteEventSourceMapping'),
  },
  'Custom::OnedoorTicketKeys': {
    arn: FUNCTION,
    create: lambda('InvokeFunction'),
    update: lambda('InvokeFunction'),
    delete: lambda('InvokeFunction'),
  },
  'Custom::OnedoorVersion': {
    arn: FUNCTION,
    create: lambda('InvokeFunction'),
    update: lambda('InvokeFunction'),
    delete: lambda('InvokeFunction'),
  },
  'AWS::Events::Rule': {
    arn: `${ARN}:events:${HERE}:rule/onedoor-ReaperEveryMinute-x1`,
    create: 'events:PutRule events:DescribeRule events:PutTargets events:TagResource',
    update: 'events:ListTargetsByRule events:RemoveTargets',
    delete: 'events:DeleteRule events:RemoveTargets',
  },
  'AWS::Logs::LogGroup': {
    arn: `${ARN}:logs:${HERE}:log-group:onedoor-ReaperLog-x1`,
    create: 'logs:CreateLogGroup logs:PutRetentionPolicy logs:TagResource',
    update: 'logs:DeleteRetentionPolicy logs:UntagResource',
    delete: 'logs:DeleteLogGroup',
    beside: ['logs:DescribeLogGroups *'],
  },
  'AWS::DynamoDB::Table': {
    arn: `${ARN}:dynamodb:${HERE}:table/onedoor-Registry28E4C1B9-x1`,
    create:
      'dynamodb:CreateTable dynamodb:DescribeTable dynamodb:DescribeTimeToLive dynamodb:UpdateTimeToLive ' +
      'dynamodb:UpdateContinuousBackups dynamodb:DescribeContinuousBackups dynamodb:TagResource dynamodb:ListTagsOfResource',
    update: 'dynamodb:UpdateTable dynamodb:UntagResource',
    delete: 'dynamodb:DeleteTable',
  },
  'AWS::SecretsManager::Secret': {
    arn: `${ARN}:secretsmanager:${HERE}:secret:TicketKeysB0A0A2B1-x1y2z3-AbCdEf`,
    create: 'secretsmanager:CreateSecret secretsmanager:DescribeSecret secretsmanager:TagResource',
    update: 'secretsmanager:UpdateSecret secretsmanager:UntagResource',
    delete: 'secretsmanager:DeleteSecret',
    beside: ['secretsmanager:GetRandomPassword *'],
  },
  'AWS::SQS::Queue': {
    arn: `${ARN}:sqs:${HERE}:onedoor-WritersDeadLetters-x1`,
    create: 'sqs:CreateQueue sqs:GetQueueAttributes sqs:GetQueueUrl sqs:TagQueue sqs:ListQueueTags',
    update: 'sqs:SetQueueAttributes sqs:UntagQueue',
    delete: 'sqs:DeleteQueue',
  },
  'AWS::SQS::QueuePolicy': {
    arn: `${ARN}:sqs:${HERE}:onedoor-WritersDeadLetters-x1`,
    create: 'sqs:SetQueueAttributes',
    update: 'sqs:SetQueueAttributes',
    delete: 'sqs:SetQueueAttributes',
  },
  'AWS::SNS::Topic': {
    arn: TOPIC,
    create: 'sns:CreateTopic sns:TagResource sns:GetTopicAttributes',
    update: 'sns:SetTopicAttributes sns:UntagResource sns:ListTagsForResource sns:ListSubscriptionsByTopic',
    delete: 'sns:DeleteTopic',
  },
  'AWS::SNS::TopicPolicy': {
    arn: TOPIC,
    create: 'sns:SetTopicAttributes',
    update: 'sns:SetTopicAttributes',
    delete: 'sns:SetTopicAttributes',
  },
  'AWS::SNS::Subscription': {
    arn: TOPIC,
    create: 'sns:Subscribe',
    delete: 'sns:ListSubscriptionsByTopic',
    beside: ['sns:Unsubscribe *', 'sns:GetSubscriptionAttributes *', 'sns:SetSubscriptionAttributes *'],
  },
  'AWS::CloudWatch::Alarm': {
    arn: `${ARN}:cloudwatch:${HERE}:alarm:onedoor-ObservabilityRosterLate-x1`,
    create: 'cloudwatch:PutMetricAlarm cloudwatch:TagResource',
    update: 'cloudwatch:UntagResource cloudwatch:ListTagsForResource',
    delete: 'cloudwatch:DeleteAlarms',
    beside: ['cloudwatch:DescribeAlarms *'],
  },
  'AWS::CloudWatch::Dashboard': {
    arn: `${ARN}:cloudwatch::123456789012:dashboard/ObservabilityDashboard9A1D08B3-x1`,
    create: 'cloudwatch:PutDashboard cloudwatch:GetDashboard',
    update: 'cloudwatch:PutDashboard',
    delete: 'cloudwatch:DeleteDashboards',
  },
  'AWS::SSM::Document': {
    arn: `${ARN}:ssm:${HERE}:document/onedoor-ExistingmachinesInstall-x1`,
    create: 'ssm:CreateDocument ssm:GetDocument ssm:AddTagsToResource ssm:ListTagsForResource',
    update: 'ssm:UpdateDocument ssm:UpdateDocumentDefaultVersion ssm:DescribeDocument ssm:RemoveTagsFromResource',
    delete: 'ssm:DeleteDocument',
  },
  'AWS::SSM::Association': {
    arn: `${ARN}:ssm:${HERE}:association/6f1d`,
    create: 'ssm:CreateAssociation ssm:DescribeAssociation',
    update: 'ssm:UpdateAssociation',
    delete: 'ssm:DeleteAssociation',
    beside: [`ssm:CreateAssociation ${ARN}:ssm:${HERE}:document/onedoor-ExistingmachinesInstall-x1`],
  },
  'AWS::Route53::RecordSet': {
    arn: `${ARN}:route53:::hostedzone/Z0123456789ABC`,
    create: 'route53:ChangeResourceRecordSets route53:GetHostedZone',
    update: 'route53:ListResourceRecordSets',
    delete: 'route53:ChangeResourceRecordSets',
    beside: [`route53:GetChange ${ARN}:route53:::change/C1`],
  },
};
