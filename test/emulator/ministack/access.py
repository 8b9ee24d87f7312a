"""What MiniStack's IAM does not know: variables in conditions, keys of items, all attributes of a request, and TLS.

As the Service Authorization Reference has them: `dynamodb:LeadingKeys` are the partition keys that a request names,
`dynamodb:Attributes` the top-level attributes of its parameters, those of its key and its expressions included.
"""

import json
import re

from ministack.core import iam_actions, iam_evaluator

EXPRESSIONS = ("UpdateExpression", "ConditionExpression", "ProjectionExpression", "KeyConditionExpression")
WORDS = {
    "SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "IN", "BETWEEN", "attribute_exists", "attribute_not_exists",
    "attribute_type", "begins_with", "contains", "size", "if_not_exists", "list_append",
}  # fmt: skip
PARTITION_KEY = "pk"


def keys_of(request):
    """The keys of the items that a request names; where it brings whole items, these."""
    if "Key" in request or "Item" in request:
        return [request.get("Key") or request["Item"]]
    tables = (request.get("RequestItems") or {}).values()
    return [key for table in tables if isinstance(table, dict) for key in table.get("Keys") or []]


def attributes_of(request):
    names = request.get("ExpressionAttributeNames") or {}
    found = {name for key in keys_of(request) for name in key}
    for field in EXPRESSIONS:
        paths = re.findall(r"(?<![\w.:#])(#?[A-Za-z_][\w.]*)", request.get(field) or "")
        for path in paths:
            head = path.split(".")[0]
            if head not in WORDS:
                found.add(names.get(head, head))
    return sorted(found)


def context_with_keys(stock_context):
    def context(body):
        request = json.loads(body or b"{}")
        known = stock_context(body)
        keys = [key[PARTITION_KEY]["S"] for key in keys_of(request) if PARTITION_KEY in key]
        attributes = attributes_of(request)
        return {
            **known,
            **({"dynamodb:LeadingKeys": keys} if keys else {}),
            **({"dynamodb:Attributes": attributes} if attributes else {}),
        }

    return context


def conditions_with_variables(conditions_met):
    def met(conditions, context):
        text = json.dumps(conditions or {})
        for name in set(re.findall(r"\$\{([^}*?$]+)\}", text)):
            value = iam_evaluator._resolve_condition_key(name, context)
            if value is not None:
                text = text.replace(f"${{{name}}}", json.dumps(str(value))[1:-1])
        return conditions_met(json.loads(text), context)

    return met


def over_tls(resolve):
    """The emulator has no certificate; AWS's endpoints do, and the bootstrap bucket refuses whoever goes around it."""

    def resolved(key, context):
        return "true" if key.lower() == "aws:securetransport" else resolve(key, context)

    return resolved


def install():
    iam_evaluator._resolve_condition_key = over_tls(iam_evaluator._resolve_condition_key)
    iam_evaluator._conditions_met = conditions_with_variables(iam_evaluator._conditions_met)
    iam_actions.dynamodb_service_context = context_with_keys(iam_actions.dynamodb_service_context)
