# Looks after the agent of this machine, every few seconds, as minder.sh does on Linux:
# - as soon as AWS says that the machine will go (scale-in, spot interruption, advice to rebalance), the agent is told to
#   drain;
# - an agent that does not even answer its health check any more is started again.
$ErrorActionPreference = 'Stop'
$Metadata = 'http://169.254.169.254/latest'
# Failed checks in a row after which the agent counts as stuck.
$Stuck = 6

# Get-Metadata: nothing where there is no such item.
function Get-Metadata([string]$Path) {
  try {
    $ask = @{ 'X-aws-ec2-metadata-token-ttl-seconds' = '60' }
    $token = Invoke-RestMethod -Method Put -Headers $ask -Uri "$Metadata/api/token" -TimeoutSec 2
    Invoke-RestMethod -Headers @{ 'X-aws-ec2-metadata-token' = $token } -Uri "$Metadata/meta-data/$Path" -TimeoutSec 2
  } catch {
    $null
  }
}

function Test-Departing {
  ((Get-Metadata 'autoscaling/target-lifecycle-state') -eq 'Terminated') -or
  ($null -ne (Get-Metadata 'spot/instance-action')) -or
  ($null -ne (Get-Metadata 'events/recommendations/rebalance'))
}

function Invoke-Drain {
  $headers = @{ Authorization = "Bearer $((Get-Content -Raw -Path $env:API_TOKEN_FILE).Trim())" }
  for ($slot = 0; $slot -lt [int]$env:SLOTS; $slot++) {
    $uri = "http://127.0.0.1:$([int]$env:API_PORT + $slot)/drain"
    try { Invoke-RestMethod -Method Post -Headers $headers -Uri $uri -TimeoutSec 2 | Out-Null } catch { return $false }
  }
  $true
}

# Test-Answer: any answer will do, also one that says the game is not well.
function Test-Answer {
  try {
    Invoke-WebRequest -UseBasicParsing -Uri "http://127.0.0.1:$env:API_PORT/healthz" -TimeoutSec 2 | Out-Null
    $true
  } catch {
    $null -ne $_.Exception.Response
  }
}

$failed = 0
$draining = 'no'
while ($true) {
  Start-Sleep -Seconds 5
  if ($draining -eq 'no' -and (Test-Departing)) {
    Write-Output 'this machine will go: draining'
    $draining = 'asked'
  }
  # Asked again until every slot has heard it; an agent that was started anew has not.
  if ($draining -eq 'asked' -and (Invoke-Drain)) { $draining = 'yes' }
  if (Test-Answer) {
    $failed = 0
  } else {
    $failed++
    if ($failed -ge $Stuck) {
      Write-Output 'the agent does not answer: starting it again'
      try { Restart-Service -Force -Name onedoor-agent } catch { Write-Output "$_" }
      $failed = 0
      if ($draining -eq 'yes') { $draining = 'asked' }
    }
  }
}
