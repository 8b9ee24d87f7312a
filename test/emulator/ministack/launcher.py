"""Starts MiniStack with what its version 1.5.33 lacks for Onedoor's template; see the modules beside this one.

SIGUSR1: from now on IAM decides about every request; SIGUSR2: everything is allowed again.
"""

import signal

import access
import balancers
import machines
import resources
from ministack import app
from ministack.core import lambda_runtime


def switch_iam(is_on):
    app.AUTH = is_on
    # A running function has the credentials that it was started with.
    for key in list(lambda_runtime._workers):
        account, region, name, _ = key.split(":", 3)
        lambda_runtime.invalidate_worker(name, account=account, region=region)
    print(f"onedoor: IAM {'decides' if is_on else 'allows everything'}", flush=True)


if __name__ == "__main__":
    for module in (resources, balancers, machines, access):
        module.install()
    signal.signal(signal.SIGUSR1, lambda *_: switch_iam(True))
    signal.signal(signal.SIGUSR2, lambda *_: switch_iam(False))
    app.main()
