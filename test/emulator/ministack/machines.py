"""Machines of Auto Scaling groups as EC2 has them, each with an address of its own on loopback on which its programs can be
started, the metadata service that they ask, and the lifecycle that the reaper works with.
"""

import contextvars
import json
import random
import socket
import threading

from metadata import PORT, serve_metadata
from ministack.services import autoscaling, ec2, eventbridge, iam
from ministack.services.cloudformation import provisioners

GROUP = "AWS::AutoScaling::AutoScalingGroup"
PUBLIC_PREFIX = "54."
METADATA = {}
random_ip = ec2._random_ip
terminate_instances = ec2._terminate_instances
describe_attribute = ec2._describe_instance_attribute


def free_addresses():
    """Those of a network 127.77.x.0/24 that no other emulator on this machine has: its last one is the lock."""
    while True:
        network = f"127.77.{random.randint(0, 255)}"
        lock = socket.socket()
        try:
            lock.bind((f"{network}.254", PORT))
            break
        except OSError:
            lock.close()
    for number in range(1, 254):
        yield f"{network}.{number}"
    lock.close()


ADDRESSES = free_addresses()


def address(prefix):
    return next(ADDRESSES) if prefix == PUBLIC_PREFIX else random_ip(prefix)


def announce(instance_id, state):
    """What EC2 tells EventBridge; a function that it starts must not hold up whoever changed the state."""
    event = {
        "Source": "aws.ec2",
        "DetailType": "EC2 Instance State-change Notification",
        "Detail": json.dumps({"instance-id": instance_id, "state": state}),
        "Resources": [],
    }
    run = contextvars.copy_context().run
    threading.Thread(
        target=run, args=(eventbridge._put_events, {"Entries": [event]}), kwargs={"allow_aws_source": True}, daemon=True
    ).start()


def terminate(params):
    answer = terminate_instances(params)
    for instance_id in ec2._parse_member_list(params, "InstanceId") if answer[0] == 200 else []:
        service = METADATA.pop(instance_id, None)
        if service:
            service.shutdown()
        announce(instance_id, "terminated")
        replace(instance_id)
    return answer


def replace(instance_id):
    """As Auto Scaling does for a machine that its group has lost."""
    for group in autoscaling._asgs.values():
        kept = [machine for machine in group["Instances"] if machine["InstanceId"] != instance_id]
        if len(kept) < len(group["Instances"]):
            group["Instances"] = kept
            launch(group)


def describe(params):
    machine = ec2._instances.get(ec2._p(params, "InstanceId"))
    if not machine or ec2._p(params, "Attribute") != "userData":
        return describe_attribute(params)
    value = f"<userData><value>{machine['UserData']}</value></userData>"
    return ec2._xml(
        200, "DescribeInstanceAttributeResponse", f"<instanceId>{machine['InstanceId']}</instanceId>{value}"
    )


def launch(group):
    """Brings EC2 to the number of machines that the group wants, each in one of its subnets and with its tags."""
    template = ec2._launch_templates[group["LaunchTemplate"]["LaunchTemplateId"]]
    data = template["Versions"][-1]["LaunchTemplateData"]
    port = (data.get("NetworkInterfaces") or [{}])[0]
    subnets = group["VPCZoneIdentifier"].split(",")
    tags = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in group["Tags"] if tag["PropagateAtLaunch"]]
    tags.append({"Key": "aws:autoscaling:groupName", "Value": group["AutoScalingGroupName"]})
    profile = iam._lookup_instance_profile(arn=data["IamInstanceProfile"]["Arn"])
    for number in range(len(group["Instances"]), group["DesiredCapacity"]):
        subnet = subnets[number % len(subnets)]
        [machine] = ec2._launch_instances_internal(
            data["ImageId"],
            data["InstanceType"],
            subnet,
            1,
            user_data=data["UserData"],
            sg_ids=port.get("Groups") or data.get("SecurityGroupIds"),
            iam_profile={"Arn": profile["Arn"], "Id": profile["InstanceProfileId"]},
        )
        instance_id, zone = machine["InstanceId"], ec2._subnets[subnet]["AvailabilityZone"]
        machine["Placement"]["AvailabilityZone"] = zone
        ec2._tags[instance_id] = list(tags)
        METADATA[instance_id] = serve_metadata(machine["PublicIpAddress"], instance_id, iam._roles[profile["Roles"][0]])
        group["Instances"].append(
            {
                "InstanceId": instance_id,
                "LifecycleState": "InService",
                "HealthStatus": "Healthy",
                "AvailabilityZone": zone,
                "ProtectedFromScaleIn": False,
                "LaunchTemplate": group["LaunchTemplate"],
                "LaunchConfigurationName": "",
            }
        )
        announce(instance_id, "running")


def group_with_machines(create_group):
    def create(logical_id, props, stack_name):
        name, attributes = create_group(logical_id, props, stack_name)
        launch(autoscaling._asgs[name])
        return name, attributes

    return create


def end_of_group(delete_group):
    def delete(name, props):
        group = autoscaling._asgs.get(name) or {"Instances": []}
        group["DesiredCapacity"] = 0
        for machine in list(group["Instances"]):
            terminate({"InstanceId.1": machine["InstanceId"]})
        delete_group(name, props)

    return delete


def find(instance_id):
    return next(
        (group, machine)
        for group in autoscaling._asgs.values()
        for machine in group["Instances"]
        if machine["InstanceId"] == instance_id
    )


def done(action):
    return autoscaling._xml(200, f"{action}Response", f"<{action}Result/>")


def set_protection(params):
    for instance_id in autoscaling._parse_member_list(params, "InstanceIds"):
        find(instance_id)[1]["ProtectedFromScaleIn"] = params["ProtectedFromScaleIn"] == "true"
    return done("SetInstanceProtection")


def end_machine(params):
    """As when the group gets smaller: the machine waits at the hook, or goes at once where there is none."""
    group, machine = find(params["InstanceId"])
    hooks = [key for key in autoscaling._hooks.keys() if key.startswith(f"{group['AutoScalingGroupName']}/")]
    machine["LifecycleState"] = "Terminating:Wait" if hooks else "Terminating"
    group["DesiredCapacity"] -= 1
    if not hooks:
        terminate({"InstanceId.1": machine["InstanceId"]})
    return done("TerminateInstanceInAutoScalingGroup")


def complete_action(params):
    group, machine = find(params["InstanceId"])
    hook = f"{params['AutoScalingGroupName']}/{params['LifecycleHookName']}"
    is_at_hook = params["AutoScalingGroupName"] == group["AutoScalingGroupName"] and hook in autoscaling._hooks
    if machine["LifecycleState"] != "Terminating:Wait" or not is_at_hook:
        return autoscaling._error("ValidationError", "No active Lifecycle Action found")
    terminate({"InstanceId.1": machine["InstanceId"]})
    return done("CompleteLifecycleAction")


def install():
    ec2._random_ip = address
    ec2._ACTION_MAP.update(TerminateInstances=terminate, DescribeInstanceAttribute=describe)
    autoscaling._ACTION_MAP.update(
        SetInstanceProtection=set_protection,
        TerminateInstanceInAutoScalingGroup=end_machine,
        CompleteLifecycleAction=complete_action,
    )
    handler = provisioners._RESOURCE_HANDLERS[GROUP]
    provisioners._RESOURCE_HANDLERS[GROUP] = {
        **handler,
        "create": group_with_machines(handler["create"]),
        "delete": end_of_group(handler["delete"]),
    }
