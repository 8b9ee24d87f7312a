"""Resource types, properties and parameters that MiniStack's CloudFormation does not know."""

import itertools

from ministack.services import dynamodb, ec2, secretsmanager, ssm
from ministack.services.cloudformation import provisioners

HANDLERS = provisioners._RESOURCE_HANDLERS


def create_address(logical_id, props, stack_name):
    known = set(ec2._addresses)
    ec2._allocate_address({"Domain": [props.get("Domain", "vpc")]})
    allocation = next(id for id in ec2._addresses if id not in known)
    address = ec2._addresses[allocation]["PublicIp"]
    return address, {"AllocationId": allocation, "PublicIp": address}


def delete_address(physical_id, props):
    for allocation, address in list(ec2._addresses.items()):
        if address["PublicIp"] == physical_id:
            del ec2._addresses[allocation]


def rules_of_groups(direction):
    def create(logical_id, props, stack_name):
        group = ec2._security_groups[props["GroupId"]]
        group[direction].extend(provisioners._ec2_sg_permissions([props]))
        return f"sgr-{logical_id}", {"Id": f"sgr-{logical_id}"}

    def delete(physical_id, props):
        group = ec2._security_groups.get(props["GroupId"])
        for permission in provisioners._ec2_sg_permissions([props]):
            if group and permission in group[direction]:
                group[direction].remove(permission)

    return {"create": create, "delete": delete}


def table_with_ttl(create_table):
    def create(logical_id, props, stack_name):
        name, attributes = create_table(logical_id, props, stack_name)
        ttl = props.get("TimeToLiveSpecification") or {}
        if str(ttl.get("Enabled")).lower() == "true":
            dynamodb._ttl_settings[name] = {"TimeToLiveStatus": "ENABLED", "AttributeName": ttl["AttributeName"]}
        return name, attributes

    return create


def secrets_by_arn(handler):
    """`Ref` of a secret is its ARN, which policies name; here it would be the name."""

    def name_of(arn):
        return next((name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == arn), arn)

    def create(logical_id, props, stack_name):
        _, attributes = handler["create"](logical_id, props, stack_name)
        return attributes["Id"], attributes

    def update(arn, old_props, new_props, stack_name, logical_id=None):
        _, attributes = handler["update"](name_of(arn), old_props, new_props, stack_name, logical_id)
        return attributes["Id"], attributes

    def delete(arn, props):
        handler["delete"](name_of(arn), props)

    return {**handler, "create": create, "update": update, "delete": delete}


def install():
    HANDLERS["AWS::EC2::EIP"] = {"create": create_address, "delete": delete_address}
    HANDLERS["AWS::EC2::SecurityGroupIngress"] = rules_of_groups("IpPermissions")
    HANDLERS["AWS::EC2::SecurityGroupEgress"] = rules_of_groups("IpPermissionsEgress")
    table = HANDLERS["AWS::DynamoDB::Table"]
    HANDLERS["AWS::DynamoDB::Table"] = {**table, "create": table_with_ttl(table["create"])}
    secret = HANDLERS["AWS::SecretsManager::Secret"]
    HANDLERS["AWS::SecretsManager::Secret"] = secrets_by_arn(secret)
    # Images are never booted: any id will do.
    for kernel, architecture in itertools.product(("default", "6.1"), ("arm64", "x86_64")):
        name = f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-{kernel}-{architecture}"
        ssm._PUBLIC_AMI_PARAMETERS[name] = f"ami-{architecture.replace('_', ''):0>17}"
