# Run by EC2Launch as Administrator on a machine's first start; lib/boot/windows-boot.ts puts variables and files before it.
# Fetches the files named there from the deployment's bucket, and nothing from anywhere else.

# Get-Program: a file whose bytes are not the expected ones never gets its name.
function Get-Program([string]$Uri, [string]$Sha256, [string]$Path) {
  $bucket, $key = ($Uri -replace '^s3://', '') -split '/', 2
  foreach ($pause in 1, 2, 4, 8, 16, 0) {
    try {
      Read-S3Object -BucketName $bucket -Key $key -File "$Path.part" | Out-Null
      break
    } catch {
      if ($pause -eq 0) { throw "cannot fetch ${Uri}: $_" }
      Start-Sleep -Seconds $pause
    }
  }
  $found = (Get-FileHash -Algorithm SHA256 -Path "$Path.part").Hash
  if ($found -ne $Sha256) {
    Remove-Item -Path "$Path.part"
    throw "$Uri does not have the SHA-256 ${Sha256}: nothing is started"
  }
  Move-Item -Force -Path "$Path.part" -Destination $Path
}

function Expand-Gzip([string]$From, [string]$To) {
  $in = [IO.File]::OpenRead($From)
  $out = [IO.File]::Create($To)
  try {
    $zip = New-Object IO.Compression.GZipStream($in, [IO.Compression.CompressionMode]::Decompress)
    $zip.CopyTo($out)
  } finally {
    $out.Dispose()
    $in.Dispose()
  }
  Remove-Item -Path $From
}

# Get-Metadata: what this machine is told about itself (IMDSv2).
function Get-Metadata([string]$Path) {
  $base = 'http://169.254.169.254/latest'
  $ask = @{ 'X-aws-ec2-metadata-token-ttl-seconds' = '60' }
  $token = Invoke-RestMethod -Method Put -Headers $ask -Uri "$base/api/token" -TimeoutSec 5
  Invoke-RestMethod -Headers @{ 'X-aws-ec2-metadata-token' = $token } -Uri "$base/meta-data/$Path" -TimeoutSec 5
}

# Install-Program: a service under an account of its own, which exists as long as the service does and has no password.
function Install-Program([string]$Name, [hashtable]$Settings) {
  $Settings.logs = "$Data\logs"
  $lines = $Settings.GetEnumerator() | ForEach-Object { "$($_.Key)=$($_.Value)" }
  [IO.File]::WriteAllLines("$Programs\$Name.run", [string[]]$lines)
  New-Service -Name $Name -BinaryPathName "`"$Programs\service.exe`" $Name" -StartupType Automatic | Out-Null
  & sc.exe config $Name obj= "NT SERVICE\$Name" | Out-Null
  if ($LASTEXITCODE -ne 0) { throw "cannot give $Name an account" }
  & sc.exe failure $Name reset= 0 actions= restart/1000 | Out-Null
  # The log is the program's own to write.
  New-Item -Force -ItemType File -Path "$Data\logs\$Name.log" | Out-Null
  & icacls.exe "$Data\logs" /grant "NT SERVICE\${Name}:(OI)(CI)(M)" | Out-Null
}

# Block-Metadata: whoever takes over the game must not get the machine's credentials.
function Block-Metadata([string]$Name) {
  $account = New-Object Security.Principal.NTAccount("NT SERVICE\$Name")
  $sid = $account.Translate([Security.Principal.SecurityIdentifier]).Value
  New-NetFirewallRule -DisplayName "$Name has no metadata" -Direction Outbound -Action Block -LocalUser "D:(A;;CC;;;$sid)" `
    -RemoteAddress 169.254.169.254, fd00:ec2::254 | Out-Null
}

# Protect-Path: for Administrators, the system, and the accounts that are named with their rights.
function Protect-Path([string]$Path, [string[]]$Grants) {
  & icacls.exe $Path /inheritance:r /grant 'Administrators:(OI)(CI)(F)' 'SYSTEM:(OI)(CI)(F)' | Out-Null
  foreach ($grant in $Grants) {
    & icacls.exe $Path /grant $grant | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "cannot grant $grant on $Path" }
  }
}

function Install-Agent {
  $identity = "${RoleId}:$(Get-Metadata 'instance-id')"
  $settings = @{ program = "$Programs\node.exe"; directory = $Programs; fresh = "$Data\journal" }
  $settings.arguments = "`"$Programs\agent.mjs`" --identity $identity $AgentArguments"
  foreach ($name in $AgentEnvironment.Keys) { $settings["env.$name"] = $AgentEnvironment[$name] }
  Install-Program 'onedoor-agent' $settings
  Protect-Path "$Data\journal" 'NT SERVICE\onedoor-agent:(OI)(CI)(M)'
}

function Install-Games {
  New-Item -Force -ItemType Directory -Path $Games | Out-Null
  if ($GameUri) {
    Get-Program $GameUri $GameSha256 "$Games\$GameFile"
    if ($GameFile -match '\.(zip|tar\.gz)$') {
      & tar.exe -x -f "$Games\$GameFile" -C $Games
      if ($LASTEXITCODE -ne 0) { throw "cannot unpack $GameFile" }
      Remove-Item -Path "$Games\$GameFile"
    }
  }
  if ($GameInstall) {
    [IO.File]::WriteAllText("$Programs\install-game.ps1", "Set-Location '$Games'`n$GameInstall")
    & powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File "$Programs\install-game.ps1"
    if ($LASTEXITCODE -ne 0) { throw 'cannot install the game' }
  }
  [IO.File]::WriteAllText("$Programs\start-game.ps1", $GameCommand)
  for ($slot = 0; $slot -lt $Slots; $slot++) {
    $name = "onedoor-game-$slot"
    $settings = @{ program = 'powershell.exe'; directory = $Games }
    $settings.arguments = "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$Programs\start-game.ps1`""
    $settings['env.SLOT'] = $slot
    $settings['env.PORT'] = $GamePort + $slot
    $settings['env.ONEDOOR_AGENT'] = "http://127.0.0.1:$($ApiPort + $slot)"
    $settings['env.ONEDOOR_TOKEN_FILE'] = $TokenFile
    Install-Program $name $settings
    Block-Metadata $name
    & icacls.exe $Games /grant "NT SERVICE\${name}:(OI)(CI)(M)" | Out-Null
  }
}

function Install-Minder {
  $settings = @{ program = 'powershell.exe'; directory = $Programs }
  $settings.arguments = "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$Programs\minder.ps1`""
  $settings['env.SLOTS'] = $Slots
  $settings['env.API_PORT'] = $ApiPort
  $settings['env.API_TOKEN_FILE'] = $TokenFile
  Install-Program 'onedoor-minder' $settings
  # It starts a stuck agent again, and nothing else: start, stop and query for its account, on that service alone.
  $account = New-Object Security.Principal.NTAccount('NT SERVICE\onedoor-minder')
  $sid = $account.Translate([Security.Principal.SecurityIdentifier]).Value
  $all = 'D:(A;;CCLCSWRPWPDTLOCRRC;;;SY)(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BA)'
  & sc.exe sdset onedoor-agent "$all(A;;LCRPWP;;;$sid)" | Out-Null
  if ($LASTEXITCODE -ne 0) { throw 'cannot let the minder restart the agent' }
}

# New-Token: the agent's and the games', nobody else's.
function New-Token {
  $bytes = New-Object byte[] 32
  [Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($bytes)
  [IO.File]::WriteAllText($TokenFile, [BitConverter]::ToString($bytes).Replace('-', '').ToLower())
  $readers = @('onedoor-agent', 'onedoor-minder')
  if ($GameCommand) { for ($slot = 0; $slot -lt $Slots; $slot++) { $readers += "onedoor-game-$slot" } }
  & icacls.exe $TokenFile /inheritance:r /grant 'Administrators:F' 'SYSTEM:F' | Out-Null
  foreach ($reader in $readers) { & icacls.exe $TokenFile /grant "NT SERVICE\${reader}:R" | Out-Null }
}

function Open-Ports {
  foreach ($protocol in 'UDP', 'TCP') {
    New-NetFirewallRule -DisplayName "Onedoor $protocol" -Direction Inbound -Action Allow -Protocol $protocol `
      -LocalPort $OpenPorts | Out-Null
  }
}

foreach ($folder in $Programs, $Data, "$Data\logs", "$Data\journal") {
  New-Item -Force -ItemType Directory -Path $folder | Out-Null
}
# Where everybody may make files, a game could put one in the way of another program.
Protect-Path $Data 'Users:(RX)'
Get-Program $NodeUri $NodeSha256 "$Programs\node.gz"
Expand-Gzip "$Programs\node.gz" "$Programs\node.exe"
Get-Program $AgentUri $AgentSha256 "$Programs\agent.mjs"
Get-Program $MinderUri $MinderSha256 "$Programs\minder.ps1"
Get-Program $ServiceUri $ServiceSha256 "$Programs\service.cs"
Add-Type -Path "$Programs\service.cs" -ReferencedAssemblies System.ServiceProcess `
  -OutputAssembly "$Programs\service.exe" -OutputType ConsoleApplication
Install-Agent
if ($GameCommand) { Install-Games }
Install-Minder
New-Token
Open-Ports
if ($GameCommand) { for ($slot = 0; $slot -lt $Slots; $slot++) { Start-Service -Name "onedoor-game-$slot" } }
Start-Service -Name onedoor-agent
Start-Service -Name onedoor-minder
