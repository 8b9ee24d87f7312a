"""Starts LocalStack on this machine itself, without Docker: functions run in processes of their own beside it, and
DynamoDBLocal comes from the jars in ONEDOOR_DYNAMODB_JARS.
"""

import os
import socket
import subprocess

from localstack import config
from localstack.services.cloudformation.engine.v2 import change_set_model_executor, change_set_model_preproc
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceProviderExecutor,
)
from localstack.services.dynamodb import packages, server
from localstack.services.lambda_.invocation import plugins
from localstack.services.lambda_.invocation.executor_endpoint import ExecutorEndpoint
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor
from localstack.services.lambda_.runtimes import ALL_RUNTIMES
from localstack.utils import run

JARS = os.environ["ONEDOOR_DYNAMODB_JARS"]
NODE = os.environ["ONEDOOR_NODE"]
RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "runner.mjs")
HOST = "127.0.0.1"


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class ProcessExecutor(RuntimeExecutor):
    """One environment of a function: a Node process that speaks the protocol of LocalStack's init program."""

    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self.port = free_port()
        self.endpoint = ExecutorEndpoint(self.id, container_address=HOST, container_port=self.port)
        self.process = None

    def start(self, env_vars):
        self.endpoint.start()
        code = str(self.function_version.config.code.get_unzipped_code_location())
        given = {name: str(value) for name, value in env_vars.items()}
        self.process = subprocess.Popen(
            [NODE, RUNNER],
            cwd=code,
            env={**given, "PATH": "", "TZ": "UTC", "LAMBDA_TASK_ROOT": code, "ONEDOOR_RUNNER_PORT": str(self.port)},
        )
        self.endpoint.wait_for_startup()

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
        try:
            self.endpoint.shutdown()
        except Exception:
            # It is shut down twice when LocalStack ends.
            pass

    def get_address(self):
        return HOST

    def get_endpoint_from_executor(self):
        return HOST

    def get_runtime_endpoint(self):
        return f"http://{HOST}:{config.GATEWAY_LISTEN[0].port}{self.endpoint.get_endpoint_prefix()}"

    def invoke(self, payload):
        return self.endpoint.invoke(payload)

    def get_logs(self):
        return ""

    @classmethod
    def prepare_version(cls, function_version):
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        pass


class AddressProvider(ResourceProvider):
    """Elastic IPs: EC2 has them, and programs that are told the one address want one."""

    TYPE = "AWS::EC2::EIP"
    SCHEMA = {
        "typeName": TYPE,
        "properties": {},
        "primaryIdentifier": ["/properties/PublicIp"],
        "readOnlyProperties": ["/properties/PublicIp", "/properties/AllocationId"],
    }

    def create(self, request):
        address = request.aws_client_factory.ec2.allocate_address(Domain="vpc")
        model = {**request.desired_state, **{name: address[name] for name in ("PublicIp", "AllocationId")}}
        return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)

    def delete(self, request):
        request.aws_client_factory.ec2.release_address(AllocationId=request.previous_state["AllocationId"])
        return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=request.previous_state)


def with_addresses(load_provider):
    def load(resource_type):
        return AddressProvider() if resource_type == AddressProvider.TYPE else load_provider(resource_type)

    return staticmethod(load)


def dynamodb_command(self):
    main = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"
    command = ["java", f"-Xmx{self.heap_size}", f"-Djava.library.path={JARS}", "-cp", f"{JARS}/*", main]
    return [*command, "-port", str(self.port), "-inMemory", "-sharedDb", "-disableTelemetry"]


if __name__ == "__main__":
    # What is started here stays in this process's group, so that nothing outlives it.
    run.is_linux = lambda: False
    # The runner is whatever Node is named; LocalStack would look for an image.
    ALL_RUNTIMES.append("nodejs24.x")
    ResourceProviderExecutor.try_load_resource_provider = with_addresses(
        ResourceProviderExecutor.try_load_resource_provider
    )
    # What a placeholder is called: templates split ARNs at slashes, and take their parts.
    for module in (change_set_model_executor, change_set_model_preproc):
        module.MOCKED_REFERENCE = "unknown/unknown/unknown/unknown"
    plugins.DockerRuntimeExecutorPlugin.load = lambda self, *_, **__: ProcessExecutor
    installer = packages.DynamoDBLocalPackageInstaller
    installer.install = lambda self, *_, **__: None
    installer.get_java_env_vars = lambda self: {}
    server.DynamodbServer._create_shell_command = dynamodb_command
    from localstack.runtime.main import main

    main()
