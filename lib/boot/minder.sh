#!/bin/bash
# Looks after the agent of this machine, every few seconds:
# - as soon as AWS says that the machine will go (scale-in, which waits at the lifecycle hook; spot interruption; advice to
#   rebalance), the agent is told to drain, so that nobody new comes and those who play are moved or play on to the end;
# - an agent that does not even answer its health check any more is started again.
set -euo pipefail
: "${SLOTS:?}" "${API_PORT:?}" "${API_TOKEN_FILE:?}"
METADATA=${METADATA:-http://169.254.169.254/latest}
PAUSE=${PAUSE:-5}
# Failed checks in a row after which the agent counts as stuck.
STUCK=6

metadata() {
  local token
  token=$(curl --silent --fail --max-time 2 --request PUT \
    --header 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$METADATA/api/token") || return 1
  curl --silent --fail --max-time 2 --header "X-aws-ec2-metadata-token: $token" "$METADATA/meta-data/$1"
}

departing() {
  [ "$(metadata autoscaling/target-lifecycle-state)" = Terminated ] ||
    metadata spot/instance-action >/dev/null ||
    metadata events/recommendations/rebalance >/dev/null
}

drain() {
  local slot
  for ((slot = 0; slot < SLOTS; slot++)); do
    curl --silent --fail --max-time 2 --request POST --header "Authorization: Bearer $(<"$API_TOKEN_FILE")" \
      "http://127.0.0.1:$((API_PORT + slot))/drain" || return 1
  done
}

failed=0
draining=no
while sleep "$PAUSE"; do
  if [ "$draining" = no ] && departing; then
    echo 'this machine will go: draining'
    draining=asked
  fi
  # Asked again until every slot has heard it; an agent that was started anew has not.
  if [ "$draining" = asked ] && drain; then draining=yes; fi
  if curl --silent --output /dev/null --max-time 2 "http://127.0.0.1:$API_PORT/healthz"; then
    failed=0
  elif ((++failed >= STUCK)); then
    echo 'the agent does not answer: starting it again'
    systemctl restart onedoor-agent.service
    failed=0
    if [ "$draining" = yes ]; then draining=asked; fi
  fi
done
