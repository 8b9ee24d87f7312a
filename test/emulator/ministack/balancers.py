"""Load balancers as targets of load balancers: the way that a network load balancer reaches a function."""

from ministack.services import alb
from ministack.services.cloudformation import provisioners

TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"


def group_with_targets(create_group):
    def create(logical_id, props, stack_name):
        arn, attributes = create_group(logical_id, props, stack_name)
        for target in props.get("Targets") or []:
            port = {"Port": int(target["Port"])} if "Port" in target else {}
            alb._targets[arn].append({"Id": target["Id"], **port})
        return arn, attributes

    return create


def forward_to_balancers(forward_to_others):
    async def forward(group_arn, method, path, headers, body, query_params, raw_query_string=None, raw_path=None):
        group, targets = alb._tgs.get(group_arn) or {}, alb._targets.get(group_arn)
        if group.get("TargetType") != "alb" or not targets:
            return await forward_to_others(
                group_arn, method, path, headers, body, query_params, raw_query_string, raw_path
            )
        balancer, port = alb._lbs[targets[0]["Id"]], targets[0].get("Port", group["Port"])
        return await alb.dispatch_request(
            balancer, method, path, headers, body, query_params, port,
            raw_query_string=raw_query_string, raw_path=raw_path,
        )

    return forward


def install():
    handler = provisioners._RESOURCE_HANDLERS[TARGET_GROUP]
    provisioners._RESOURCE_HANDLERS[TARGET_GROUP] = {**handler, "create": group_with_targets(handler["create"])}
    alb._forward_to_tg = forward_to_balancers(alb._forward_to_tg)
