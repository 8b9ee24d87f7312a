import { Aws, Lazy, Stack } from 'aws-cdk-lib';
import type { AutoScalingGroup, CfnAutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import {
  AmazonLinux2023ImageSsmParameter,
  AmazonLinux2023Kernel,
  AmazonLinuxCpuType,
  InstanceArchitecture as Architecture,
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  type IMachineImage,
  type InstanceArchitecture,
  type InstanceType,
  type ISecurityGroup,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  MachineImage,
  OperatingSystemType,
  UserData,
} from 'aws-cdk-lib/aws-ec2';
import { type IRole, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { type BootProps, bootScript, type DoorBoot } from './boot/boot-script.ts';
import { type WindowsBoot, windowsBootScript } from './boot/windows-boot.ts';

/** The role of machines that run a program of ours. It may do what it is granted and nothing else. */
export function machineRole(scope: Construct, id: string): Role {
  return new Role(scope, id, { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
}

/**
 * What the agent of Systems Manager needs for sessions and nothing of its other services (AWS Systems Manager User Guide,
 * "Verify or add instance permissions for Session Manager"). These actions know no resources. Who may begin a session is
 * said by the policies of people.
 */
export function sessionStatement(): PolicyStatement {
  const channels = ['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel'];
  return new PolicyStatement({
    sid: 'Sessions',
    actions: ['ssm:UpdateInstanceInformation', ...channels.map((name) => `ssmmessages:${name}`)],
    resources: ['*'],
  });
}

/** An image by its id, in whatever region the stack goes to. */
export function imageById(imageId: string): IMachineImage {
  return { getImage: () => ({ imageId, osType: OperatingSystemType.LINUX, userData: UserData.forLinux() }) };
}

/** The newest Amazon Linux 2023 with whatever kernel AWS ships it, looked up when the stack is deployed. */
export function amazonLinux(architecture: InstanceArchitecture): IMachineImage {
  const cpuType = architecture === Architecture.ARM_64 ? AmazonLinuxCpuType.ARM_64 : AmazonLinuxCpuType.X86_64;
  const kernel = new AmazonLinux2023Kernel('default');
  return new AmazonLinux2023ImageSsmParameter({ cpuType, kernel, cachedInContext: false });
}

/** The newest Windows Server 2022 without a desktop, looked up when the stack is deployed. It is x64 only. */
export function windowsServer(): IMachineImage {
  const parameter = '/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-Base';
  return MachineImage.fromSsmParameter(parameter, { os: OperatingSystemType.WINDOWS });
}

export interface MachineProps {
  readonly instanceType: InstanceType;
  readonly image: IMachineImage;
  readonly role: IRole;
  readonly securityGroup: ISecurityGroup;
  readonly diskGib: number;
  readonly boot: BootProps | WindowsBoot;
}

/**
 * How a machine of ours starts: metadata only by IMDSv2 and over one hop, an encrypted disk, a public address of its own
 * (clients talk to servers directly; gateways reach AWS without a NAT gateway).
 */
export function machineTemplate(scope: Construct, id: string, props: MachineProps): LaunchTemplate {
  const { boot } = props;
  const isWindows = boot.program === 'windows-agent';
  return new LaunchTemplate(scope, id, {
    instanceType: props.instanceType,
    machineImage: props.image,
    role: props.role,
    securityGroup: props.securityGroup,
    associatePublicIpAddress: true,
    httpTokens: LaunchTemplateHttpTokens.REQUIRED,
    httpPutResponseHopLimit: 1,
    blockDevices: [
      {
        deviceName: isWindows ? '/dev/sda1' : '/dev/xvda',
        volume: BlockDeviceVolume.ebs(props.diskGib, { encrypted: true, volumeType: EbsDeviceVolumeType.GP3 }),
      },
    ],
    userData: UserData.custom(isWindows ? windowsBootScript(boot) : bootScript(boot)),
  });
}

/** Where a boot reports its end; the group may be made later, since its template needs this first. */
export function bootSignal(scope: Construct, group: () => AutoScalingGroup): DoorBoot['signal'] {
  const logicalId = Lazy.string({
    produce: () => Stack.of(scope).resolve((group().node.defaultChild as CfnAutoScalingGroup).logicalId),
  });
  return { stackName: Aws.STACK_NAME, logicalId, region: Aws.REGION };
}
