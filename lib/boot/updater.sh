#!/bin/bash
# Brings the program of this machine to the version that the registry wants (item VERSION#<program>), and back by itself
# if the new one does not get as well as the old one was within a minute. Each machine looks at times of its own, so
# that they do not change all at once. `updater now` looks once.
set -euo pipefail
: "${PROGRAM:?}" "${TABLE:?}" "${HEALTH_URL:?}" "${PERIOD:?}"
FILE=${FOLDER:-/opt/onedoor}/$PROGRAM.mjs
PAUSE=${PAUSE:-2}
PATIENCE=${PATIENCE:-60}
# Good answers in a row after which a program is well: one that crashes again and again may give some between.
CHECKS=5
# Newest format of the item that is understood here.
FORMAT=1

told=
# tell WORDS: what lasts is said once.
tell() {
  if [ "$told" != "$*" ]; then echo "$*"; fi
  told=$*
}

sha256_of() {
  sha256sum "$1" | cut --delimiter ' ' --fields 1
}

health() {
  curl --silent --output /dev/null --write-out '%{http_code}' --max-time 2 "$HEALTH_URL" || true
}

# An agent's sessions are in its journal; a gateway first fails its health, so that it gets nothing new.
restart() {
  systemctl restart "onedoor-$PROGRAM.service" || tell "$PROGRAM cannot be restarted"
}

# well STATUS: whether the program gets well; if it was not before, whether it answers.
well() {
  local before=$1 good=0 end=$((SECONDS + PATIENCE)) status
  while ((SECONDS < end)); do
    sleep "$PAUSE"
    status=$(health)
    if [ "$status" = 200 ] || { [ "$before" != 200 ] && [ "$status" != 000 ]; }; then
      if ((++good >= CHECKS)); then return 0; fi
    else
      good=0
    fi
  done
  return 1
}

# judge: ends a trial that was begun, here or by an updater that did not live to see its end.
judge() {
  if well "$(<"$FILE.trial")"; then
    rm "$FILE.trial"
    tell "$PROGRAM runs $(sha256_of "$FILE")"
    return
  fi
  sha256_of "$FILE" >"$FILE.refused"
  cp "$FILE.old" "$FILE.part"
  mv "$FILE.part" "$FILE"
  restart
  rm "$FILE.trial"
  tell "$PROGRAM $(<"$FILE.refused") does not get well: back to $(sha256_of "$FILE")"
}

look() {
  local key answer format version uri sha256 now
  key="{\"pk\":{\"S\":\"VERSION#$PROGRAM\"}}"
  if ! answer=$(aws dynamodb get-item --table-name "$TABLE" --key "$key" --output text \
    --query 'Item.[v.N,version.S,uri.S,sha256.S]'); then
    tell 'the registry does not say which version it wants'
    return
  fi
  read -r format version uri sha256 <<<"$answer"
  if [ "$format" = None ]; then return; fi
  if [ "$format" != "$FORMAT" ] || [[ ! "$sha256" =~ ^[0-9a-f]{64}$ ]]; then
    tell "the wanted version is written in a way that is not known here ($format): left alone"
    return
  fi
  now=$(sha256_of "$FILE")
  if [ "$sha256" = "$now" ] || [ "$sha256" = "$(cat "$FILE.refused" 2>/dev/null)" ]; then return; fi
  if ! aws s3 cp --only-show-errors "$uri" "$FILE.new"; then
    tell "cannot fetch $uri: keeping $now"
    return
  fi
  if [ "$(sha256_of "$FILE.new")" != "$sha256" ]; then
    rm "$FILE.new"
    tell "$uri does not have the SHA-256 $sha256: keeping $now"
    return
  fi
  tell "$PROGRAM goes to $version"
  cp "$FILE" "$FILE.old"
  health >"$FILE.trial"
  chmod 644 "$FILE.new"
  mv "$FILE.new" "$FILE"
  restart
  judge
}

if [ -e "$FILE.trial" ]; then judge; fi
if [ "${1:-}" = now ]; then
  look
  exit
fi
while sleep $((PERIOD / 2 + RANDOM % PERIOD)); do look; done
