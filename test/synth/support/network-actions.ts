import { ARN, HERE, PASS_TO_MACHINE, prefixed, type ResourceActions } from './action-entry.ts';

const GROUP = `${ARN}:autoscaling:${HERE}:autoScalingGroup:6f1d:autoScalingGroupName/onedoor-DoorGroup-x1`;

const ec2 = (names: string): string => prefixed('ec2', names);
const elb = (names: string): string => prefixed('elasticloadbalancing', names);
const scaling = (names: string): string => prefixed('autoscaling', names);

function ec2Resource(create: string, remove: string, update = ''): ResourceActions {
  return { arn: '*', create: ec2(create), update: ec2(update), delete: ec2(remove) };
}

function elbResource(create: string, remove: string, update: string): ResourceActions {
  return { arn: '*', create: elb(create), update: elb(update), delete: elb(remove) };
}

/** The part of `RESOURCE_ACTIONS` about networks, load balancers and machines. */
export const NETWORK_ACTIONS: Readonly<Record<string, ResourceActions>> = {
  'AWS::EC2::VPC': ec2Resource('CreateVpc DescribeVpcs ModifyVpcAttribute CreateTags', 'DeleteVpc', 'DeleteTags'),
  'AWS::EC2::Subnet': ec2Resource('CreateSubnet DescribeSubnets ModifySubnetAttribute CreateTags', 'DeleteSubnet'),
  'AWS::EC2::RouteTable': ec2Resource('CreateRouteTable DescribeRouteTables CreateTags', 'DeleteRouteTable'),
  'AWS::EC2::SubnetRouteTableAssociation': ec2Resource(
    'AssociateRouteTable ReplaceRouteTableAssociation DescribeRouteTables DescribeSubnets',
    'DisassociateRouteTable',
  ),
  'AWS::EC2::Route': ec2Resource('CreateRoute DescribeRouteTables', 'DeleteRoute', 'ReplaceRoute'),
  'AWS::EC2::InternetGateway': ec2Resource(
    'CreateInternetGateway DescribeInternetGateways CreateTags',
    'DeleteInternetGateway',
  ),
  'AWS::EC2::VPCGatewayAttachment': ec2Resource('AttachInternetGateway', 'DetachInternetGateway'),
  'AWS::EC2::EIP': ec2Resource('AllocateAddress DescribeAddresses CreateTags', 'ReleaseAddress', 'DisassociateAddress'),
  'AWS::EC2::SecurityGroup': ec2Resource(
    'CreateSecurityGroup DescribeSecurityGroups AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress CreateTags',
    'DeleteSecurityGroup DescribeInstances DescribeNetworkInterfaces',
    'RevokeSecurityGroupIngress RevokeSecurityGroupEgress',
  ),
  'AWS::EC2::SecurityGroupIngress': ec2Resource(
    'AuthorizeSecurityGroupIngress DescribeSecurityGroupRules',
    'RevokeSecurityGroupIngress',
    'UpdateSecurityGroupRuleDescriptionsIngress',
  ),
  'AWS::EC2::SecurityGroupEgress': ec2Resource(
    'AuthorizeSecurityGroupEgress DescribeSecurityGroupRules',
    'RevokeSecurityGroupEgress',
    'UpdateSecurityGroupRuleDescriptionsEgress',
  ),
  'AWS::EC2::LaunchTemplate': {
    ...ec2Resource(
      'CreateLaunchTemplate DescribeLaunchTemplates DescribeLaunchTemplateVersions CreateTags',
      'DeleteLaunchTemplate',
      'CreateLaunchTemplateVersion ModifyLaunchTemplate',
    ),
    // The image is a parameter of Systems Manager, which CloudFormation reads.
    beside: [
      PASS_TO_MACHINE,
      `ssm:GetParameters ${ARN}:ssm:eu-west-1::parameter/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64`,
    ],
  },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': {
    ...elbResource(
      'CreateLoadBalancer DescribeLoadBalancers DescribeLoadBalancerAttributes ModifyLoadBalancerAttributes AddTags',
      'DeleteLoadBalancer',
      'SetSecurityGroups SetSubnets RemoveTags',
    ),
    beside: [
      `iam:CreateServiceLinkedRole ${ARN}:iam::123456789012:role/aws-service-role/elasticloadbalancing.amazonaws.com/A iam:AWSServiceName=elasticloadbalancing.amazonaws.com`,
      'ec2:DescribeAddresses *',
      'ec2:DescribeSubnets *',
    ],
  },
  'AWS::ElasticLoadBalancingV2::Listener': elbResource(
    'CreateListener DescribeListeners AddTags',
    'DeleteListener',
    'ModifyListener ModifyListenerAttributes',
  ),
  'AWS::ElasticLoadBalancingV2::ListenerRule': elbResource(
    'CreateRule DescribeRules AddTags',
    'DeleteRule',
    'ModifyRule SetRulePriorities',
  ),
  'AWS::ElasticLoadBalancingV2::TargetGroup': elbResource(
    'CreateTargetGroup DescribeTargetGroups ModifyTargetGroupAttributes RegisterTargets DescribeTargetHealth AddTags',
    'DeleteTargetGroup DeregisterTargets',
    'ModifyTargetGroup',
  ),
  'AWS::AutoScaling::AutoScalingGroup': {
    arn: GROUP,
    create: scaling('CreateAutoScalingGroup CreateOrUpdateTags AttachLoadBalancerTargetGroups'),
    update: scaling(
      'UpdateAutoScalingGroup SuspendProcesses ResumeProcesses SetDesiredCapacity DeleteTags ' +
        'DetachLoadBalancerTargetGroups TerminateInstanceInAutoScalingGroup',
    ),
    delete: scaling('DeleteAutoScalingGroup UpdateAutoScalingGroup'),
    beside: [
      'autoscaling:DescribeAutoScalingGroups *',
      'autoscaling:DescribeScalingActivities *',
      // A group with a launch template is made only by who may start such machines.
      'ec2:RunInstances *',
      'ec2:CreateTags *',
      PASS_TO_MACHINE,
      'elasticloadbalancing:DescribeTargetHealth *',
      ...['autoscaling', 'spot'].map(
        (service) =>
          `iam:CreateServiceLinkedRole ${ARN}:iam::123456789012:role/aws-service-role/${service}.amazonaws.com/A iam:AWSServiceName=${service}.amazonaws.com`,
      ),
    ],
  },
  'AWS::AutoScaling::ScalingPolicy': {
    arn: GROUP,
    create: scaling('PutScalingPolicy'),
    update: scaling('PutScalingPolicy'),
    delete: scaling('DeletePolicy'),
    beside: [
      'autoscaling:DescribePolicies *',
      `cloudwatch:PutMetricAlarm ${ARN}:cloudwatch:${HERE}:alarm:TargetTracking-onedoor-DoorGroup-x1-AlarmHigh-1`,
      `cloudwatch:DeleteAlarms ${ARN}:cloudwatch:${HERE}:alarm:TargetTracking-onedoor-DoorGroup-x1-AlarmHigh-1`,
    ],
  },
  'AWS::AutoScaling::LifecycleHook': {
    arn: GROUP,
    create: scaling('PutLifecycleHook'),
    update: scaling('PutLifecycleHook'),
    delete: scaling('DeleteLifecycleHook'),
    beside: ['autoscaling:DescribeLifecycleHooks *'],
  },
};
