# Run by cloud-init as root on a machine's first start; lib/boot/boot-script.ts puts variables and files before it.
# Fetches the files named there from the deployment's bucket, and nothing from anywhere else.

fail() {
  echo "onedoor: $*" >&2
  exit 1
}

# fetch URI SHA256 FILE: a file whose bytes are not the expected ones never gets its name.
fetch() {
  local uri=$1 sha256=$2 file=$3 pause
  for pause in 1 2 4 8 16 last; do
    if aws s3 cp --only-show-errors "$uri" "$file.part"; then break; fi
    if [ "$pause" = last ]; then fail "cannot fetch $uri"; fi
    sleep "$pause"
  done
  if ! echo "$sha256  $file.part" | sha256sum --check --status; then
    rm -f "$file.part"
    fail "$uri does not have the SHA-256 $sha256: nothing is started"
  fi
  mv "$file.part" "$file"
}

# user NAME: a system user who owns nothing and cannot log in.
user() {
  if ! id "$1" >/dev/null 2>&1; then
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /sbin/nologin "$1"
  fi
}

# answers URL: waits up to two minutes for any answer at all.
answers() {
  local tries
  for ((tries = 0; tries < 60; tries++)); do
    if curl --silent --output /dev/null --max-time 2 "$1"; then return; fi
    sleep 2
  done
  fail "no answer from $1"
}

# metadata PATH: what this machine is told about itself (IMDSv2).
metadata() {
  local base=http://169.254.169.254/latest token
  token=$(curl --silent --fail --retry 5 --max-time 5 --request PUT \
    --header 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$base/api/token")
  curl --silent --fail --retry 5 --max-time 5 --header "X-aws-ec2-metadata-token: $token" "$base/meta-data/$1"
}

install_program() {
  user onedoor
  fetch "$NODE_URI" "$NODE_SHA256" /opt/onedoor/node.gz
  gunzip --force /opt/onedoor/node.gz
  chmod 755 /opt/onedoor/node
  # Where it runs already, the updater alone changes it.
  if [ ! -e "/opt/onedoor/$PROGRAM.mjs" ]; then fetch "$PROGRAM_URI" "$PROGRAM_SHA256" "/opt/onedoor/$PROGRAM.mjs"; fi
  # Beside the gateway, which looks for it there.
  if [ -n "${FFI_URI:-}" ]; then fetch "$FFI_URI" "$FFI_SHA256" /opt/onedoor/koffi.node; fi
  chmod 755 /opt/onedoor/updater
}

# The agent writes its rows under the `aws:userid` that IAM sees: the role's id and the machine's.
user_id() {
  if [ -n "${ROLE_ID:-}" ]; then
    local instance
    instance=$(metadata instance-id) || fail 'the instance metadata does not answer'
    echo "$ROLE_ID:$instance"
  else
    aws sts get-caller-identity --query UserId --output text || fail 'this machine has no role'
  fi
}

introduce_agent() {
  local identity
  identity=$(user_id)
  echo "ONEDOOR_IDENTITY='$identity'" >>/etc/onedoor/agent.env
  # Group and user of the game: it may read the token and nothing else of the agent's.
  user onedoor-game
  (umask 027 && head --bytes 32 /dev/urandom | sha256sum | cut --delimiter ' ' --fields 1 >/etc/onedoor/api-token)
  chown onedoor:onedoor-game /etc/onedoor/api-token
  chmod 755 /opt/onedoor/minder
}

install_game() {
  mkdir -p /opt/game
  if [ -n "${GAME_URI:-}" ]; then
    fetch "$GAME_URI" "$GAME_SHA256" "/opt/game/$GAME_FILE"
    case "$GAME_FILE" in
      *.tar.gz)
        tar --extract --gzip --no-same-owner --directory /opt/game --file "/opt/game/$GAME_FILE"
        rm "/opt/game/$GAME_FILE"
        ;;
    esac
  fi
  if [ -f /opt/onedoor/install-game ]; then
    chown onedoor-game:onedoor-game /opt/game
    chmod 755 /opt/onedoor/install-game
    (cd /opt/game && runuser --user onedoor-game -- /opt/onedoor/install-game) || fail 'cannot install the game'
  fi
  chmod 755 /opt/onedoor/start-game
  sed --in-place "s/@GAME_UID@/$(id --user onedoor-game)/g" /etc/systemd/system/onedoor-metadata-guard.service
}

main() {
  install_program
  if [ "$PROGRAM" = agent ]; then introduce_agent; fi
  if [ -n "${SLOTS:-}" ]; then install_game; fi
  systemctl daemon-reload
  if [ -n "${SLOTS:-}" ]; then
    systemctl enable --now onedoor-metadata-guard.service
    for ((slot = 0; slot < SLOTS; slot++)); do systemctl enable --now "onedoor-game@$slot.service"; done
  fi
  systemctl enable --now "onedoor-$PROGRAM.service"
  if [ "$PROGRAM" = agent ]; then systemctl enable --now onedoor-minder.service; fi
  if [ -n "${HEALTH_URL:-}" ]; then answers "$HEALTH_URL"; fi
  systemctl enable --now onedoor-updater.service
}

main
